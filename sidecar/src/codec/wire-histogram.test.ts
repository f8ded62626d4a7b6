import { ExponentialHistogram, quantile } from '@tapewatch/core';
import fc from 'fast-check';
import { Fault } from './problem.ts';
import { histogramFromWire } from './wire-histogram.ts';

const decoded = (wire: Parameters<typeof histogramFromWire>[0]): ExponentialHistogram => {
  const histogram = histogramFromWire(wire);
  if (histogram instanceof Fault) throw new Error(histogram.detail);
  return histogram;
};

/** What an OpenTelemetry SDK would send for these values at this scale (up to 8, which ours can build). */
function asWire(values: readonly number[], scale: number): Parameters<typeof histogramFromWire>[0] {
  const histogram = new ExponentialHistogram({ scale });
  for (const value of values) histogram.observe(value);
  const side = (counts: ReadonlyMap<number, number>) => {
    if (counts.size === 0) return undefined;
    const offset = Math.min(...counts.keys());
    const length = Math.max(...counts.keys()) - offset + 1;
    return { offset, bucket_counts: Array.from({ length }, (_, i) => counts.get(offset + i) ?? 0) };
  };
  const [positive, negative] = [side(histogram.positive), side(histogram.negative)];
  return {
    scale,
    zero_count: histogram.zeroCount,
    sum: histogram.sum,
    min: histogram.min,
    max: histogram.max,
    ...(positive === undefined ? {} : { positive }),
    ...(negative === undefined ? {} : { negative }),
  };
}

describe('ready-made histograms', () => {
  it('equal the observations that they were made of', () => {
    const values = fc.array(
      fc.oneof(
        fc.double({ min: 0.5, max: 8, noNaN: true }),
        fc.double({ min: -8, max: -0.5, noNaN: true }),
        fc.constant(0),
      ),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(values, fc.integer({ min: -4, max: 8 }), (list, scale) => {
        const expected = new ExponentialHistogram({ scale });
        for (const value of list) expected.observe(value);
        expect(decoded(asWire(list, scale)).encode()).toEqual(expected.encode());
      }),
    );
  });

  it('merges a scale of 20 down to 8: the bucket of 2^20 steps a power of two lands in its coarse bucket', () => {
    // At scale 20, bucket 0 is (1, 2^(2^-20)] and bucket 4096 starts at 2^(1/256): the second coarse bucket.
    const histogram = decoded({
      scale: 20,
      positive: { offset: -1, bucket_counts: [5, 3, ...new Array<number>(4095).fill(0), 2] },
      sum: 10,
    });
    expect(histogram.scale).toBe(8);
    expect([...histogram.positive]).toEqual([
      [-1, 5],
      [0, 3],
      [1, 2],
    ]);
    expect(histogram.count).toBe(10);
  });

  it('takes the bounds of the outermost buckets for extremes that are left out', () => {
    const histogram = decoded({
      scale: 0,
      positive: { offset: 1, bucket_counts: [1, 0, 1] },
      negative: { offset: 0, bucket_counts: [1] },
      sum: 8,
    });
    expect([histogram.min, histogram.max]).toEqual([-2, 16]);
    expect(quantile(1, histogram)).toBe(16);
  });

  it('lowers the scale when more buckets are populated than a histogram may hold', () => {
    const histogram = decoded({
      scale: 8,
      positive: { offset: 0, bucket_counts: new Array<number>(8192).fill(1) },
      sum: 1,
    });
    expect(histogram.scale).toBe(7);
    expect(histogram.count).toBe(8192);
  });

  it.each([
    [0, 1025],
    [8, -300_000],
    [20, 2 ** 31],
  ])('refuses a bucket outside the range of a double: scale %d, offset %d', (scale, offset) => {
    expect(histogramFromWire({ scale, positive: { offset, bucket_counts: [1] }, sum: 1 })).toMatchObject({
      reason: 'schema',
    });
  });
});
