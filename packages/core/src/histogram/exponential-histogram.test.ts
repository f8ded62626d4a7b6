import { bucketIndex, lowerBound, relativeErrorBound, upperBound } from './bucket-index.ts';
import { BucketCounts, MAX_DENSE_CELLS } from './bucket-counts.ts';
import { ExponentialHistogram } from './exponential-histogram.ts';
import { formatHistogram } from './format.ts';
import { fraction, quantile } from './quantile.ts';

describe('bucketIndex', () => {
  it('puts every power of two from 2^-40 to 2^40 into the bucket that it closes, at every scale', () => {
    for (let scale = -4; scale <= 8; scale++) {
      for (let k = -40; k <= 40; k++) {
        const index = bucketIndex(2 ** k, scale);
        expect(index).toBe(Math.ceil(k * 2 ** scale) - 1);
        expect(lowerBound(index, scale)).toBeLessThan(2 ** k);
        expect(upperBound(index, scale)).toBeGreaterThanOrEqual(2 ** k);
        if (scale >= 0) expect(upperBound(index, scale)).toBe(2 ** k);
      }
    }
  });

  it('puts the double after a power of two into the next bucket', () => {
    for (const scale of [0, 3, 7, 8]) expect(bucketIndex(1 + Number.EPSILON, scale)).toBe(0);
    expect(bucketIndex(1 - Number.EPSILON / 2, 7)).toBe(-1);
  });

  it('agrees with its own bounds all over the range of scale 7', () => {
    for (let i = -2000; i < 2000; i += 7) {
      const [low, high] = [lowerBound(i, 7), upperBound(i, 7)];
      expect(bucketIndex((low + high) / 2, 7)).toBe(i);
      expect(high / low - 1).toBeCloseTo(relativeErrorBound(7), 12);
    }
  });

  // DOMAIN: Prometheus numbers by upper bound (index + 1); downscaling by k is i >> k here, ceil(i / 2^k) there.
  it('is one less than the index of a Prometheus native histogram, at every coarser scale', () => {
    for (const value of [1e-3, 0.7, 1, 1.5, 2, 3, 1000]) {
      const fine = bucketIndex(value, 8);
      for (let k = 0; k <= 8; k++) {
        const coarse = bucketIndex(value, 8 - k);
        expect(coarse).toBe(fine >> k);
        expect(coarse + 1).toEqual(Math.ceil((fine + 1) / 2 ** k) + 0);
      }
    }
  });
});

