/** Settings of the HTTP API. */
import { z } from 'zod';

const tokenHash = z
  .string()
  .regex(/^(sha256:)?[0-9a-f]{64}$/, 'must be sha256:<64 hexadecimal digits>, the hash of the token')
  .transform((text) => text.replace(/^sha256:/, ''));
const hashes = z.array(tokenHash).max(100).default([]);

export const httpOptions = z
  .strictObject({
    listen: z
      .string()
      .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port, such as 127.0.0.1:9470')
      .default('127.0.0.1:9470')
      .describe('an address other than loopback needs at least one token'),
    tokens: z
      .strictObject({ viewer: hashes, operator: hashes, admin: hashes })
      .prefault({})
      .describe('SHA-256 hashes of accepted bearer tokens by role; each role may do what those before it may'),
    compression: z.boolean().default(true).describe('of answers, as the client accepts it (gzip, deflate)'),
    bodyLimitBytes: z.number().int().min(1_024).max(1_073_741_824).default(5_242_880),
    headersTimeoutMs: z.number().int().min(1_000).max(600_000).default(10_000),
    requestTimeoutMs: z.number().int().min(1_000).max(600_000).default(30_000),
    queryTimeoutMs: z.number().int().min(100).max(600_000).default(30_000),
    maxConnections: z.number().int().min(1).max(65_535).default(512),
    rateLimit: z
      .strictObject({
        requests: z.number().int().min(1).max(10_000_000).default(3_000),
        windowMs: z.number().int().min(100).max(3_600_000).default(10_000),
      })
      .prefault({})
      .describe('for each token, or address when there is none'),
  })
  .prefault({});

export type HttpSettings = z.output<typeof httpOptions>;

/** `[::1]:9470` to its parts. */
export function splitListen(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) };
}
