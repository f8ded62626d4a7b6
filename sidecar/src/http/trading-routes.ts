/** Trading analytics and dead letters as JSON, for readers outside Grafana. */
import {
  deadLetterParams,
  deadLettersData,
  documentParams,
  pnlParams,
  tradingData,
  tradingParams,
} from '@tapewatch/contract';
import { msFromNanos, nanosFromMs, rfc3339, type Table, type TableField } from '@tapewatch/core';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { TapewatchError } from '../errors.ts';
import { sendData } from './answer.ts';
import { commaList, parseLimit, parseTimeMs } from './parameter.ts';
import { route, type RouteContext } from './route-kit.ts';

const HOUR_MS = 3_600_000;
const TAG = 'Trading';
/** Steps of a time series when the caller has no width in pixels. */
const MAX_DATA_POINTS = 500;
const DEAD_LETTERS = 100;
const MAX_DEAD_LETTERS = 10_000;

type TradingParams = z.output<typeof tradingParams> & { readonly method?: string | undefined };

export function tradingRoutes(context: RouteContext): void {
  const { app, deps, gate } = context;

  route(
    app,
    {
      url: '/api/v1/trading/slippage',
      summary: 'Slippage against the arrival mid',
      params: tradingParams,
      data: tradingData,
      tag: TAG,
    },
    async (params, request, reply) =>
      sendData(reply, await runTrading(context, { queryType: 'slippage', params, request })),
  );

  route(
    app,
    { url: '/api/v1/trading/pnl', summary: 'Profit and loss', params: pnlParams, data: tradingData, tag: TAG },
    async (params, request, reply) => sendData(reply, await runTrading(context, { queryType: 'pnl', params, request })),
  );

  route(
    app,
    {
      url: '/api/v1/trading/query',
      summary: 'Any query document: execution, performance, risk, latency, ...',
      params: documentParams,
      data: tradingData,
      tag: TAG,
      form: true,
    },
    async (params, request, reply) => {
      const query = parseDocument(params.document);
      return sendData(reply, await runDocument(context, { query, range: rangeOf(context, params), request }));
    },
  );

  route(
    app,
    {
      url: '/api/v1/dead-letters',
      summary: 'Messages that could not be used, newest first',
      params: deadLetterParams,
      data: deadLettersData,
      tag: 'Operation',
      role: 'operator',
    },
    async (params, request, reply) => {
      const { fromMs, toMs } = rangeOf(context, params);
      const limit = Math.min(parseLimit('limit', params.limit) || DEAD_LETTERS, MAX_DEAD_LETTERS);
      const filter = { startNanos: nanosFromMs(fromMs), endNanos: nanosFromMs(toMs) + 1n, limit, newestFirst: true };
      const letters = await gate.read(request, (signal) => deps.reader.events('dead_letters', filter, signal));
      const data = letters.map(({ timeNanos, stream, subject, reason, detail, payload }) => ({
        time: rfc3339(timeNanos),
        stream,
        subject,
        reason,
        detail,
        payloadBase64: Buffer.from(payload).toString('base64'),
      }));
      return sendData(reply, data);
    },
  );
}

async function runTrading(
  context: RouteContext,
  { queryType, params, request }: { queryType: 'slippage' | 'pnl'; params: TradingParams; request: FastifyRequest },
) {
  const { by, strategy, venue, symbol, account, format, method } = params;
  const query = {
    queryType,
    ...(by === undefined ? {} : { by: commaList(by) }),
    filters: {
      strategy: commaList(strategy),
      venue: commaList(venue),
      symbol: commaList(symbol),
      account: commaList(account),
    },
    ...(format === undefined ? {} : { format }),
    ...(method === undefined ? {} : { method }),
  };
  return runDocument(context, { query, range: rangeOf(context, params), request });
}

interface DocumentRun {
  readonly query: unknown;
  readonly range: { readonly fromMs: number; readonly toMs: number };
  readonly request: FastifyRequest;
}

async function runDocument({ deps, gate }: RouteContext, { query, range, request }: DocumentRun) {
  const { fromMs, toMs } = range;
  const envelope = {
    startMs: fromMs,
    endMs: toMs,
    intervalMs: Math.max(1_000, Math.ceil((toMs - fromMs) / MAX_DATA_POINTS)),
    maxDataPoints: MAX_DATA_POINTS,
    fromAlert: false,
  };
  const tables = await gate.run(request, (signal) => deps.queryService.run(query, envelope, signal));
  return { tables: tables.map(tableJson) };
}

function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new TapewatchError(
      'query.invalid',
      'document: is not JSON; write such as {"queryType":"risk"}, with quotes around names',
      { cause },
    );
  }
}

function rangeOf({ deps }: RouteContext, { from, to }: { from?: string | undefined; to?: string | undefined }) {
  const toMs = to === undefined ? msFromNanos(deps.clock.now()) : parseTimeMs('to', to);
  const fromMs = from === undefined ? toMs - HOUR_MS : parseTimeMs('from', from);
  if (fromMs <= toMs) return { fromMs, toMs };
  throw new TapewatchError('query.invalid', '"to" must not be before "from"');
}

function tableJson({ name, fields, notices }: Table) {
  const length = fields[0]?.values.length ?? 0;
  return {
    name,
    columns: fields.map(columnJson),
    rows: Array.from({ length }, (_, row) => fields.map((field) => cellJson(field.values[row]))),
    notices: notices.map(({ text }) => text),
  };
}

function columnJson({ name, type, unit, description, labels }: TableField) {
  return {
    name,
    type,
    ...(unit === undefined ? {} : { unit }),
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels: labels.toRecord() }),
  };
}

/** Times as RFC 3339; numbers that JSON cannot carry as null. */
function cellJson(value: bigint | number | string | boolean | null | undefined): string | number | boolean | null {
  if (typeof value === 'bigint') return rfc3339(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return value ?? null;
}