describe('ExponentialHistogram', () => {
  // Deterministic uniform numbers of a linear congruential generator (Numerical Recipes' constants).
  const uniforms = (count: number, seed: number): number[] => {
    let state = seed;
    return Array.from({ length: count }, () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32);
  };
  const gauss = (u: number, v: number): number => Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
  const pairs = uniforms(20_000, 7);
  const normals = Array.from({ length: 10_000 }, (_, i) => gauss(pairs[2 * i] as number, pairs[2 * i + 1] as number));
  const distributions: [name: string, values: number[]][] = [
    ['uniform', pairs.slice(0, 10_000)],
    ['lognormal latencies', normals.map((z) => 0.002 * Math.exp(0.8 * z))],
    ['signed P&L', normals.map((z) => 150 * z - 20)],
    ['Pareto tail', pairs.slice(0, 10_000).map((u) => 0.001 / (1 - u) ** (1 / 1.2))],
    ['two modes', normals.map((z, i) => (i % 3 === 0 ? 0.1 : 0.001) * Math.exp(0.1 * z))],
    ['slippage with many zeros', normals.map((z, i) => (i % 2 === 0 ? 0 : z))],
  ];
  it.each(distributions)(
    'is within its printed bound of the exact quantiles: %s (proves: PCT-04, TST-02)',
    (_, values) => {
      const histogram = new ExponentialHistogram();
      for (const value of values) histogram.observe(value);
      const sorted = [...values].sort((a, b) => a - b);
      for (const q of [0.001, 0.01, 0.05, 0.25, 0.501, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999]) {
        // The order statistic at PromQL's rank q * n; between two ranks either neighbour.
        const rank = q * values.length;
        const near = [Math.ceil(rank - 1e-6) - 1, Math.floor(rank + 1e-6)].map(
          (i) => sorted[Math.min(i, values.length - 1)] as number,
        );
        const answer = quantile(q, histogram);
        const off = Math.min(
          ...near.map((exact) => Math.abs(answer - exact) - histogram.relativeErrorBound * Math.abs(exact)),
        );
        expect(off).toBeLessThanOrEqual(1e-12);
      }
    },
  );

  it('keeps two latencies some microseconds apart in different percentiles (proves: PCT-06)', () => {
    // A bucket of scale 7 is 0.54 % wide: 0.5 µs at 100 µs, 5 µs at 1 ms.
    for (const [fastMicros, slowMicros] of [
      [100, 101],
      [400, 403],
      [900, 905],
    ] as const) {
      const [slow, fast] = [new ExponentialHistogram(), new ExponentialHistogram()];
      for (let i = 0; i < 100; i++) {
        fast.observe(fastMicros / 1e6);
        slow.observe(slowMicros / 1e6);
      }
      expect([fast.scale, slow.scale]).toEqual([7, 7]);
      for (const q of [0.5, 0.95, 0.99]) expect(quantile(q, slow)).toBeGreaterThan(quantile(q, fast));
    }
  });

  it('knows no quantile when empty, and none for a q that is NaN; -Inf and Inf outside [0, 1]', () => {
    const histogram = new ExponentialHistogram();
    expect(quantile(0.5, histogram)).toBeNaN();
    histogram.observe(1);
    expect(quantile(NaN, histogram)).toBeNaN();
    expect([quantile(-0.1, histogram), quantile(1.1, histogram)]).toEqual([-Infinity, Infinity]);
    expect(fraction(0, NaN, histogram)).toBeNaN();
    expect(fraction(2, 1, histogram)).toBe(0);
  });

  it('counts magnitudes up to the zero threshold as zero, and widens it over a bucket that it would cut', () => {
    const fine = new ExponentialHistogram({ scale: 0, zeroThreshold: 0 });
    for (const value of [0, 0.3, -0.3, 3]) fine.observe(value);
    const coarse = new ExponentialHistogram({ scale: 0, zeroThreshold: 0.3 });
    coarse.observe(0.2);
    fine.merge(coarse);
    expect(fine.zeroThreshold).toBe(0.5);
    expect(formatHistogram(fine)).toBe('{count:5, sum:3.2, [-0.5,0.5]:4, (2,4]:1}');
  });

  it.each([9, -5, 1.5, NaN])('refuses scale %d', (scale) => {
    expect(() => new ExponentialHistogram({ scale })).toThrow(RangeError);
  });

  it('holds custom bounds, merges them at the shared ones, and refuses exponential buckets', () => {
    const a = new ExponentialHistogram({ customBounds: [1, 2, 5] });
    const b = new ExponentialHistogram({ customBounds: [2, 4, 5] });
    for (const value of [-1, 0.5, 1.5, 4, 9]) {
      a.observe(value);
      b.observe(value);
    }
    a.merge(b);
    expect(a.customBounds).toEqual([2, 5]);
    expect([...a.buckets()].map(({ upper, count }) => [upper, count])).toEqual([
      [2, 6],
      [5, 2],
      [Infinity, 2],
    ]);
    expect(ExponentialHistogram.decode(a.encode()).encode()).toEqual(a.encode());
    expect(() => a.merge(new ExponentialHistogram())).toThrow(RangeError);
    expect(quantile(0.3, a)).toBe(1);
    expect(quantile(1, a)).toBe(5);
    expect(a.relativeErrorBound).toBe(Infinity);
  });
});

describe('BucketCounts', () => {
  it('stays a map of counts when indexes lie too far apart for an array', () => {
    const counts = new BucketCounts();
    const far = MAX_DENSE_CELLS * 3;
    for (const index of [0, far, -far, 5, far]) counts.add(index, 2);
    expect([...counts]).toEqual([
      [-far, 2],
      [0, 2],
      [5, 2],
      [far, 4],
    ]);
    const sum = new BucketCounts();
    sum.add(5, 1);
    sum.addAll(counts);
    sum.addAll(counts, -1);
    expect([...sum]).toEqual([[5, 1]]);
    expect(sum.isBelow(counts)).toBe(true);
    expect(counts.isBelow(sum)).toBe(false);
    expect(counts.mapped((count) => count / 2).get(far)).toBe(2);
    const seen: number[] = [];
    counts.some('descending', (index) => seen.push(index) === 2);
    expect(seen).toEqual([far, 5]);
  });

  it('forgets a bucket whose count is zero', () => {
    const counts = new BucketCounts();
    counts.set(3, 7).set(-900, 1).set(3, 0);
    expect([counts.size, counts.has(3), counts.get(3), [...counts.keys()]]).toEqual([1, false, undefined, [-900]]);
    expect(counts.delete(-900)).toBe(true);
    expect(counts.delete(-900)).toBe(false);
    expect(counts.size).toBe(0);
  });
});
