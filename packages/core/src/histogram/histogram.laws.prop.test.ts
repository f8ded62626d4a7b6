/** The laws that the histogram owes, over signed values of all magnitudes. Failing seeds become named examples. */
import fc from 'fast-check';
import { addHistograms, subtractHistograms, wasReset } from './arithmetic.ts';
import { ExponentialHistogram } from './exponential-histogram.ts';
import { fraction, quantile } from './quantile.ts';

/** Values over 40 octaves each way, zeros, exact powers of two, and repeats. */
const value = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.double({ min: 1e-7, max: 10, noNaN: true }),
  fc.double({ min: -10, max: -1e-7, noNaN: true }),
  fc.constantFrom(0, 1, -1, 0.5, 0.001, -0.001),
  fc.integer({ min: -40, max: 40 }).map((k) => 2 ** k),
);
const values = fc.array(value, { maxLength: 60 });
const scale = fc.integer({ min: -2, max: 8 });

function of(list: readonly number[], options = {}): ExponentialHistogram {
  const histogram = new ExponentialHistogram(options);
  for (const item of list) histogram.observe(item);
  return histogram;
}

/** Everything that must be equal; the sum only to rounding, because addition is not associative. */
function stateOf(histogram: ExponentialHistogram) {
  return { ...histogram.encode(), sum: 0 };
}

function expectSame(a: ExponentialHistogram, b: ExponentialHistogram, list: readonly number[]): void {
  expect(stateOf(a)).toEqual(stateOf(b));
  const magnitude = list.reduce((total, item) => total + Math.abs(item), 0);
  expect(Math.abs(a.sum - b.sum)).toBeLessThanOrEqual(magnitude * list.length * Number.EPSILON);
}

describe('the exponential histogram', () => {
  it('merges into what ingesting the union gives, for any split and order', () => {
    fc.assert(
      fc.property(values, fc.array(fc.nat(3), { maxLength: 60 }), scale, (list, split, at) => {
        const parts = [0, 1, 2, 3].map((part) =>
          of(
            list.filter((_, i) => (split[i] ?? 0) === part),
            { scale: at },
          ),
        );
        const whole = of(list, { scale: at });
        const forward = parts.reduce((total, part) => total.merge(part), new ExponentialHistogram({ scale: at }));
        const backward = parts.reduceRight((total, part) => total.merge(part), new ExponentialHistogram({ scale: at }));
        expectSame(forward, whole, list);
        expectSame(backward, whole, list);
      }),
    );
  });

  it('merges different scales into the coarser one, as if all had been ingested there', () => {
    fc.assert(
      fc.property(values, values, scale, scale, (a, b, scaleA, scaleB) => {
        const merged = of(a, { scale: scaleA }).merge(of(b, { scale: scaleB }));
        expectSame(merged, of([...a, ...b], { scale: Math.min(scaleA, scaleB) }), [...a, ...b]);
      }),
    );
  });

  it('leaves the other operand of a merge as it was', () => {
    fc.assert(
      fc.property(values, values, scale, scale, (a, b, scaleA, scaleB) => {
        const other = of(b, { scale: scaleB });
        const before = other.encode();
        of(a, { scale: scaleA }).merge(other);
        expect(other.encode()).toEqual(before);
      }),
    );
  });

  it('answers each quantile within the printed bound of the order statistic at its rank', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 80 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        scale,
        (list, q, at) => {
          const histogram = of(list, { scale: at });
          const answer = quantile(q, histogram);
          const sorted = [...list].sort((a, b) => a - b);
          // PromQL's rank q * n lies in the bucket of this order statistic, or on the edge to the next one.
          const rank = q * list.length;
          const near = [Math.floor(rank) - 1, Math.ceil(rank) - 1, Math.floor(rank)].map(
            (i) => sorted[Math.min(list.length - 1, Math.max(0, i))] as number,
          );
          const bound = histogram.relativeErrorBound * (1 + 1e-12);
          const inside = near.some(
            (exact) => Math.abs(answer - exact) <= Math.max(bound * Math.abs(exact), 2 * histogram.zeroThreshold),
          );
          expect({ answer, near, inside }).toMatchObject({ inside: true });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('downscales into what building at the coarser scale gives', () => {
    fc.assert(
      fc.property(values, scale, fc.nat(6), (list, from, steps) => {
        const to = Math.max(-4, from - steps);
        expectSame(of(list, { scale: from }).downscale(to), of(list, { scale: to }), list);
      }),
    );
  });

  it('decodes what it encoded, also through JSON-like text of finite fields', () => {
    fc.assert(
      fc.property(values, scale, (list, at) => {
        const histogram = of([...list, NaN, Infinity, -Infinity], { scale: at });
        expect(ExponentialHistogram.decode(histogram.encode()).encode()).toEqual(histogram.encode());
      }),
    );
  });

  it('counts NaN and infinities aside, out of count, sum and every bucket', () => {
    fc.assert(
      fc.property(values, fc.array(fc.constantFrom(NaN, Infinity, -Infinity)), (list, odd) => {
        const clean = of(list);
        const mixed = of([...odd, ...list]);
        expect(mixed.nanCount + mixed.positiveInfinityCount + mixed.negativeInfinityCount).toBe(odd.length);
        expect([mixed.count, mixed.sum, mixed.min, mixed.max]).toEqual([clean.count, clean.sum, clean.min, clean.max]);
        expect([...mixed.buckets()]).toEqual([...clean.buckets()]);
      }),
    );
  });

  it('gives the exact share of observations between bucket bounds, and a monotone one between', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: -30, max: 30 }),
        scale,
        (list, k, at) => {
          const histogram = of(list, { scale: at });
          const exact = list.filter((item) => item <= 2 ** k).length / list.length;
          // Powers of two are bounds at every scale from 0 on.
          if (at >= 0) expect(fraction(-Infinity, 2 ** k, histogram)).toBeCloseTo(exact, 10);
          const shares = [-1e3, -1, -1e-3, 0, 1e-3, 1, 1e3].map((upper) => fraction(-Infinity, upper, histogram));
          expect(shares).toEqual([...shares].sort((a, b) => a - b));
          expect(fraction(-Infinity, Infinity, histogram)).toBeCloseTo(1, 12);
        },
      ),
    );
  });

  it('takes back by subtraction what addition gave, and sees a reset exactly when something went down', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [before, after] = [of(a), of([...a, ...b])];
        const { positiveIndexes, positiveCounts, negativeIndexes, negativeCounts, count } = of(b).encode();
        expect(subtractHistograms(after, before).encode()).toMatchObject({
          positiveIndexes,
          positiveCounts,
          negativeIndexes,
          negativeCounts,
          count,
        });
        expect(stateOf(addHistograms(before, of(b)))).toEqual(stateOf(after));
        expect(wasReset(before, after)).toBe(false);
        expect(wasReset(after, before)).toBe(b.length > 0);
      }),
    );
  });

  it('keeps to its bucket limit by lowering the scale, and tells the wider bound', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (list) => {
        const histogram = of(list, { maxBuckets: 20 });
        expect(histogram.positive.size + histogram.negative.size).toBeLessThanOrEqual(20);
        expectSame(histogram, of(list, { scale: histogram.scale }), list);
      }),
    );
  });
});
