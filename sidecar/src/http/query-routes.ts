/** PromQL over HTTP: `/api/v1/query` and `/api/v1/query_range`. */
import { instantParams, queryData, rangeParams } from '@tapewatch/contract';
import { msFromNanos } from '@tapewatch/core';
import { sendData } from './answer.ts';
import { parseDuration, parseLimit, parseRange, parseTimeMs } from './parameter.ts';
import { resultJson } from './prometheus-json.ts';
import { route, type RouteContext } from './route-kit.ts';

export function queryRoutes({ app, deps, gate }: RouteContext): void {
  const { engine, clock } = deps;

  route(
    app,
    { url: '/api/v1/query', summary: 'PromQL at one time', params: instantParams, data: queryData, form: true },
    async ({ query, time, timeout, limit }, request, reply) => {
      const timeMs = time === undefined ? msFromNanos(clock.now()) : parseTimeMs('time', time);
      const cut = parseLimit('limit', limit);
      const range = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
      const result = await gate.run(request, (signal) => engine.query(query, range, signal), timeoutMs(timeout));
      const { data, ...notes } = resultJson(result, cut);
      return sendData(reply, data, notes);
    },
  );

  route(
    app,
    { url: '/api/v1/query_range', summary: 'PromQL over a range', params: rangeParams, data: queryData, form: true },
    async ({ query, start, end, step, timeout, limit }, request, reply) => {
      const range = parseRange({ start, end, step });
      const cut = parseLimit('limit', limit);
      const result = await gate.run(request, (signal) => engine.query(query, range, signal), timeoutMs(timeout));
      const { data, ...notes } = resultJson(result, cut);
      return sendData(reply, data, notes);
    },
  );
}

function timeoutMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration('timeout', text);
}
