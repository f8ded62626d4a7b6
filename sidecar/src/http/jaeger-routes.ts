/**
 * Jaeger's query API over the stored spans, read-only, so that a trace opens in whatever reads Jaeger: Grafana's built-in
 * data source, or its clients. Routes, parameters and defaults are those of Jaeger's query service; its addresses start
 * at the root of this server, because Grafana's data source searches there whatever path its URL has.
 */
import {
  jaegerDependenciesParams,
  jaegerLinks,
  jaegerNoParams,
  jaegerOperations,
  jaegerOperationsParams,
  jaegerSearchParams,
  jaegerServicePath,
  jaegerTraceParams,
  jaegerTracePath,
  jaegerTraces,
  textsData,
} from '@tapewatch/contract';
import { MAX_NANOS } from '@tapewatch/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { TapewatchError } from '../errors.ts';
import type { FoundTraces, TraceSearch } from '../ports.ts';
import { jaegerTraceOf } from './jaeger-json.ts';
import { goDurationNanos, looseToNanos, microsToNanos, millisToNanos, parseTags } from './jaeger-parameter.ts';
import { listOf, parseLimit } from './parameter.ts';
import { jaegerRoute, type RouteContext } from './route-kit.ts';

const DAY_NANOS = 86_400_000_000_000n;
/** Traces of a search: unless told otherwise, and at most. */
const DEFAULT_TRACES = 100;
const MAX_TRACES = 1_500;
/** Traces that may be asked for by their ids at once. */
const MAX_TRACE_IDS = 5;
const PARTIAL = 206;

interface Answer {
  readonly data: readonly unknown[];
  readonly errors?: readonly { readonly code: number; readonly msg: string }[];
}

export function jaegerRoutes(context: RouteContext): void {
  const { app, deps, gate } = context;
  const read = async (request: FastifyRequest, reply: FastifyReply, work: (signal: AbortSignal) => Promise<Answer>) =>
    send(reply, await gate.read(request, work));

  jaegerRoute(
    app,
    { url: '/api/services', summary: 'Services that sent spans', params: jaegerNoParams, data: textsData },
    (_, request, reply) => read(request, reply, async (signal) => ({ data: await deps.traces.services(signal) })),
  );

  jaegerRoute(
    app,
    {
      url: '/api/services/:service/operations',
      summary: 'What a service does, by name',
      path: jaegerServicePath,
      params: jaegerNoParams,
      data: textsData,
    },
    (_, request, reply) =>
      read(request, reply, async (signal) => {
        const { service } = jaegerServicePath.parse(request.params);
        const operations = await deps.traces.operations(service, signal);
        return { data: [...new Set(operations.map(({ name }) => name))] };
      }),
  );

  jaegerRoute(
    app,
    {
      url: '/api/operations',
      summary: 'What a service does, by name and kind',
      params: jaegerOperationsParams,
      data: jaegerOperations,
    },
    ({ service, spanKind = '' }, request, reply) =>
      read(request, reply, async (signal) => {
        const operations = await deps.traces.operations(service, signal);
        const wanted = operations.filter(({ kind }) => spanKind === '' || kind === spanKind);
        return { data: wanted.map(({ name, kind }) => ({ name, spanKind: kind })) };
      }),
  );

  traceRoutes(context, read);
}

