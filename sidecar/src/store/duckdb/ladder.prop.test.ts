/**
 * A stream of observations, split over 1 to 64 batches that come in any order, with restarts in between: what is read
 * back at every level has exactly the buckets of the union, and every quantile of it keeps the printed bound.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { quantile, type ExponentialHistogram } from '@tapewatch/core';
import { expectSame } from '../store.contract.ts';
import { batchOf, clockAt, histogramOf, readyMade, samplesOf, seconds, seriesOf, T0_MS } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';

const SPAN_SECONDS = 2 * 3_600;
const SERIES = [seriesOf(1, { __name__: 'ack' }, 'distribution')];
const MATCHERS = [{ name: '__name__', operator: '=', value: 'ack' }] as const;
const QUANTILES = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1];

const observation = fc.record({
  second: fc.integer({ min: 0, max: SPAN_SECONDS - 1 }),
  batch: fc.nat(63),
  isReadyMade: fc.boolean(),
  value: fc.oneof(
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    fc.double({ min: -1e3, max: -1e-3, noNaN: true }),
    fc.constantFrom(0, 1, 2, 1_024),
  ),
});

/** The value of PromQL's rank in the sorted values: counted from below, and from one half on from above. */
function exactQuantile(q: number, sorted: readonly number[]): number {
  const rank = Math.max(1, Math.ceil((q < 0.5 ? q : 1 - q) * sorted.length));
  return sorted.at(q < 0.5 ? rank - 1 : -rank) as number;
}

it('is exact bucket by bucket at every level, however the stream was split, ordered and interrupted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-ladder-'));
  let run = 0;
  const stream = fc.record({
    observations: fc.array(observation, { minLength: 1, maxLength: 150 }),
    batches: fc.integer({ min: 1, max: 64 }),
    clocks: fc.array(fc.tuple(fc.nat(63), fc.integer({ min: 0, max: SPAN_SECONDS })), { maxLength: 4 }),
    restarts: fc.array(fc.nat(63), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(stream, async ({ observations, batches, clocks, restarts }) => {
      const options = { path: join(folder, `${run++}.duckdb`), memoryLimitMb: 128, threads: 1 };
      let store = new DuckDbStore(options);
      await store.open();
      await store.append(batchOf({ series: SERIES }));
      for (let batch = 0; batch < batches; batch++) {
        const rows = observations.filter((row) => row.batch % batches === batch);
        await store.append(
          batchOf({
            samples: samplesOf(
              rows.filter((row) => !row.isReadyMade).map((row) => [1, seconds(row.second), row.value] as const),
            ),
            histograms: rows
              .filter((row) => row.isReadyMade)
              .map((row) => readyMade(1, seconds(row.second), histogramOf([row.value]).encode())),
          }),
        );
        for (const [at, second] of clocks) if (at % batches === batch) await store.append(clockAt(second));
        if (!restarts.some((at) => at % batches === batch)) continue;
        await store.close();
        store = new DuckDbStore(options);
        await store.open();
      }
      await store.append(clockAt(SPAN_SECONDS + 3_600));
      const values = observations.map(({ value }) => value);
      const sorted = values.toSorted((a, b) => a - b);
      for (const resolutionMs of [1_000, 10_000, 60_000, 3_600_000]) {
        const endMs = T0_MS + SPAN_SECONDS * 1_000;
        const [found] = await store.select({ matchers: MATCHERS, startMs: T0_MS, endMs, resolutionMs });
        const histogram = found?.histograms?.at(-1) as ExponentialHistogram;
        expectSame(histogram, histogramOf(values).encode());
        for (const q of QUANTILES) {
          const exact = exactQuantile(q, sorted);
          // The last term is the rounding of the bucket's own bounds.
          const bound = Math.abs(exact) * (histogram.relativeErrorBound + 1e-12) + histogram.zeroThreshold;
          expect(Math.abs(quantile(q, histogram) - exact)).toBeLessThanOrEqual(bound);
        }
      }
      await store.close();
    }),
    { numRuns: Number(process.env['TAPEWATCH_PROPERTY_RUNS'] ?? 12) },
  );
  rmSync(folder, { recursive: true });
}, 120_000);
