import fc from 'fast-check';
import type { DataFrame } from '@grafana/data';
import { ExponentialHistogram, quantile } from '@tapewatch/core';
import { readHistograms, type HistogramSeries } from './histogram-series.ts';
import { plainFrame } from './plain-frame.ts';
import { mergeSeries } from './merge-series.ts';
import { isSupported, neededSamples, percentileName, percentileTable } from './percentile.ts';

function frameOf(histograms: readonly ExponentialHistogram[], shuffle = false): DataFrame {
  const rows = histograms.flatMap((histogram, step) =>
    [...histogram.buckets()].map((bucket) => ({ time: 1000 * (step + 1), ...bucket })),
  );
  if (shuffle) rows.reverse();
  return plainFrame({
    fields: [
      { name: 'xMax', type: 'time', values: rows.map((row) => row.time) },
      { name: 'yMin', type: 'number', values: rows.map((row) => row.lower) },
      { name: 'yMax', type: 'number', values: rows.map((row) => row.upper) },
      { name: 'count', type: 'number', values: rows.map((row) => row.count) },
    ],
  });
}

function read(frames: readonly DataFrame[]): HistogramSeries[] {
  return [...readHistograms([...frames], 1000).series];
}

function histogramOf(values: readonly number[], scale = 7): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale });
  for (const value of values) histogram.observe(value);
  return histogram;
}

/** PromQL's rank, counted from the nearer end: on a tie it is the neighbour on that side. */
function orderStatistic(sorted: readonly number[], q: number): number {
  const rank = Math.max(1, Math.ceil((q >= 0.5 ? 1 - q : q) * sorted.length));
  return (q >= 0.5 ? sorted[sorted.length - rank] : sorted[rank - 1]) as number;
}

const QUANTILES = [0.01, 0.5, 0.9, 0.95, 0.99, 0.999];
const magnitude = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
const anySign = fc.oneof(
  magnitude,
  magnitude.map((value) => -value),
  fc.constant(0),
);

describe('percentileTable', () => {
  it('equals core for any sign, in any order of rows', () => {
    fc.assert(
      fc.property(fc.array(anySign, { minLength: 1, maxLength: 60 }), fc.boolean(), (values, shuffle) => {
        const histogram = histogramOf(values);
        const table = percentileTable(read([frameOf([histogram], shuffle)])[0] as HistogramSeries, QUANTILES);
        expect(table.totals[0]).toBe(values.length);
        for (const line of table.lines) {
          const expected = quantile(line.quantile, histogram);
          expect(Math.abs((line.values[0] as number) - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('bounds the error by the width of the bucket that holds the percentile', () => {
    fc.assert(
      fc.property(
        fc.array(magnitude, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 0, max: 8 }),
        (values, scale) => {
          const table = percentileTable(read([frameOf([histogramOf(values, scale)])])[0] as HistogramSeries, QUANTILES);
          const sorted = [...values].sort((a, b) => a - b);
          for (const line of table.lines) {
            const exact = orderStatistic(sorted, line.quantile);
            const error = Math.abs((line.values[0] as number) - exact) / exact;
            expect(line.bounds[0]).toBeCloseTo(2 ** (2 ** -scale) - 1, 6);
            expect(error).toBeLessThanOrEqual((line.bounds[0] as number) * (1 + 1e-6));
          }
        },
      ),
    );
  });

  it('merges series of different scales as core does', () => {
    const scaled = fc.tuple(fc.array(anySign, { minLength: 1, maxLength: 40 }), fc.integer({ min: 3, max: 7 }));
    fc.assert(
      fc.property(fc.array(scaled, { minLength: 2, maxLength: 4 }), (parts) => {
        const histograms = parts.map(([values, scale]) => histogramOf(values, scale));
        const merged = mergeSeries(histograms.map((histogram) => read([frameOf([histogram])])[0] as HistogramSeries));
        const expected = histograms.reduce((sum, one) => sum.merge(one), new ExponentialHistogram({ scale: 7 }));
        const table = percentileTable(merged, QUANTILES);
        expect(table.totals[0]).toBe(expected.count);
        // Where only a finer part populates a range, ours keeps the finer bucket: both lie in core's coarse bucket.
        for (const line of table.lines) {
          const whole = quantile(line.quantile, expected);
          const error = Math.abs((line.values[0] as number) - whole);
          expect(error).toBeLessThanOrEqual(Math.abs(whole) * expected.relativeErrorBound * (1 + 1e-9));
        }
      }),
    );
  });

  it('scales counts that are rates, and only the sample count changes', () => {
    const series = read([frameOf([histogramOf([1, 2, 3])])])[0] as HistogramSeries;
    const [plain, scaled] = [percentileTable(series, [0.5]), percentileTable(series, [0.5], 300)];
    expect(scaled.totals[0]).toBe(900);
    expect(scaled.lines[0]?.values).toEqual(plain.lines[0]?.values);
  });
});

describe('too few samples', () => {
  it.each([
    [1000, 0.99, true],
    [999, 0.99, false],
    [412, 0.99, false],
    [10_000, 0.999, true],
    [20, 0.5, true],
    [19, 0.5, false],
    [1000, 0.01, true],
  ])('%d samples for the quantile %d: supported %s', (samples, q, supported) => {
    expect(isSupported(samples, q, 10)).toBe(supported);
    expect(samples >= neededSamples(q, 10)).toBe(supported);
  });
});

describe('percentileName', () => {
  it.each([
    [0.5, 'p50'],
    [0.999, 'p99.9'],
    [0.9999, 'p99.99'],
    [0.975, 'p97.5'],
  ])('%d is %s', (q, name) => expect(percentileName(q)).toBe(name));
});
