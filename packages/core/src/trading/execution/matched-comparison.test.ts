import { seededUniform } from '../../stats/seeded-generator.ts';
import { MatchedComparison } from './matched-comparison.ts';

/** Costs scatter around a level by fixed steps, so that no chance is needed to make them. */
function addMany(
  comparison: MatchedComparison,
  place: { bucket: string; venue: string },
  level: number,
  count: number,
): number[] {
  const costs = Array.from({ length: count }, (_, i) => level + ((i % 5) - 2) / 10);
  costs.forEach((cost) => comparison.add(place.bucket, place.venue, cost));
  return costs;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

it("is not turned around by who trades the hard cases (Simpson's paradox)", () => {
  const comparison = new MatchedComparison();
  const raw: Record<'good' | 'bad', number[]> = { good: [], bad: [] };
  for (let hour = 0; hour < 12; hour++) {
    // The good venue is cheaper by 1 bps in calm and in wild hours, but is sent most of what trades in the wild ones.
    for (const [name, level, good, bad] of [
      ['calm', 1, 10, 90],
      ['wild', 10, 90, 10],
    ] as const) {
      const bucket = `${name} ${hour}`;
      raw.good.push(...addMany(comparison, { bucket, venue: 'good' }, level, good));
      raw.bad.push(...addMany(comparison, { bucket, venue: 'bad' }, level + 1, bad));
    }
  }
  expect(mean(raw.good)).toBeGreaterThan(mean(raw.bad));
  const { difference, buckets, matched, unmatched } = comparison.compare('good', 'bad', { uniform: seededUniform(1) });
  expect(difference?.value).toBeCloseTo(-1, 9);
  expect(difference?.upper).toBeLessThan(0);
  expect([buckets, matched, unmatched]).toEqual([24, 2400, 0]);
  expect(comparison.groups()).toEqual(['bad', 'good']);
});

it('compares with all others together, and says what had nothing to be compared with', () => {
  const comparison = new MatchedComparison();
  comparison.add('x', 'a', 5);
  comparison.add('x', 'b', 3);
  comparison.add('x', 'c', 1);
  comparison.add('alone', 'a', 100);
  expect(comparison.compare('a', null, { uniform: seededUniform(1) })).toEqual({
    difference: { value: 3, lower: null, upper: null },
    ...{ buckets: 1, matched: 3, unmatched: 1 },
  });
  expect(comparison.compare('d', null, { uniform: seededUniform(1) })).toEqual({
    difference: null,
    buckets: 0,
    matched: 0,
    unmatched: 0,
  });
});

// Looking at every bucket for every group would take minutes.
it('compares as many groups as there are instruments', () => {
  const comparison = new MatchedComparison();
  const groups = Array.from({ length: 5_000 }, (_, i) => `symbol ${i}`);
  for (const [i, group] of groups.entries())
    for (let slot = 0; slot < 10; slot++) comparison.add(`${group} ${slot}`, group, i);
  const found = groups.map((group) => comparison.compare(group, null, { uniform: () => 0, replicates: 0 }));
  expect(found.every(({ unmatched, buckets }) => unmatched === 10 && buckets === 0)).toBe(true);
}, 60_000);
