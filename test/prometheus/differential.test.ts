/**
 * The same samples and the same questions to a real Prometheus and to our engine: answers must agree to one part in
 * 1e9, label for label, and what one refuses the other must refuse; or a named rule explains the difference.
 *
 * TAPEWATCH_SEED=<n> starts the random expressions elsewhere (each has a seed of its own: n, n + 1, ...),
 * TAPEWATCH_EXPRESSIONS=<n> asks that many: 1 repeats the expression of one seed. TAPEWATCH_PROMETHEUS names a binary.
 */
import { type EvaluationRange, type SelectRequest, type SeriesData } from '@tapewatch/core';
import { buildHttpServer } from '../../sidecar/src/http/server.ts';
import { fixture, settingsWith } from '../../sidecar/src/http/testing/fixture.ts';
import type { StoreReader } from '../../sidecar/src/ports.ts';
import { createPromqlEngine } from '../../sidecar/src/query/promql-engine.ts';
import { type Answer, differenceOf, readApi } from './answer.ts';
import { answerOf, select } from './engine.ts';
import { type Difference, RULES } from './explanation.ts';
import { EXPRESSIONS, ourName, theirName } from './expressions.ts';
import { LENGTH_MS, marketData, START_MS } from './market-data.ts';
import { type ApiAnswer, installedPrometheus, PrometheusServer } from './prometheus-server.ts';
import { randomExpression } from './random-expression.ts';
import { smallestDifference } from './shrink.ts';

const DATA_SEED = 20_260_807;
const FIRST_SEED = Number(process.env['TAPEWATCH_SEED'] ?? 20_261_121);
const RANDOM_EXPRESSIONS = Number(process.env['TAPEWATCH_EXPRESSIONS'] ?? 2_000);
/** Questions that are with Prometheus at one time. */
const CONCURRENT = 16;
/** Alone on two cores 2,000 take less than a minute. */
const RANDOM_LIMIT_MS = Math.max(1, RANDOM_EXPRESSIONS / 2_000) * 400_000;
const INSTANT_MS = START_MS + LENGTH_MS - 900_000 + 500;
const INSTANT: EvaluationRange = { startMs: INSTANT_MS, endMs: INSTANT_MS, stepMs: 0 };
const RANGE = { startMs: START_MS + 900_500, endMs: START_MS + LENGTH_MS - 300_000 + 500, stepMs: 97_000 };

const version = installedPrometheus();
const major = Number.parseInt(version ?? '2', 10);
const runs = version !== undefined || process.env['CI'] === 'true';
if (!runs) console.warn('skipped: no prometheus on PATH (with CI=true this fails)');

