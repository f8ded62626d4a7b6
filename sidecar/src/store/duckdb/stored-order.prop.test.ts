import fc from 'fast-check';
import { stretchesOf } from './stored-order.ts';

/** Distinct numbers, cut into runs as threads give them. */
const runs = fc
  .uniqueArray(fc.nat(1_000), { maxLength: 60 })
  .chain((numbers) => fc.tuple(fc.constant(numbers), fc.array(fc.nat(3), { minLength: 60, maxLength: 60 })))
  .map(([numbers, thread]) =>
    [0, 1, 2, 3].flatMap((one) => numbers.filter((_, i) => thread[i] === one).sort((a, b) => a - b)),
  );

it('puts runs together in ascending order, each value once', () => {
  fc.assert(
    fc.property(runs, (list) => {
      const values = Float64Array.from(list);
      const told = stretchesOf(values)?.flatMap(({ from, to }) => [...values.subarray(from, to)]);
      expect(told).toEqual([...list].sort((a, b) => a - b));
    }),
  );
});

it('leaves what is in no order to a sort', () => {
  expect(stretchesOf(Float64Array.from({ length: 1_000 }, (_, i) => -i))).toBeUndefined();
});
