/** Ids in bytes against a plain Set, and what two generations remember. */
import fc from 'fast-check';
import { EncodedId, IdSet } from './id-set.ts';
import { RecentIds } from './recent-ids.ts';

/** Few, so that they repeat; of any script, empty, and longer than what is encoded at once. */
const id = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ab', 'aa', 'é', 'ü\u0000', '\u0000', '日本', '😀', 'x'.repeat(300), 'x'.repeat(301)),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

it('holds what was added and nothing else, through growth, until it is emptied', () => {
  fc.assert(
    fc.property(fc.array(id, { maxLength: 50 }), fc.nat(5_000), (ids, numbered) => {
      const [set, model, asked] = [new IdSet(), new Set<string>(), new EncodedId()];
      const all = [...ids, ...Array.from({ length: numbered }, (_, i) => `order-${i * 7}`)];
      for (const round of [1, 2]) {
        for (const text of all) {
          asked.set(text);
          if (set.has(asked) !== model.has(text)) throw new Error(`round ${round}: ${text}`);
          set.add(asked);
          model.add(text);
        }
        expect(set.size).toBe(model.size);
        asked.set('never added');
        expect(set.has(asked)).toBe(false);
        set.clear();
        model.clear();
        expect([set.size, set.bytes]).toEqual([0, 0]);
      }
    }),
    { numRuns: 60 },
  );
});

it('tells apart what has the same hash', () => {
  const [set, one, other] = [new IdSet(), new EncodedId(), new EncodedId()];
  one.set('one');
  other.set('two');
  other.hash = one.hash;
  set.add(one);
  expect(set.has(other)).toBe(false);
  set.add(other);
  expect([set.has(one), set.has(other), set.size]).toEqual([true, true, 2]);
});

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
