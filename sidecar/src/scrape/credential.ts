/**
 * What a target is shown: the `Authorization` header and the client certificate. Files are read anew, so that a rotated
 * secret needs no reload. A message names the file, never what is in it.
 */
import { readFile } from 'node:fs/promises';
import type { ScrapeClient, ScrapeTls } from '@tapewatch/contract';
import { ScrapeFault } from './scrape-fault.ts';

/** Undefined where the job has no credentials. Throws `ScrapeFault` when a file cannot be read. */
export async function authorizationOf(client: ScrapeClient): Promise<string | undefined> {
  const { basic_auth: basic, authorization, bearer_token: token, bearer_token_file: tokenFile } = client;
  if (basic !== undefined) {
    const user = basic.username_file === undefined ? basic.username : await secretIn(basic.username_file);
    const password = basic.password_file === undefined ? basic.password : await secretIn(basic.password_file);
    return `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
  }
  if (authorization !== undefined) {
    const { type, credentials, credentials_file: file } = authorization;
    return headerOf(type, file === undefined ? (credentials ?? '') : await secretIn(file));
  }
  if (tokenFile !== undefined) return headerOf('Bearer', await secretIn(tokenFile));
  return token === undefined ? undefined : headerOf('Bearer', token);
}

/** An HTTP client would show a header that it refuses. */
function headerOf(type: string, credentials: string): string {
  if (!/^[\x20-\x7e]*$/.test(credentials)) {
    throw new ScrapeFault(
      'the credentials hold characters that a header cannot carry; check their file for line feeds',
    );
  }
  return `${type} ${credentials}`;
}

/** What of Node's TLS options a job decides. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly minVersion?: (typeof VERSIONS)[keyof typeof VERSIONS];
  readonly maxVersion?: (typeof VERSIONS)[keyof typeof VERSIONS];
}

const VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

/** Without the client certificate when the target is not the one that was configured. */
export async function tlsOf(tls: ScrapeTls, withCertificate: boolean): Promise<TlsOptions> {
  const ca = await textOrFile(tls.ca, tls.ca_file);
  const cert = withCertificate ? await textOrFile(tls.cert, tls.cert_file) : undefined;
  const key = withCertificate ? await textOrFile(tls.key, tls.key_file) : undefined;
  return {
    rejectUnauthorized: !tls.insecure_skip_verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.server_name === undefined || !withCertificate ? {} : { servername: tls.server_name }),
    ...(tls.min_version === undefined ? {} : { minVersion: VERSIONS[tls.min_version] }),
    ...(tls.max_version === undefined ? {} : { maxVersion: VERSIONS[tls.max_version] }),
  };
}

async function textOrFile(text: string | undefined, file: string | undefined): Promise<string | undefined> {
  return file === undefined ? text : readSecret(file);
}

async function secretIn(file: string): Promise<string> {
  return (await readSecret(file)).trim();
}

async function readSecret(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new ScrapeFault(`the file ${file} cannot be read (${code})`, { cause });
  }
}
