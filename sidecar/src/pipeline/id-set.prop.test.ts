/** Texts as bytes against a plain Set. */
import fc from 'fast-check';
import { EncodedId, IdSet } from './id-set.ts';

/** Few, so that they repeat; of any script, empty, and longer than what is encoded at once. */
const id = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ab', 'aa', 'é', 'ü\u0000', '\u0000', '日本', '😀', 'x'.repeat(300), 'x'.repeat(301)),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

it('holds what was added and nothing else, through growth, until it is emptied', () => {
  fc.assert(
    fc.property(fc.array(id, { maxLength: 50 }), fc.nat(5_000), (ids, numbered) => {
      const [set, model, asked] = [new IdSet(1_000), new Set<string>(), new EncodedId()];
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
  const [set, one, other] = [new IdSet(1_000), new EncodedId(), new EncodedId()];
  one.set('one');
  other.set('two');
  other.hash = one.hash;
  set.add(one);
  expect(set.has(other)).toBe(false);
  set.add(other);
  expect([set.has(one), set.has(other), set.size]).toEqual([true, true, 2]);
});

it('keeps no room of an uncommonly long text', () => {
  const [set, asked] = [new IdSet(100), new EncodedId()];
  asked.set('x'.repeat(1_000_000));
  set.add(asked);
  expect(set.has(asked)).toBe(true);
  set.clear();
  asked.set('short');
  expect([asked.length, set.has(asked)]).toEqual([5, false]);
  expect(asked.bytes.length).toBeLessThan(100_000);
  set.add(asked);
  expect([set.has(asked), set.size]).toEqual([true, 1]);
});