(runs ? describe : describe.skip)(`beside Prometheus ${version ?? ''}`, () => {
  const data: readonly SeriesData[] = marketData(DATA_SEED);
  let server: PrometheusServer | undefined;

  beforeAll(async () => {
    server = await PrometheusServer.start(data);
  });
  afterAll(async () => server?.stop());

  const theirs = async (expr: string, range: EvaluationRange): Promise<Answer | undefined> => {
    const query = theirName(expr, major);
    const asked = server as PrometheusServer;
    const [start, end, step] = [range.startMs, range.endMs, range.stepMs].map((ms) => String(ms / 1000)) as [
      string,
      string,
      string,
    ];
    const answer =
      range.stepMs === 0
        ? await asked.ask('query', { query, time: start })
        : await asked.ask('query_range', { query, start, end, step });
    return answer.status === 'error' ? undefined : readApi(answer);
  };
  const compare = async (expr: string, range: EvaluationRange, tally?: Tally): Promise<Difference | undefined> => {
    const expected = await theirs(expr, range);
    const got = answerOf(ourName(expr), range, data);
    tally?.count(expected, got);
    if (differenceOf(expected, got) === undefined) return undefined;
    return { expr: ourName(expr), range, data, expected, got, major };
  };

  it.each(EXPRESSIONS)('agrees on %s', async (expr) => {
    for (const range of [INSTANT, RANGE]) {
      const found = await compare(expr, range);
      expect(found === undefined ? undefined : differenceOf(found.expected, found.got)).toBeUndefined();
    }
  });

  it(
    `agrees on ${RANDOM_EXPRESSIONS} random expressions from seed ${FIRST_SEED} on`,
    async () => {
      const tally = new Tally();
      const seeds = Array.from({ length: RANDOM_EXPRESSIONS }, (_, i) => FIRST_SEED + i);
      await inParallel(CONCURRENT, seeds, async (seed) => {
        const expr = randomExpression(seed, major);
        for (const range of [INSTANT, RANGE]) {
          const found = await compare(expr, range, tally);
          if (found !== undefined) tally.explain(seed, await smallestDifference(found, compare));
        }
      });
      console.log(tally.report(RANDOM_EXPRESSIONS, FIRST_SEED, version ?? ''));
      expect(tally.unexplained).toEqual([]);
      expect(tally.answered).toBeGreaterThan(RANDOM_EXPRESSIONS === 1 ? -1 : RANDOM_EXPRESSIONS);
    },
    RANDOM_LIMIT_MS,
  );

  // The same questions by the route that a user takes: our HTTP API answers in Prometheus's own form.
  it('answers instant and range queries over HTTP as Prometheus does (proves: API-19, API-20)', async () => {
    const reader = { select: async (request: SelectRequest) => select(data, request) } as StoreReader;
    const engine = createPromqlEngine(reader);
    const app = await buildHttpServer({ ...fixture().deps, engine }, settingsWith());
    const overHttp = async (expr: string, { startMs, endMs, stepMs }: EvaluationRange): Promise<Answer | undefined> => {
      const [start, end, step] = [startMs, endMs, stepMs].map((ms) => String(ms / 1000)) as [string, string, string];
      const query: Record<string, string> =
        stepMs === 0 ? { query: ourName(expr), time: start } : { query: ourName(expr), start, end, step };
      const answer = await app.inject({ url: `/api/v1/${stepMs === 0 ? 'query' : 'query_range'}`, query });
      const body = answer.json<ApiAnswer>();
      return body.status === 'error' ? undefined : readApi(body);
    };
    let answered = 0;
    for (const expr of EXPRESSIONS) {
      for (const range of [INSTANT, RANGE]) {
        const [expected, got] = await Promise.all([theirs(expr, range), overHttp(expr, range)]);
        expect(`${expr}: ${differenceOf(expected, got) ?? 'equal'}`).toBe(`${expr}: equal`);
        if ((got?.size ?? 0) > 0) answered++;
      }
    }
    expect(answered).toBeGreaterThan(EXPRESSIONS.length);
    await app.close();
  });

  it('would see a difference, and find the smallest part that differs', async () => {
    const changed = answerOf('pnl_usd * (1 + 1e-7)', INSTANT, data);
    expect(differenceOf(await theirs('pnl_usd', INSTANT), changed)).toBeDefined();
    const wrong = async (expr: string, range: EvaluationRange): Promise<Difference | undefined> => {
      const expected = await theirs(expr, range);
      const got = answerOf(expr.replaceAll('pnl_usd', 'latency_seconds'), range, data);
      return differenceOf(expected, got) === undefined ? undefined : { expr, range, data, expected, got, major };
    };
    const found = await wrong('sum(rate(fills_total[5m])) + max(abs(pnl_usd) > 0)', INSTANT);
    expect((await smallestDifference(found as Difference, wrong)).expr).toBe('pnl_usd');
  });
});

/** What came of the questions. */
class Tally {
  equal = 0;
  answered = 0;
  readonly unexplained: string[] = [];
  readonly #explained = new Map<string, string[]>();

  count(expected: Answer | undefined, got: Answer | undefined): void {
    if ((got?.size ?? 0) > 0) this.answered++;
    if (differenceOf(expected, got) === undefined) this.equal++;
  }

  explain(seed: number, smallest: Difference): void {
    const { expr, range, expected, got } = smallest;
    const what = `seed ${seed}, ${range.stepMs === 0 ? 'instant' : 'range'}: ${expr}: ${differenceOf(expected, got)}`;
    const rule = RULES.find((candidate) => candidate.explains(smallest));
    if (rule === undefined) this.unexplained.push(what);
    else this.#explained.set(rule.name, [...(this.#explained.get(rule.name) ?? []), what]);
  }

  report(expressions: number, seed: number, of: string): string {
    const rules = RULES.map(({ name, reason }) => {
      const all = this.#explained.get(name) ?? [];
      return `  ${name}: ${all.length} (${reason})${all
        .slice(0, 2)
        .map((one) => `\n    e.g. ${one}`)
        .join('')}`;
    });
    const counts = `${2 * expressions} answers to ${expressions} expressions (seed ${seed}): ${this.equal} equal`;
    return `Prometheus ${of}: ${counts}, ${this.unexplained.length} unexplained\n${rules.join('\n')}`;
  }
}

async function inParallel<T>(workers: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const drain = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: workers }, drain));
}
