import fc from 'fast-check';
import { HashNumbers } from './hash-numbers.ts';

/** Hashes that share their lower half, so that they meet, and many of them, so that there must be room. */
const hash = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.nat(3_000).map((i) => BigInt(i) << 32n),
  fc.nat(3_000).map(BigInt),
);

it('numbers hashes as they come, and finds those only', () => {
  fc.assert(
    fc.property(fc.array(fc.array(hash, { maxLength: 3_000 }), { maxLength: 4 }), fc.array(hash), (lists, others) => {
      const numbers = new HashNumbers();
      const known = new Map<bigint, number>();
      for (const list of lists) {
        for (const one of list) if (!known.has(one)) known.set(one, known.size);
        expect([...numbers.numbersOf(BigInt64Array.from(list))]).toEqual(list.map((one) => known.get(one)));
      }
      expect(numbers.size).toBe(known.size);
      const asked = [...others, ...known.keys()];
      expect([...numbers.find(BigInt64Array.from(asked))]).toEqual(asked.map((one) => known.get(one) ?? -1));
    }),
    { numRuns: 50 },
  );
});
