/** Rollups against the exponential histogram itself: any split, order and restart yields the same buckets. */
import fc from 'fast-check';
import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { createBucketIndex, bucketIndex } from '../histogram/bucket-index.ts';
import { quantile } from '../histogram/quantile.ts';
import { histogramAt, type DistributionWindows, type RawColumns } from './rollup-columns.ts';
import { DistributionRollup } from './rollup-distributions.ts';
import { foldLateValues } from './rollup-value-fold.ts';
import { KIND_CODES, ValueRollup } from './rollup-values.ts';

type Row = readonly [seriesId: number, second: number, nano: number, value: number];

const KINDS = new Uint8Array(400).fill(KIND_CODES.distribution);
const value = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, -0, 5e-324, NaN, Infinity, -Infinity, 1e300, -1e-120, 1, 2, 1024),
);
const row = fc.tuple(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 100, max: 130 }),
  fc.integer({ min: 0, max: 999_999_999 }),
  value,
);

export function columnsOf(rows: readonly Row[]): RawColumns {
  return {
    seriesIds: Uint32Array.from(rows, ([id]) => id),
    seconds: Uint32Array.from(rows, ([, second]) => second),
    nanos: Uint32Array.from(rows, ([, , nano]) => nano),
    values: Float64Array.from(rows, ([, , , seen]) => seen),
  };
}

/** All parts of each window merged: everything exact, the sum left out. */
function totals(parts: readonly DistributionWindows[]): Map<string, unknown> {
  const merged = new Map<string, ExponentialHistogram>();
  for (const { seriesIds, startSeconds, histograms } of parts) {
    seriesIds.forEach((id, i) => {
      const key = `${id}/${startSeconds[i]}`;
      const part = ExponentialHistogram.decode(histogramAt(histograms, i));
      merged.set(key, merged.get(key)?.merge(part) ?? part);
    });
  }
  return new Map([...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, found]) => [key, exact(found)]));
}

function exact(histogram: ExponentialHistogram) {
  const { sum: _, ...rest } = histogram.encode();
  return rest;
}

function expected(rows: readonly Row[], width: number): Map<string, unknown> {
  const direct = new Map<string, ExponentialHistogram>();
  for (const [id, second, , seen] of rows) {
    const key = `${id}/${second - (second % width)}`;
    let histogram = direct.get(key);
    if (histogram === undefined) direct.set(key, (histogram = new ExponentialHistogram()));
    histogram.observe(seen);
  }
  return new Map([...direct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, found]) => [key, exact(found)]));
}

describe('createBucketIndex', () => {
  it('is bucketIndex', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-300, noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: -4, max: 8 }),
        (x, scale) => {
          expect(createBucketIndex(scale)(x)).toBe(bucketIndex(x, scale));
        },
      ),
    );
  });
});

describe('DistributionRollup', () => {
  it('yields the buckets of the union however the rows are split, ordered and sealed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(row, fc.nat(63), fc.boolean()), { maxLength: 300 }),
        fc.constantFrom(1, 10),
        (steps, width) => {
          const rollups = Array.from({ length: 64 }, () => new DistributionRollup({ widthSeconds: width }));
          const parts: DistributionWindows[] = [];
          for (const [sample, at, seals] of steps) {
            const rollup = rollups[at] as DistributionRollup;
            rollup.add(columnsOf([sample]), KINDS);
            if (seals) parts.push(rollup.seal(sample[1] - 2));
          }
          for (const rollup of rollups) parts.push(rollup.seal(10_000));
          parts.reverse();
          expect(totals(parts)).toEqual(
            expected(
              steps.map(([sample]) => sample),
              width,
            ),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('goes on after a restart from its mark as if nothing had happened', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 200 }),
        fc.nat(200),
        fc.integer({ min: 100, max: 131 }),
        (rows, cut, until) => {
          const parts: DistributionWindows[] = [];
          const first = new DistributionRollup({ widthSeconds: 1 });
          const [before, after] = [rows.slice(0, cut), rows.slice(cut)];
          first.add(columnsOf(before), KINDS);
          parts.push(first.seal(until));
          const second = new DistributionRollup({ widthSeconds: 1, sealedUntilSeconds: first.sealedUntilSeconds });
          second.add(columnsOf(before.filter(([, stamp]) => stamp >= first.sealedUntilSeconds)), KINDS);
          second.add(columnsOf(after), KINDS);
          parts.push(second.seal(10_000));
          expect(totals(parts)).toEqual(expected(rows, 1));
        },
      ),
    );
  });

  it('keeps every quantile within the printed bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const rollup = new DistributionRollup({ widthSeconds: 1 });
          rollup.add(columnsOf(values.map((seen) => [1, 5, 0, seen])), KINDS);
          const histogram = ExponentialHistogram.decode(histogramAt(rollup.seal(100).histograms, 0));
          const sorted = values.toSorted((a, b) => a - b);
          // PromQL counts its rank from below, and from one half on from above.
          const rank = Math.max(1, Math.ceil((q < 0.5 ? q : 1 - q) * values.length));
          const exactValue = sorted.at(q < 0.5 ? rank - 1 : -rank) as number;
          const bound = histogram.relativeErrorBound * (1 + 1e-12);
          expect(Math.abs(quantile(q, histogram) - exactValue)).toBeLessThanOrEqual(exactValue * bound);
        },
      ),
    );
  });

  it('keeps the shape of ready-made histograms and marks what came late', () => {
    const rollup = new DistributionRollup({ widthSeconds: 1 });
    const ready = new ExponentialHistogram({ scale: 3 });
    ready.observe(7);
    rollup.addHistogram(9, 50, ready.encode());
    rollup.add(columnsOf([[9, 50, 0, 1]]), KINDS);
    const sealed = rollup.seal(60);
    expect([...sealed.seriesIds]).toEqual([9, 9]);
    expect([...sealed.histograms.scales]).toEqual([7, 3]);
    expect([...sealed.revised]).toEqual([0, 0]);
    rollup.add(columnsOf([[4, 50, 0, 2]]), KINDS);
    const late = rollup.seal(60);
    expect([...late.seriesIds, ...late.startSeconds, ...late.revised]).toEqual([4, 50, 1]);
    expect(rollup.seal(60).seriesIds).toHaveLength(0);
  });
});

