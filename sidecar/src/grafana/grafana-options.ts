/** Settings of the door for Grafana's data source. */
import { z } from 'zod';

export const grafanaOptions = z
  .strictObject({
    enabled: z.boolean().default(true),
    listen: z
      .string()
      .regex(/^(unix:\/.+|tcp:.+:\d+)$/, 'must be unix:/path or tcp:host:port')
      .default('unix:/run/tapewatch/grafana.sock'),
    socketGroup: z.number().int().min(0).optional().describe("group of Grafana's user, allowed to use the socket"),
    tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
    tokens: z.array(z.string()).default([]).describe('SHA-256 (hex) of accepted tokens; may be empty on a unix socket'),
    tokenFiles: z.array(z.string().min(1)).default([]).describe('files that hold an accepted token in clear'),
  })
  .prefault({});

export type GrafanaSettings = z.output<typeof grafanaOptions>;
