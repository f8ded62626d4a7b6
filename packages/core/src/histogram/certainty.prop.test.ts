import fc from 'fast-check';
import { fractionBounds, quantileInterval } from './certainty.ts';
import { ExponentialHistogram } from './exponential-histogram.ts';
import { fraction, quantile } from './quantile.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function histogramOf(observed: readonly number[], scale = 7): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale });
  for (const value of observed) histogram.observe(value);
  return histogram;
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('quantileInterval', () => {
  it('holds the estimate, and widens with the confidence', () => {
    fc.assert(
      fc.property(values, share, (observed, q) => {
        const histogram = histogramOf(observed);
        const observations = observed.length;
        const narrow = quantileInterval(q, histogram, { confidence: 0.8, observations });
        const wide = quantileInterval(q, histogram, { confidence: 0.99, observations });
        const estimate = quantile(q, histogram);
        expect(narrow.lower).toBeLessThanOrEqual(estimate);
        expect(narrow.upper).toBeGreaterThanOrEqual(estimate);
        expect(wide.lower).toBeLessThanOrEqual(narrow.lower);
        expect(wide.upper).toBeGreaterThanOrEqual(narrow.upper);
      }),
    );
  });

  it.each([
    [0.5, 200],
    [0.9, 500],
    [0.99, 5_000],
  ])('covers the true %d quantile of an exponential law in about 95 of 100 samples of %d', (q, size) => {
    const next = generator(20_261_121);
    const truth = -Math.log(1 - q);
    let covered = 0;
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const histogram = histogramOf(Array.from({ length: size }, () => -Math.log(1 - next())));
      const { lower, upper } = quantileInterval(q, histogram, { confidence: 0.95, observations: size });
      if (lower <= truth && truth <= upper) covered++;
    }
    // Three standard errors below 95 %; the outer bounds of buckets can only add.
    expect(covered / rounds).toBeGreaterThan(0.917);
  });

  it('is infinite where the sample cannot bound it, and knows the number behind a rate', () => {
    const histogram = histogramOf(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(quantileInterval(0.99, histogram, { confidence: 0.95, observations: 100 }).upper).toBe(Infinity);
    const rate = histogram.map((count) => count * 100);
    const perSecond = rate.map((count) => count / 300);
    const whole = quantileInterval(0.99, rate, { confidence: 0.95, observations: 10_000 });
    expect(whole.upper).toBeLessThan(Infinity);
    expect(quantileInterval(0.99, perSecond, { confidence: 0.95, observations: 10_000 })).toEqual(whole);
  });

  it.each([
    [-0.1, 0.95],
    [1.1, 0.95],
    [NaN, 0.95],
    [0.5, 0],
    [0.5, 1],
  ])('is NaN for q = %d and confidence %d', (q, confidence) => {
    const interval = quantileInterval(q, histogramOf([1, 2]), { confidence, observations: 2 });
    expect(interval).toEqual({ lower: NaN, upper: NaN });
  });
});

describe('fractionBounds', () => {
  it('holds the exact share and the interpolated one', () => {
    fc.assert(
      fc.property(values, fc.double({ noNaN: true }), fc.double({ noNaN: true }), (observed, a, b) => {
        const histogram = histogramOf(observed, 3);
        const exact = observed.filter((value) => value > a && value <= b).length / observed.length;
        const { lower, upper } = fractionBounds(a, b, histogram);
        expect(lower - 1e-12).toBeLessThanOrEqual(exact);
        expect(upper + 1e-12).toBeGreaterThanOrEqual(exact);
        const interpolated = fraction(a, b, histogram);
        expect(lower - 1e-12).toBeLessThanOrEqual(interpolated);
        expect(upper + 1e-12).toBeGreaterThanOrEqual(interpolated);
      }),
    );
  });

  it('is exact at a bound of the buckets', () => {
    const histogram = histogramOf([0.5, 1, 1.5, 2, 3, 8], 0);
    expect(fractionBounds(-Infinity, 2, histogram)).toEqual({ lower: 4 / 6, upper: 4 / 6 });
  });
});
