/**
 * The same samples and the same questions to a real Prometheus and to our engine: answers must agree to one part in
 * 1e9, label for label, and what one refuses the other must refuse.
 */
import { compileMatchers, type QueryResult, type SelectRequest, type SeriesData } from '@tapewatch/core';
import { buildHttpServer } from '../../sidecar/src/http/server.ts';
import { fixture, settingsWith } from '../../sidecar/src/http/testing/fixture.ts';
import type { StoreReader } from '../../sidecar/src/ports.ts';
import { createPromqlEngine } from '../../sidecar/src/query/promql-engine.ts';
import { compileRegex } from '../../sidecar/src/regex.ts';
import { EXPRESSIONS, ourName, randomExpressions } from './expressions.ts';
import { LENGTH_MS, marketData, START_MS } from './market-data.ts';
import { type ApiAnswer, installedPrometheus, PrometheusServer } from './prometheus-server.ts';

const SEED = 20_260_807;
const RANDOM_EXPRESSIONS = 200;
const TOLERANCE = 1e-9;
/** Below it a double has too few digits left for a relative comparison. */
const SUBNORMAL = 1e-300;
const INSTANT_MS = START_MS + LENGTH_MS - 900_000 + 500;
const RANGE = { startMs: START_MS + 900_500, endMs: START_MS + LENGTH_MS - 300_000 + 500, stepMs: 97_000 };

/** Label key to stamp to value. */
type Answer = ReadonlyMap<string, ReadonlyMap<number, number>>;

const version = installedPrometheus();
const runs = version !== undefined || process.env['CI'] === 'true';
if (!runs) console.warn('skipped: no prometheus and promtool on PATH (with CI=true this fails)');

(runs ? describe : describe.skip)(`beside Prometheus ${version ?? ''}`, () => {
  const data = marketData(SEED);
  const engine = createPromqlEngine({ select: async (request: SelectRequest) => select(data, request) } as StoreReader);
  let server: PrometheusServer | undefined;

  beforeAll(async () => {
    server = await PrometheusServer.start(data);
  });
  afterAll(async () => server?.stop());

  const theirs = async (expr: string, instant: boolean): Promise<Answer | undefined> => {
    const { startMs, endMs, stepMs } = RANGE;
    const seconds = (ms: number): string => String(ms / 1000);
    const asked = server as PrometheusServer;
    const answer = instant
      ? await asked.ask('query', { query: expr, time: seconds(INSTANT_MS) })
      : await asked.ask('query_range', {
          query: expr,
          start: seconds(startMs),
          end: seconds(endMs),
          step: seconds(stepMs),
        });
    return answer.status === 'error' ? undefined : readApi(answer);
  };
  const ours = async (expr: string, instant: boolean): Promise<Answer | undefined> => {
    const range = instant ? { startMs: INSTANT_MS, endMs: INSTANT_MS, stepMs: 0 } : RANGE;
    return engine.query(ourName(expr), range).then(readResult, () => undefined);
  };
  const compare = async (expr: string): Promise<string[]> => {
    const differences: string[] = [];
    for (const instant of [true, false]) {
      const [expected, got] = await Promise.all([theirs(expr, instant), ours(expr, instant)]);
      const found = differenceOf(expected, got);
      if (found !== undefined) differences.push(`${instant ? 'instant' : 'range'} ${expr}: ${found}`);
    }
    return differences;
  };

  it.each(EXPRESSIONS)('agrees on %s', async (expr) => {
    expect(await compare(expr)).toEqual([]);
  });

  it(`agrees on ${RANDOM_EXPRESSIONS} random mixtures, most of which have an answer`, async () => {
    const expressions = randomExpressions(SEED, RANDOM_EXPRESSIONS);
    const differences: string[] = [];
    let answered = 0;
    for (const expr of expressions) {
      differences.push(...(await compare(expr)));
      if (((await ours(expr, false))?.size ?? 0) > 0) answered++;
    }
    expect(differences).toEqual([]);
    expect(answered).toBeGreaterThan(RANDOM_EXPRESSIONS / 2);
  });

  // The same questions by the route that a user takes: our HTTP API answers in Prometheus's own form.
  it('answers instant and range queries over HTTP as Prometheus does (proves: API-19, API-20)', async () => {
    const app = await buildHttpServer({ ...fixture().deps, engine }, settingsWith());
    const overHttp = async (expr: string, instant: boolean): Promise<Answer | undefined> => {
      const { startMs, endMs, stepMs } = RANGE;
      const query = instant
        ? { query: ourName(expr), time: String(INSTANT_MS / 1000) }
        : {
            query: ourName(expr),
            start: String(startMs / 1000),
            end: String(endMs / 1000),
            step: String(stepMs / 1000),
          };
      const answer = await app.inject({ url: `/api/v1/${instant ? 'query' : 'query_range'}`, query });
      const body = answer.json<ApiAnswer>();
      return body.status === 'error' ? undefined : readApi(body);
    };
    let answered = 0;
    for (const expr of EXPRESSIONS) {
      for (const instant of [true, false]) {
        const [expected, got] = await Promise.all([theirs(expr, instant), overHttp(expr, instant)]);
        expect(`${expr}: ${differenceOf(expected, got) ?? 'equal'}`).toBe(`${expr}: equal`);
        if ((got?.size ?? 0) > 0) answered++;
      }
    }
    expect(answered).toBeGreaterThan(EXPRESSIONS.length);
    await app.close();
  });

  it('would see a difference', async () => {
    const [expected, got] = await Promise.all([theirs('pnl_usd', true), ours('pnl_usd * (1 + 1e-7)', true)]);
    expect(differenceOf(expected, got)).toBeDefined();
    expect(differenceOf(await theirs('pnl_usd', true), await ours('pnl_usd offset 1m', true))).toMatch(/expected/);
  });
});

