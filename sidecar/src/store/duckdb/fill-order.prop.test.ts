import fc from 'fast-check';
import { reordered } from '@tapewatch/core';
import { timeOrder } from './fill-order.ts';
import { millisecondsOf } from './stamp-halves.ts';
import { groupNumbers } from './group-numbers.ts';

const stamp = fc.oneof(
  fc.bigInt(-5n, 5n),
  fc.bigInt(1_700_000_000_000_000_000n, 1_700_000_000_000_000_009n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);
const stamps = fc.array(stamp, { maxLength: 15 }).map((list) => BigInt64Array.from(list));

describe('order of fills', () => {
  it('sorts by time, keeps the order of equal stamps and names their runs', () => {
    fc.assert(
      fc.property(stamps, (column) => {
        const found = timeOrder(column);
        const places = Uint32Array.from(column, (_, at) => at);
        const wanted = places.slice().sort((a, b) => {
          const [left, right] = [column[a] as bigint, column[b] as bigint];
          return left === right ? a - b : left < right ? -1 : 1;
        });
        const order = found?.order ?? places;
        expect([...order]).toEqual([...wanted]);
        const sorted = [...wanted].map((at) => column[at] as bigint);
        const runs = sorted.flatMap((one, from) =>
          sorted[from - 1] === one || sorted[from + 1] !== one ? [] : [[from, sorted.lastIndexOf(one) + 1]],
        );
        expect(found?.ties).toEqual(runs);
        expect([...reordered(places, order)]).toEqual([...wanted]);
      }),
    );
  });

  it('gives up where too much is out of order', () => {
    expect(timeOrder(BigInt64Array.from({ length: 40 }, (_, row) => BigInt(-row)))).toBeUndefined();
  });

  it('rounds stamps down to milliseconds', () => {
    fc.assert(
      fc.property(stamps, (column) => {
        const floor = (one: bigint): number =>
          Number((one - (((one % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n);
        expect([...millisecondsOf(column)]).toEqual([...column].map(floor));
      }),
    );
  });

  it('numbers groups by their hashes, unless two share one', () => {
    const hashes = fc.uniqueArray(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(hashes, fc.array(fc.nat(), { maxLength: 50 }), (groups, rows) => {
        const numbers = rows.map((row) => row % groups.length);
        const column = Uint32Array.from(numbers, (number) => groups[number] as number);
        expect([...(groupNumbers(groups)?.(column) ?? [])]).toEqual(numbers);
        expect(groupNumbers([...groups, groups[0] as number])).toBeUndefined();
      }),
    );
  });
});