function traceRoutes(
  { app, deps }: RouteContext,
  read: (
    request: FastifyRequest,
    reply: FastifyReply,
    work: (signal: AbortSignal) => Promise<Answer>,
  ) => Promise<FastifyReply>,
): void {
  jaegerRoute(
    app,
    {
      url: '/api/traces/:traceId',
      summary: 'One trace by its id, or by that of an order or a correlation',
      path: jaegerTracePath,
      params: jaegerTraceParams,
      data: jaegerTraces,
    },
    (params, request, reply) =>
      read(request, reply, async (signal) => {
        const { traceId } = jaegerTracePath.parse(request.params);
        const found = await deps.traces.trace(traceId, traceRange(params), signal);
        if (found.traces.length > 0) return tracesAnswer(found);
        throw new TapewatchError('trace.unknown', `trace not found: ${JSON.stringify(traceId)} names no stored span`);
      }),
  );

  jaegerRoute(
    app,
    { url: '/api/traces', summary: 'The newest traces of a service', params: jaegerSearchParams, data: jaegerTraces },
    (params, request, reply) =>
      read(request, reply, async (signal) => {
        const ids = listOf(params.traceID);
        if (ids.length === 0) return tracesAnswer(await deps.traces.search(searchOf(params, deps.clock.now()), signal));
        if (ids.length > MAX_TRACE_IDS) {
          const message = `invalid parameter "traceID": ${ids.length} ids; ask for at most ${MAX_TRACE_IDS} at once`;
          throw new TapewatchError('query.invalid', message);
        }
        const answers: FoundTraces[] = [];
        for (const id of ids) answers.push(await deps.traces.trace(id, traceRange(params), signal));
        return tracesAnswer({
          traces: answers.flatMap(({ traces }) => traces),
          notices: answers.flatMap(({ notices }) => notices),
        });
      }),
  );

  jaegerRoute(
    app,
    {
      url: '/api/dependencies',
      summary: 'Which services called which',
      params: jaegerDependenciesParams,
      data: jaegerLinks,
    },
    ({ endTs, lookback, service }, request, reply) =>
      read(request, reply, async (signal) => {
        const endNanos = millisToNanos('endTs', endTs, deps.clock.now());
        const startNanos = endNanos - millisToNanos('lookback', lookback, DAY_NANOS);
        const links = await deps.traces.links({ startNanos: startNanos < 0n ? 0n : startNanos, endNanos }, signal);
        const wanted = links.filter(({ parent, child }) => service === undefined || [parent, child].includes(service));
        return { data: wanted.map(({ parent, child, calls }) => ({ parent, child, callCount: calls })) };
      }),
  );
}

function traceRange({ start, end }: { readonly start?: string | undefined; readonly end?: string | undefined }) {
  return { startNanos: looseToNanos('start', start, 0n), endNanos: looseToNanos('end', end, MAX_NANOS) };
}

function searchOf(params: z.output<typeof jaegerSearchParams>, nowNanos: bigint): TraceSearch {
  const { service = '', operation = '' } = params;
  if (service === '') throw new TapewatchError('query.invalid', 'parameter "service" is required');
  const endNanos = microsToNanos('end', params.end, nowNanos) + 1n;
  const startNanos = microsToNanos('start', params.start, endNanos > 2n * DAY_NANOS ? endNanos - 2n * DAY_NANOS : 0n);
  const minDurationNanos = goDurationNanos('minDuration', params.minDuration, 0n);
  const maxDurationNanos = goDurationNanos('maxDuration', params.maxDuration, MAX_NANOS);
  if (maxDurationNanos < minDurationNanos) {
    throw new TapewatchError('query.invalid', '"maxDuration" should be greater than "minDuration"');
  }
  const limit = Math.min(parseLimit('limit', params.limit) || DEFAULT_TRACES, MAX_TRACES);
  const tags = parseTags(listOf(params.tag), listOf(params.tags));
  return { service, operation, startNanos, endNanos, minDurationNanos, maxDurationNanos, limit, tags };
}

function tracesAnswer({ traces, notices }: FoundTraces): Answer {
  const errors = notices.map((msg) => ({ code: PARTIAL, msg }));
  const data = traces.map(jaegerTraceOf).filter((trace) => trace !== undefined);
  return errors.length === 0 ? { data } : { data, errors };
}

function send(reply: FastifyReply, { data, errors }: Answer): FastifyReply {
  const body = { data, total: data.length, limit: 0, offset: 0, errors: errors ?? null };
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(body));
}
