import fc from 'fast-check';
import { at } from '../testing/trading-row.ts';
import { intervalVwap } from './interval-benchmark.ts';
import { MidLine, PrintTape } from './time-line.ts';

describe('MidLine', () => {
  const line = new MidLine([at(1), at(2), at(4), at(6)], [100, 110, null, 120], at(8));

  it('tells strictly before from at or before, and nothing past the end', () => {
    expect([line.before(at(1)), line.before(at(2)), line.before(at(2.5)), line.before(at(5))]).toEqual([
      null,
      100,
      110,
      null,
    ]);
    expect([line.at(at(1)), line.at(at(2)), line.at(at(8)), line.at(at(8.1))]).toEqual([100, 110, 120, null]);
  });

  it('weighs mids by how long they stood, without the time that had none', () => {
    expect(line.twap(at(1), at(4))).toBeCloseTo((100 + 2 * 110) / 3, 9);
    expect(line.twap(at(1.5), at(7))).toBeCloseTo((0.5 * 100 + 2 * 110 + 120) / 3.5, 9);
    expect(line.twap(at(4), at(6))).toBeNull();
    expect(line.twap(at(0), at(1))).toBeNull();
    expect(line.twap(at(2), at(2))).toBe(100);
  });
});

describe('MidLine with an age limit', () => {
  const line = new MidLine([at(0), at(1), at(50)], [100, 110, 120], at(100), 10_000_000_000n);

  it('lets a silent quote stand no longer than that, and tells for how long it was silent', () => {
    expect(line.average(at(0), at(60))).toEqual({
      mid: (100 + 1_100 + 1_200) / 21,
      knownNanos: 21e9,
      staleNanos: 39e9,
    });
    expect(line.average(at(20), at(40))).toEqual({ mid: null, knownNanos: 0, staleNanos: 20e9 });
  });

  it('withholds the mid before a single stamp when it is too old', () => {
    expect(line.average(at(11), at(11))).toEqual({ mid: 110, knownNanos: 0, staleNanos: 0 });
    expect(line.average(at(12), at(12))).toEqual({ mid: null, knownNanos: 0, staleNanos: 11e9 });
  });
});

describe('PrintTape', () => {
  const prints = fc.array(
    fc.record({
      second: fc.nat(50),
      price: fc.integer({ min: 1, max: 1000 }),
      quantity: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 30 },
  );

  it('sums what lies between two stamps', () => {
    fc.assert(
      fc.property(prints, fc.nat(50), fc.nat(50), (rows, from, to) => {
        const tape = new PrintTape(
          [...rows]
            .sort((a, b) => a.second - b.second)
            .map(({ second, ...rest }) => ({ ...rest, timeNanos: at(second) })),
        );
        const inside = rows.filter(({ second }) => second >= from && second <= to);
        const { volume, notional, prints: count } = tape.between(at(from), at(to));
        expect(count).toBe(inside.length);
        expect(volume).toBeCloseTo(
          inside.reduce((sum, { quantity }) => sum + quantity, 0),
          9,
        );
        expect(notional).toBeCloseTo(
          inside.reduce((sum, { price, quantity }) => sum + price * quantity, 0),
          6,
        );
      }),
    );
  });
});

describe('the VWAP of an interval', () => {
  const tape = { volume: 100, notional: 10_100, prints: 7 };

  it('keeps our own prints up to 5 % of the volume and takes them out above', () => {
    expect(intervalVwap(tape, { quantity: 5, notional: 600 })).toEqual({
      vwap: 101,
      participation: 0.05,
      ownExcluded: false,
    });
    expect(intervalVwap(tape, { quantity: 20, notional: 2_100 })).toEqual({
      vwap: 100,
      participation: 0.2,
      ownExcluded: true,
    });
  });

  it('does not exist where nobody else traded', () => {
    expect(intervalVwap(tape, { quantity: 100, notional: 10_100 }).vwap).toBeNull();
    expect(intervalVwap({ volume: 0, notional: 0, prints: 0 }, { quantity: 1, notional: 1 })).toEqual({
      vwap: null,
      participation: null,
      ownExcluded: false,
    });
  });
});
