/** Where the sidecar pushes what it has to: time-series databases that take Prometheus remote write. */
import { z } from 'zod';

const target = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('such as https://prometheus:9090/api/v1/write or http://victoria:8428/api/v1/write'),
  bearerToken: z.string().min(1).meta({ secret: true }).optional().describe('sent as the authorization'),
  labels: z
    .record(z.string().regex(/^[a-zA-Z_]\w*$/), z.string())
    .default({})
    .describe('added to every series'),
});

export const forwardOptions = z
  .strictObject({
    remoteWrite: z
      .array(target)
      .max(8)
      .default([])
      .describe('databases that get every collected series; none: nothing is pushed'),
    interval_seconds: z.number().min(1).max(86_400).default(15).describe('from one push to the next'),
    maxSeries: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('collected samples in one push; what is past it is counted'),
    maxSamplesPerRequest: z.number().int().min(1).max(100_000).default(2_000),
    timeoutMs: z.number().int().min(100).max(60_000).default(10_000).describe('of one request'),
    maxAttempts: z
      .number()
      .int()
      .min(1)
      .max(20)
      .default(3)
      .describe('at one request; the next push brings newer values'),
  })
  .prefault({});

export type ForwardOptions = z.output<typeof forwardOptions>;
