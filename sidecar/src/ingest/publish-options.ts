/** What the sidecar publishes on NATS: alerts, as objects on a durable queue. It uses the servers and the identity of `nats`. */
import { z } from 'zod';
import { durationSetting } from './duration.ts';

export const publishOptions = z
  .strictObject({
    alerts: z
      .strictObject({
        enabled: z.boolean().default(false).describe('publish alerts that begin to fire, and their ends'),
        subject: z
          .string()
          .regex(/^[^\s.*>]+(?:\.[^\s.*>]+)*$/, 'must be tokens with "." between them, without wildcards')
          .default('tw.alerts')
          .describe('followed by severity and name: tw.alerts.critical.SlowOrders'),
        stream: z
          .string()
          .regex(/^[^\s.*>/\\]{1,128}$/, 'must not hold white space, ".", "*", ">", "/" or "\\"')
          .default('TW_ALERTS')
          .describe('JetStream stream that keeps them; made where no stream takes the subject'),
        maxAge: durationSetting.prefault('72h').describe('of a stream that is made'),
        replicas: z.number().int().min(1).max(5).default(1).describe('of a stream that is made'),
        maxWaiting: z
          .number()
          .int()
          .min(1)
          .max(1_000_000)
          .default(10_000)
          .describe('alerts that wait for the broker; past it the oldest is dropped, counted and logged'),
      })
      .prefault({}),
  })
  .prefault({});

export type AlertQueueOptions = z.output<typeof publishOptions>['alerts'];
