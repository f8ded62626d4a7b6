/** PromQL over HTTP as Prometheus has it: `/api/v1/query`, `query_range`, `format_query` and `query_exemplars`. */
import {
  exemplarParams,
  exemplarsData,
  formatParams,
  instantParams,
  queryData,
  rangeParams,
} from '@tapewatch/contract';
import { formatExpr, located, msFromNanos, parse, PromqlError, type EvaluationRange, type Expr } from '@tapewatch/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TapewatchError } from '../errors.ts';
import { Pacer } from '../pacer.ts';
import type { PromqlOptions, PromqlStats } from '../ports.ts';
import { sendData, sendText } from './answer.ts';
import { parseDuration, parseLimit, parseRange, parseTimeMs } from './parameter.ts';
import { formatValue, resultText } from './prometheus-json.ts';
import { route, type RouteContext } from './route-kit.ts';

const HOUR_MS = 3_600_000;

export function queryRoutes(context: RouteContext): void {
  const { app, deps } = context;
  const nowMs = (): number => msFromNanos(deps.clock.now());

  route(
    app,
    { url: '/api/v1/query', summary: 'PromQL at one time', params: instantParams, data: queryData, form: true },
    async (params, request, reply) => {
      const timeMs = params.time === undefined ? nowMs() : parseTimeMs('time', params.time);
      return answer(context, { ...params, range: { startMs: timeMs, endMs: timeMs, stepMs: 0 }, request, reply });
    },
  );

  route(
    app,
    { url: '/api/v1/query_range', summary: 'PromQL over a range', params: rangeParams, data: queryData, form: true },
    async (params, request, reply) => answer(context, { ...params, range: parseRange(params), request, reply }),
  );

  route(
    app,
    {
      url: '/api/v1/format_query',
      summary: 'An expression in its usual spelling',
      params: formatParams,
      data: z.string(),
      form: true,
    },
    async ({ query }, _, reply) => sendData(reply, formatExpr(parsed(query))),
  );

  route(
    app,
    {
      url: '/api/v1/query_exemplars',
      summary: 'Exemplars: orders and traces behind what an expression reads',
      params: exemplarParams,
      data: exemplarsData,
      form: true,
    },
    async ({ query, start, end }, request, reply) => {
      const endMs = end === undefined ? nowMs() : parseTimeMs('end', end);
      const startMs = start === undefined ? endMs - HOUR_MS : parseTimeMs('start', start);
      if (endMs < startMs) throw new TapewatchError('query.invalid', 'end timestamp must not be before start time');
      const found = await context.gate.read(request, (signal) => deps.exemplars(query, { startMs, endMs }, signal));
      const data = found.map(({ labels, exemplars }) => ({
        seriesLabels: labels.toRecord(),
        exemplars: exemplars.map(({ value, timeMs, labels: own }) => {
          return { labels: own, value: formatValue(value), timestamp: timeMs / 1_000 };
        }),
      }));
      return sendData(reply, data);
    },
  );
}

function parsed(query: string): Expr {
  try {
    return parse(query);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    const { from, to } = error;
    throw new TapewatchError('query.parse', located(query, error), { cause: error, details: { from, to } });
  }
}

interface Asked {
  readonly query: string;
  readonly range: EvaluationRange;
  readonly timeout?: string | undefined;
  readonly limit?: string | undefined;
  readonly lookback_delta?: string | undefined;
  readonly stats?: string | undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function answer({ deps, gate }: RouteContext, asked: Asked): Promise<FastifyReply> {
  const { query, range, request, reply, stats } = asked;
  const timeoutMs = positive('timeout', asked.timeout);
  const lookbackMs = positive('lookback_delta', asked.lookback_delta);
  const limit = parseLimit('limit', asked.limit);
  const options: PromqlOptions = lookbackMs === undefined ? {} : { lookbackMs };
  const result = await gate.run(request, (signal) => deps.engine.query(query, range, signal, options), timeoutMs);
  const pacer = new Pacer();
  const { data, ...notes } = await resultText(result, limit, () => pacer.pause());
  const wanted = stats !== undefined && stats !== '' && result.stats !== undefined;
  const tail = wanted ? `,"stats":${JSON.stringify(statsJson(result.stats))}` : '';
  return sendText(reply, `{${data}${tail}}`, notes);
}

function statsJson({ series, samples, levelsMs, errorBound, cache, seconds }: PromqlStats) {
  return {
    timings: { evalTotalTime: seconds },
    samples: { totalQueryableSamples: samples },
    ...{ series, levelsMs, cache },
    ...(errorBound === undefined ? {} : { errorBound }),
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const ms = parseDuration(name, text);
  if (ms > 0) return ms;
  throw new TapewatchError('query.invalid', `invalid parameter "${name}": ${text} is not positive`);
}
