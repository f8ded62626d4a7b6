/** Settings of all channels; what differs by receiver stands in the Alertmanager file. */
import { z } from 'zod';

export const channelOptions = z
  .strictObject({
    allowPrivate: z
      .array(z.string().min(1))
      .default([])
      .describe('host names, addresses or CIDR ranges that webhooks may reach although they are not public'),
    timeoutMs: z.number().int().min(100).max(60_000).default(10_000).describe('of one attempt'),
    maxConnectionsPerHost: z.number().int().min(1).max(256).default(8),
  })
  .prefault({});

export type ChannelOptions = z.output<typeof channelOptions>;
