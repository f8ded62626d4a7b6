import fc from 'fast-check';
import { ExponentialHistogram } from './exponential-histogram.ts';
import { trimHistogram } from './trim.ts';

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });

function observed(values: readonly number[]): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale: 3, zeroThreshold: 1e-3 });
  for (const one of values) histogram.observe(one);
  return histogram;
}

it('parts a histogram in two that have all of its observations, and loses none at an end', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), value, (values, at) => {
      const histogram = observed(values);
      const [below, above] = [trimHistogram(histogram, at, 'below'), trimHistogram(histogram, at, 'above')];
      expect(below.count + above.count).toBeCloseTo(histogram.count, 6);
      expect(trimHistogram(histogram, 2e6, 'below').count).toBe(histogram.count);
      expect(trimHistogram(histogram, -2e6, 'above').count).toBe(histogram.count);
      // The histogram that was cut stays as it was.
      expect(histogram.count).toBe(values.length);
    }),
  );
});

it('counts exactly where it cuts between buckets', () => {
  // Powers of two are bounds of every scale.
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), fc.integer({ min: -3, max: 12 }), (values, power) => {
      const at = 2 ** power;
      const below = trimHistogram(observed(values), at, 'below');
      expect(below.count).toBeCloseTo(values.filter((one) => one <= at).length, 6);
      if (below.count < values.length) expect(below.max).toBeLessThanOrEqual(at);
    }),
  );
});
