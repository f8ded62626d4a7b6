/**
 * The part of the Compose specification that our file uses, strict: a key that is not listed is a mistake or a reason to
 * extend this. Source: the compose-spec's `compose-spec.json`.
 */
import { z } from 'zod';

const seconds = z.string().regex(/^\d+(ms|s|m)$/);

const healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: z.array(z.string()).min(2),
    interval: seconds,
    timeout: seconds,
    retries: z.number().int().min(1),
    start_period: seconds.optional(),
  }),
]);

const service = z.strictObject({
  /** A tag is not enough to be the same tomorrow, but it must be there and not be `latest`. */
  image: z.string().regex(/^[^:]+:(?!latest$).*\d+\.\d+\.\d+/, 'must be pinned to a full version'),
  build: z.literal('.').optional(),
  user: z.string().optional(),
  restart: z.enum(['no', 'unless-stopped']),
  network_mode: z.literal('none').optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, 'must be published on loopback')).optional(),
  volumes: z.array(z.string().regex(/^[\w./-]+:\/[\w./-]+(:ro)?$/)).optional(),
  healthcheck: healthcheck.optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
      }),
    )
    .optional(),
  stop_grace_period: seconds.optional(),
  logging: z.strictObject({
    driver: z.literal('json-file'),
    options: z.strictObject({ 'max-size': z.string(), 'max-file': z.string() }),
  }),
});

export const composeFile = z
  .object({
    name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
    services: z.record(z.string().regex(/^[a-z][a-z0-9_-]*$/), service),
    volumes: z.record(z.string(), z.null()),
  })
  .catchall(z.unknown())
  .superRefine((file, context) => {
    for (const key of Object.keys(file)) {
      if (['name', 'services', 'volumes'].includes(key) || key.startsWith('x-')) continue;
      context.addIssue({ code: 'custom', path: [key], message: 'is no key of a Compose file that we use' });
    }
  });

export type ComposeService = z.infer<typeof service>;
