import fc from 'fast-check';
import { wilsonInterval } from './wilson.ts';

// statsmodels.stats.proportion.proportion_confint(method='wilson')
it.each([
  [0, 10, 0, 0.2775327998628892],
  [10, 10, 0.7224672001371107, 1],
  [7, 20, 0.18119182410108203, 0.5671457233147638],
  [3, 1000, 0.0010207838811386195, 0.008783014053503176],
])('%d of %d lies within %d and %d', (successes, trials, lower, upper) => {
  const interval = wilsonInterval(successes, trials);
  expect(interval?.lower).toBeCloseTo(lower, 10);
  expect(interval?.upper).toBeCloseTo(upper, 10);
});

it('knows nothing without trials, and refuses what is no proportion', () => {
  expect(wilsonInterval(0, 0)).toBeNull();
  expect(() => wilsonInterval(3, 2)).toThrow('3 successes of 2 trials');
});

it('holds the proportion, within 0 and 1, and mirrors for failures', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
      const successes = Math.round(trials * share);
      const [one, other] = [wilsonInterval(successes, trials), wilsonInterval(trials - successes, trials)];
      if (one === null || other === null) throw new Error('trials were given');
      expect(one.lower).toBeGreaterThanOrEqual(0);
      expect(one.upper).toBeLessThanOrEqual(1);
      expect(one.value).toBeGreaterThanOrEqual(one.lower as number);
      expect(one.value).toBeLessThanOrEqual(one.upper as number);
      expect(one.lower as number).toBeCloseTo(1 - (other.upper as number), 10);
    }),
  );
});
