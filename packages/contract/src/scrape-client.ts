/**
 * How a target is asked: TLS, credentials, headers of the request. Source: Prometheus documentation, "tls_config" and
 * "scrape_config". Secrets are marked, so that forms and messages leave them out.
 */
import { z } from 'zod';
import type { Report } from './yaml-document.ts';

const secret = z.string().min(1).meta({ secret: true });
const file = z.string().min(1);
const tlsVersion = z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13']);

export const tlsConfigSchema = z.strictObject({
  ca: z.string().min(1).optional(),
  ca_file: file.optional(),
  cert: z.string().min(1).optional(),
  cert_file: file.optional(),
  key: secret.optional(),
  key_file: file.optional(),
  /** The name that the target's certificate must have. */
  server_name: z.string().min(1).optional(),
  insecure_skip_verify: z.boolean().default(false),
  min_version: tlsVersion.optional(),
  max_version: tlsVersion.optional(),
});

export const clientFields = {
  basic_auth: z
    .strictObject({
      username: z.string().default(''),
      username_file: file.optional(),
      password: secret.optional(),
      password_file: file.optional(),
    })
    .optional(),
  authorization: z
    .strictObject({
      type: z
        .string()
        .trim()
        .regex(/^[A-Za-z0-9-]+$/)
        .default('Bearer'),
      credentials: secret.optional(),
      credentials_file: file.optional(),
    })
    .optional(),
  bearer_token: secret.optional(),
  bearer_token_file: file.optional(),
  tls_config: tlsConfigSchema.prefault({}),
  follow_redirects: z.boolean().default(true),
  enable_http2: z.boolean().default(true).describe('read, without effect: targets are asked by HTTP/1.1'),
};

export const scrapeClientSchema = z.strictObject(clientFields);
export type ScrapeClient = z.output<typeof scrapeClientSchema>;
export type ScrapeTls = z.output<typeof tlsConfigSchema>;

/** Reports credentials that exclude one another. */
export function checkClient(client: ScrapeClient, report: Report): void {
  const {
    basic_auth: basic,
    authorization,
    bearer_token: token,
    bearer_token_file: tokenFile,
    tls_config: tls,
  } = client;
  const ways = Object.entries({
    basic_auth: basic,
    authorization,
    bearer_token: token,
    bearer_token_file: tokenFile,
  }).filter(([, value]) => value !== undefined);
  if (ways.length > 1) {
    report(
      [ways[1]?.[0] ?? ''],
      `a target has one kind of credentials; keep one of ${ways.map(([key]) => key).join(', ')}`,
    );
  }
  if (authorization?.type.toLowerCase() === 'basic') report(['authorization', 'type'], 'use "basic_auth" for Basic');
  const twice = (path: string[], a: unknown, b: unknown): void => {
    if (a !== undefined && b !== undefined) report(path, `is given both directly and as a file; keep one`);
  };
  twice(['basic_auth', 'password'], basic?.password, basic?.password_file);
  twice(['basic_auth', 'username'], basic?.username || undefined, basic?.username_file);
  twice(['authorization', 'credentials'], authorization?.credentials, authorization?.credentials_file);
  twice(['tls_config', 'ca'], tls.ca, tls.ca_file);
  twice(['tls_config', 'cert'], tls.cert, tls.cert_file);
  twice(['tls_config', 'key'], tls.key, tls.key_file);
  if ((tls.cert ?? tls.cert_file) !== undefined && (tls.key ?? tls.key_file) === undefined) {
    report(['tls_config'], 'a client certificate needs its key: add "key_file"');
  }
  if ((tls.key ?? tls.key_file) !== undefined && (tls.cert ?? tls.cert_file) === undefined) {
    report(['tls_config'], 'a key needs its certificate: add "cert_file"');
  }
}