describe('ValueRollup', () => {
  const kinds = Uint8Array.of(0, KIND_CODES.gauge, KIND_CODES.counter);

  it('keeps count, sum, extremes, first, last and the increase over resets and window ends', () => {
    const rollup = new ValueRollup({ widthSeconds: 10 });
    const rows = [10, 15, 2, 4].map((seen, i): Row => [2, 104 + i * 3, i, seen]);
    rollup.add(columnsOf(rows), kinds);
    const sealed = rollup.seal(120);
    expect([...sealed.startSeconds]).toEqual([100, 110]);
    expect([...sealed.increases]).toEqual([5, 4]);
    expect([...sealed.counts]).toEqual([2, 2]);
    expect([...sealed.firsts, ...sealed.lasts]).toEqual([10, 2, 15, 4]);
    expect([...sealed.firstOffsets, ...sealed.lastOffsets]).toEqual([4e9, 2, 7e9 + 1, 3e9 + 3]);
  });

  it('equals a direct count of any samples', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 100 }), (rows) => {
        const rollup = new ValueRollup({ widthSeconds: 10 });
        rollup.add(columnsOf(rows), new Uint8Array(400));
        const sealed = rollup.seal(1_000);
        const found = Array.from(sealed.seriesIds, (id, i) => [
          id,
          sealed.startSeconds[i],
          sealed.counts[i],
          sealed.mins[i],
          sealed.maxs[i],
        ]);
        const direct = new Map<string, number[]>();
        for (const [id, second, , seen] of rows) {
          const start = second - (second % 10);
          const window = direct.get(`${start}/${id}`) ?? [id, start, 0, Infinity, -Infinity];
          (window[2] as number)++;
          if (Number.isFinite(seen)) {
            window[3] = seen < (window[3] as number) ? seen : (window[3] as number);
            window[4] = seen > (window[4] as number) ? seen : (window[4] as number);
          }
          direct.set(`${start}/${id}`, window);
        }
        const sorted = [...direct.values()].sort(
          (a, b) => (a[1] as number) - (b[1] as number) || (a[0] as number) - (b[0] as number),
        );
        expect(found).toEqual(sorted);
      }),
    );
  });

  it('folds late windows into those that the samples would have made', () => {
    const samples = fc.uniqueArray(row, {
      maxLength: 80,
      selector: ([id, second, nano]) => `${id % 5}/${second}/${nano}`,
    });
    fc.assert(
      fc.property(samples, fc.integer({ min: 100, max: 140 }), (rows, beforeSeconds) => {
        const sealedBefore = { sealedUntilSeconds: 1_000 };
        const few = rows.map(([id, ...rest]): Row => [id % 5, ...rest]);
        const narrow = new ValueRollup({ widthSeconds: 1, ...sealedBefore });
        narrow.add(columnsOf(few), new Uint8Array(400));
        const wide = new ValueRollup({ widthSeconds: 20, ...sealedBefore });
        wide.add(columnsOf(few.filter(([, second]) => second < beforeSeconds)), new Uint8Array(400));
        const folded = foldLateValues(narrow.seal(0), { widthSeconds: 20, beforeSeconds });
        const { sums, ...exactly } = folded;
        const { sums: expectedSums, ...expectedExactly } = wide.seal(0);
        // Which of two zeros is kept depends on the order, too.
        const unsigned = (columns: object) =>
          Object.values(columns).map((column: number[]) => Array.from(column, (x) => x + 0));
        expect(unsigned(exactly)).toEqual(unsigned(expectedExactly));
        // Sums of values hundreds of magnitudes apart depend on the order of adding.
        sums.forEach((sum, i) => {
          const largest = Math.max(1, ...[folded.mins[i], folded.maxs[i]].map((x) => Math.abs(x as number)));
          expect(Math.abs(sum - (expectedSums[i] as number))).toBeLessThanOrEqual(largest * 1e-9);
        });
      }),
    );
  });
});
