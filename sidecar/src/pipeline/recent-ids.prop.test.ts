/** What two generations of ids remember. */
import fc from 'fast-check';
import { RecentIds } from './recent-ids.ts';

it('knows the last ids of a generation, and forgets in the end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 200 }), (generation, count) => {
      const ids = new RecentIds(generation);
      for (let i = 0; i < count; i++) {
        expect(ids.add(`m-${i}`)).toBe(true);
        // The last `generation` of them, this one among them.
        expect(ids.add(`m-${Math.max(0, i - generation + 1)}`)).toBe(false);
      }
      if (count > 2 * generation) expect(ids.add('m-0')).toBe(true);
    }),
  );
});

it('remembers fewer of long ids', () => {
  const ids = new RecentIds(10);
  const long = (i: number): string => `${i}${'x'.repeat(2_000)}`;
  for (let i = 0; i < 3; i++) expect(ids.add(long(i))).toBe(true);
  expect([ids.add(long(2)), ids.add(long(1)), ids.add(long(0))]).toEqual([false, false, true]);
});
