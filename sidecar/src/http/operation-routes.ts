/** For those who run the sidecar: alive, ready, its own metrics. */
import { healthDocument } from '@tapewatch/contract';
import { z } from 'zod';
import type { RouteContext } from './route-kit.ts';

const TAGS = ['Operation'];

export function operationRoutes({ app, deps }: RouteContext): void {
  const { health, telemetry, log } = deps;

  app.get(
    '/healthz',
    {
      schema: { summary: 'The process is alive', tags: TAGS, response: { 200: z.object({ status: z.literal('ok') }) } },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        summary: 'The store takes writes and the source is connected',
        tags: TAGS,
        response: { 200: healthDocument, 503: healthDocument },
      },
    },
    async (_request, reply) => {
      try {
        const { source, store } = await health();
        const ready = source.connected && store.ok;
        const detail = { source: source.detail, store: store.detail };
        return reply.code(ready ? 200 : 503).send({ status: ready ? ('ok' as const) : ('degraded' as const), detail });
      } catch (error) {
        log.warn({ err: error }, 'The health of the parts could not be told.');
        return reply.code(503).send({ status: 'degraded' as const, detail: { health: 'unknown' } });
      }
    },
  );

  app.get(
    '/metrics',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'The sidecar’s own metrics, Prometheus text format',
        tags: TAGS,
        response: { 200: z.string() },
      },
    },
    async (_request, reply) => reply.type(telemetry.contentType).send(await telemetry.text()),
  );
}