function select(data: readonly SeriesData[], { matchers, startMs, endMs }: SelectRequest): SeriesData[] {
  const matches = compileMatchers(matchers, compileRegex);
  return data
    .filter(({ labels }) => matches(labels))
    .map(({ labels, timesMs, values }) => {
      const from = timesMs.findIndex((time) => time >= startMs);
      const to = timesMs.findLastIndex((time) => time <= endMs) + 1;
      return {
        labels,
        timesMs: from < 0 ? [] : timesMs.slice(from, to),
        values: from < 0 ? [] : values.slice(from, to),
      };
    });
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

type ApiPoint = readonly [seconds: number, text: string];
type ApiSeries = { metric: Record<string, string>; value?: ApiPoint; values?: readonly ApiPoint[] };

function readApi({ data }: ApiAnswer): Answer {
  if (data?.resultType === 'scalar') {
    const [seconds, text] = data.result as ApiPoint;
    return new Map([[keyOf({}), new Map([[Math.round(seconds * 1000), numberOf(text)]])]]);
  }
  const series = (data?.result ?? []) as readonly ApiSeries[];
  return new Map(
    series.map(({ metric, value, values }) => {
      const points = values ?? (value === undefined ? [] : [value]);
      return [keyOf(metric), new Map(points.map(([seconds, text]) => [Math.round(seconds * 1000), numberOf(text)]))];
    }),
  );
}

function readResult(result: QueryResult): Answer {
  switch (result.type) {
    case 'scalar':
      return new Map([[keyOf({}), new Map([[result.timeMs, result.value]])]]);
    case 'vector':
      return new Map(
        result.samples.map(({ labels, timeMs, value }) => [keyOf(labels.toRecord()), new Map([[timeMs, value]])]),
      );
    case 'matrix':
      return new Map(
        result.series.map(({ labels, points }) => [
          keyOf(labels.toRecord()),
          new Map(points.map(({ timeMs, value }) => [timeMs, value])),
        ]),
      );
    case 'string':
      throw new Error(`unexpected string ${result.value}`);
  }
}

function differenceOf(expected: Answer | undefined, got: Answer | undefined): string | undefined {
  if (expected === undefined || got === undefined) {
    return expected === got
      ? undefined
      : `expected ${expected ? 'an answer' : 'an error'}, got ${got ? 'an answer' : 'an error'}`;
  }
  if (expected.size !== got.size) return `expected ${expected.size} series, got ${got.size}`;
  for (const [key, points] of expected) {
    const ours = got.get(key);
    if (ours === undefined) return `missing series ${key}`;
    if (ours.size !== points.size) return `${key}: expected ${points.size} points, got ${ours.size}`;
    for (const [time, value] of points) {
      const own = ours.get(time);
      if (own === undefined || !isClose(value, own)) return `${key} at ${time}: expected ${value}, got ${own}`;
    }
  }
  return undefined;
}

function isClose(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Math.abs(a - b) <= Math.max(SUBNORMAL, TOLERANCE * Math.max(Math.abs(a), Math.abs(b)));
}
