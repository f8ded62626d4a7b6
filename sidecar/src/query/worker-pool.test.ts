import {
  CumulativeHistograms,
  distributionData,
  evaluate,
  ExponentialHistogram,
  histogramColumnsOf,
  Labels,
  parse,
  plan,
  type SeriesData,
} from '@tapewatch/core';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileCapturing } from './capturing-regex.ts';
import { costOf, localEvaluator, tieredEvaluator, type EvaluationTask, type Evaluator } from './evaluation-task.ts';
import { packSeries, unpackSeries } from './packed-series.ts';
import { queryWorkerPath, WorkerPool } from './worker-pool.ts';

const ROOT = join(__dirname, '../../..');
const MINUTE = 60_000;
let folder = '';
let pool: WorkerPool;

/** The build's own bundler, so that no test depends on a stale `sidecar/dist`. */
beforeAll(() => {
  const dist = join(ROOT, 'sidecar/dist');
  mkdirSync(dist, { recursive: true });
  folder = mkdtempSync(join(dist, 'test-'));
  const entry = { 'query-worker': join(__dirname, 'worker.ts') };
  const script = `
    import { bundle } from ${JSON.stringify(pathToFileURL(join(ROOT, 'tools/bundle.mjs')).href)};
    await bundle(${JSON.stringify(entry)}, ${JSON.stringify(folder)});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  pool = new WorkerPool({ path: join(folder, 'query-worker.cjs'), threads: 1 });
});

afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

function task(expr: string, data: readonly SeriesData[], stepMs = MINUTE): EvaluationTask {
  const range = stepMs === 0 ? { startMs: 600_000, endMs: 600_000, stepMs } : { startMs: 0, endMs: 600_000, stepMs };
  const planned = plan(parse(expr), range, { text: expr });
  return { plan: planned, data: planned.selects.map(() => data), nodes: 3, maxSamples: 1e9 };
}

const never = new AbortController().signal;
const control = { signal: never, check: () => undefined };

function gauges(count: number, points = 11): SeriesData[] {
  return Array.from({ length: count }, (_, instance) => {
    const timesMs = Array.from({ length: points }, (_, i) => i * MINUTE);
    const values = timesMs.map((_, i) => (i % 3 === 0 ? NaN : i * instance));
    return { labels: Labels.from({ __name__: 'm', instance: String(instance) }), timesMs, values, staleMs: [90_000] };
  });
}

function distribution(): SeriesData {
  const running = new ExponentialHistogram();
  const timesMs = Array.from({ length: 11 }, (_, i) => i * MINUTE);
  const histograms = timesMs.map((_, i) => {
    for (const value of [-2, 0, i, 1e300, NaN]) running.observe(value);
    return running.clone();
  });
  return { labels: Labels.from({ __name__: 'm' }), timesMs, values: timesMs.map(() => NaN), histograms };
}

/** Two rows at each point but the first, after a base. */
function added(instance: string): SeriesData {
  const rows = Array.from({ length: 21 }, (_, i) => {
    const histogram = new ExponentialHistogram();
    for (const value of [i, i * i, -1]) histogram.observe(value);
    return histogram.encode();
  });
  const source = {
    columns: histogramColumnsOf(rows),
    rows: Uint32Array.from(rows, (_, i) => i),
    ends: Uint32Array.from({ length: 11 }, (_, i) => 1 + 2 * i),
    baseCount: 3,
  };
  const timesMs = Array.from({ length: 11 }, (_, i) => i * MINUTE);
  const base = ExponentialHistogram.decode(rows[5] as (typeof rows)[number]);
  const head = { labels: Labels.from({ __name__: 'm', instance }), levelsMs: [1_000] };
  return distributionData(head, timesMs, new CumulativeHistograms(source, () => base));
}

/** The thread that is asked takes the columns away. */
function copied(series: SeriesData): SeriesData {
  const { deltas, labels, timesMs } = series;
  if (!(deltas instanceof CumulativeHistograms)) return series;
  const { base } = deltas;
  return distributionData(
    { labels, levelsMs: [1_000] },
    timesMs,
    new CumulativeHistograms(structuredClone(deltas.source), () => base),
  );
}

describe('evaluation on another thread', () => {
  it.each([
    ['sum(m)', MINUTE],
    ['m', MINUTE],
    ['m', 0],
    ['sort_desc(m)', 0],
    ['scalar(m)', 0],
    ['"text"', 0],
    ['m[5m]', 0],
  ])('answers %s at step %d as this thread does', async (expr, stepMs) => {
    const asked = task(expr, gauges(3), stepMs);
    expect(await pool.evaluate(asked, control)).toEqual(await localEvaluator.evaluate(asked, control));
  });

  it('carries histograms whole', async () => {
    for (const expr of ['m', 'histogram_quantile(0.9, rate(m[3m]))', 'histogram_sum(m)']) {
      const asked = task(expr, [distribution()]);
      const [there, here] = [await pool.evaluate(asked, control), await localEvaluator.evaluate(asked, control)];
      expect(JSON.stringify(there, encoded)).toEqual(JSON.stringify(here, encoded));
    }
  });

  it('carries what distributions add, and samples that were left out, whole', async () => {
    const edges = gauges(2).map((series) => ({ ...series, ranks: Array.from(series.timesMs, (_, i) => i * 7) }));
    const cases = [
      ['sum(rate(m[3m]))', edges],
      ['rate(m[3m])', [...edges, ...gauges(3).slice(2)]],
      ['sum(increase(m[3m]))', [added('a'), added('b')]],
      ['histogram_quantile(0.5, m) + histogram_count(m)', [added('a'), added('b')]],
      ['increase(m[4m])', [added('a'), distribution(), ...gauges(2)]],
    ] as const;
    for (const [expr, data] of cases) {
      const asked = task(expr, data);
      const here = await localEvaluator.evaluate(asked, control);
      // Twice, since the thread knows the labels the second time.
      for (let i = 0; i < 2; i++) {
        const there = await pool.evaluate(task(expr, data.map(copied)), control);
        expect(JSON.stringify(there, encoded)).toEqual(JSON.stringify(here, encoded));
      }
    }
  });

  it('carries what windows tell of the samples that they stand for', async () => {
    const windowed = gauges(3).map((series, i) => {
      const columns = {
        sums: Array.from(series.timesMs, (ms) => ms + i),
        maxs: Array.from(series.timesMs, () => 1e6 + i),
      };
      return i === 1 ? series : { ...series, windows: columns };
    });
    const started = { ...(windowed[2] as SeriesData), startTimesMs: Array.from(windowed[2]?.timesMs ?? [], () => 1) };
    for (const data of [windowed, [...windowed.slice(0, 2), started]]) {
      const asked = task('sum_over_time(m[3m]) + max_over_time(m[2m])', data);
      const there = await pool.evaluate(asked, control);
      expect(there).toEqual(await localEvaluator.evaluate(asked, control));
      expect(JSON.stringify(there)).toContain('1000004');
    }
  });

  it('passes errors of the query on with their place', async () => {
    const error: unknown = await pool.evaluate(task('m * on() m', gauges(2)), control).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'PromqlError', kind: 'execution', from: 0, to: 10 });
  });

  it('stops a running and a waiting task when their callers leave, and answers the next', async () => {
    const heavy = task('max_over_time(m[10m:1ms])', gauges(40));
    const [one, two] = [new AbortController(), new AbortController()];
    const stopped = { name: 'PromqlError', kind: 'cancelled' };
    const running = pool.evaluate(heavy, { signal: one.signal, check: () => undefined });
    const waiting = pool.evaluate(heavy, { signal: two.signal, check: () => undefined });
    while (pool.waiting === 0) await new Promise(setImmediate);
    two.abort();
    await expect(waiting).rejects.toMatchObject(stopped);
    one.abort();
    await expect(running).rejects.toMatchObject(stopped);
    expect(await pool.evaluate(task('count(m)', gauges(2), 0), control)).toMatchObject({ samples: [{ value: 2 }] });
  });

  it('fails the task of a thread that ends, and starts another for the next', async () => {
    const broken = join(folder, 'broken.cjs');
    const script = `require('fs').writeFileSync(${JSON.stringify(broken)},
      "require('worker_threads').parentPort.on('message', () => process.exit(3))")`;
    execFileSync(process.execPath, ['-e', script]);
    const faults: string[] = [];
    const fragile = new WorkerPool({ path: broken, threads: 1, onFault: ({ message }) => void faults.push(message) });
    for (let i = 0; i < 2; i++) await expect(fragile.evaluate(task('m', gauges(1)), control)).rejects.toThrow('code 3');
    expect(faults).toHaveLength(2);
    await fragile.close();
  });
});

it('keeps cheap tasks here and gives dear ones away', async () => {
  const taken: string[] = [];
  const noting = (name: string): Evaluator => ({
    evaluate: (given) => {
      taken.push(name);
      return Promise.resolve(evaluate(given.plan, given.data, { regex: compileCapturing }));
    },
  });
  const cheap = task('m', gauges(1));
  const tiered = tieredEvaluator(noting('here'), noting('there'), costOf(cheap) + 1);
  await tiered.evaluate(cheap, control);
  await tiered.evaluate(task('m', gauges(2)), control);
  expect(taken).toEqual(['here', 'there']);
});

it('packs and unpacks any series of numbers', () => {
  const point = fc.tuple(fc.nat(), fc.double());
  fc.assert(
    fc.property(fc.array(point, { maxLength: 20 }), fc.dictionary(fc.string(), fc.string()), (points, labels) => {
      const [timesMs, values] = [points.map(([time]) => time), points.map(([, value]) => value)];
      const series: SeriesData = { labels: Labels.from(labels), timesMs, values };
      const back = unpackSeries(structuredClone(packSeries(series)));
      expect([back.labels.key, Array.from(back.timesMs), Array.from(back.values)]).toEqual([
        series.labels.key,
        timesMs,
        values,
      ]);
    }),
  );
});

it('finds the built thread beside the bundle, and says when there is none', () => {
  expect(queryWorkerPath(folder)).toBe(join(folder, 'query-worker.cjs'));
  expect(queryWorkerPath('/')).toBeUndefined();
});

function encoded(_: string, value: unknown): unknown {
  return value instanceof ExponentialHistogram ? { ...value.encode(), reset: value.counterReset } : value;
}
