/** What there is to ask for: labels, their values, series, metadata. */
import { metadataData, metadataParams, seriesData, seriesParams, textsData } from '@tapewatch/contract';
import { METRIC_NAME, type Labels, type SeriesKind } from '@tapewatch/core';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TapewatchError } from '../errors.ts';
import { sendData } from './answer.ts';
import { listOf, MAX_TIME_MS, parseLimit, parseTimeMs } from './parameter.ts';
import { route, type RouteContext } from './route-kit.ts';

type SeriesParams = z.output<typeof seriesParams>;

const labelPath = z.object({ name: z.string().min(1).max(256) });

const TYPES: Readonly<Record<SeriesKind, string>> = { gauge: 'gauge', counter: 'counter', distribution: 'histogram' };

export function seriesRoutes(context: RouteContext): void {
  const { app, deps } = context;

  route(
    app,
    { url: '/api/v1/labels', summary: 'Names of labels', params: seriesParams, data: textsData, form: true },
    async (params, request, reply) => {
      const names = new Set<string>();
      for (const labels of await find(context, request, params)) for (const [name] of labels.pairs) names.add(name);
      return sendLimited(reply, [...names].sort(), params.limit);
    },
  );

  route(
    app,
    {
      url: '/api/v1/label/:name/values',
      summary: 'Values of a label',
      params: seriesParams,
      data: textsData,
      path: labelPath,
    },
    async (params, request, reply) => {
      const { name } = request.params as z.output<typeof labelPath>;
      const values = new Set<string>();
      for (const labels of await find(context, request, params)) {
        const value = labels.get(name);
        if (value !== '') values.add(value);
      }
      return sendLimited(reply, [...values].sort(), params.limit);
    },
  );

  route(
    app,
    { url: '/api/v1/series', summary: 'Series that match', params: seriesParams, data: seriesData, form: true },
    async (params, request, reply) => {
      if (listOf(params['match[]']).length === 0) {
        throw new TapewatchError('query.invalid', 'no match[] parameter provided');
      }
      const found = await find(context, request, params);
      return sendLimited(
        reply,
        found.map((labels) => labels.toRecord()),
        params.limit,
      );
    },
  );

  route(
    app,
    { url: '/api/v1/metadata', summary: 'Type, help and unit of metrics', params: metadataParams, data: metadataData },
    async ({ metric, limit }, _request, reply) => {
      const most = parseLimit('limit', limit) || Infinity;
      const chosen = deps.catalogue
        .metrics()
        .filter(({ name }) => metric === undefined || metric === '' || name === metric);
      const entries = chosen
        .slice(0, most)
        .map(({ name, kind, help, unit }) => [name, [{ type: TYPES[kind], help, unit }]] as const);
      return sendData(reply, Object.fromEntries(entries));
    },
  );
}

async function find({ deps, gate }: RouteContext, request: FastifyRequest, params: SeriesParams): Promise<Labels[]> {
  const startMs = params.start === undefined ? 0 : parseTimeMs('start', params.start);
  const endMs = params.end === undefined ? MAX_TIME_MS : parseTimeMs('end', params.end);
  if (endMs < startMs) throw new TapewatchError('query.invalid', 'end timestamp must not be before start time');
  const matchers = listOf(params['match[]']).map((selector) => deps.catalogue.matchers(selector));
  const found = await gate.read(request, (signal) => deps.reader.series(matchers, startMs, endMs, signal));
  return found.map(({ labels }) => labels).sort(byNameThenKey);
}

function byNameThenKey(a: Labels, b: Labels): number {
  const [left, right] = [`${a.get(METRIC_NAME)}\n${a.key}`, `${b.get(METRIC_NAME)}\n${b.key}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sendLimited(reply: Parameters<typeof sendData>[0], items: readonly unknown[], limitText: string | undefined) {
  const limit = parseLimit('limit', limitText);
  if (limit === 0 || items.length <= limit) return sendData(reply, items);
  return sendData(reply, items.slice(0, limit), { warnings: ['results truncated due to limit'] });
}
