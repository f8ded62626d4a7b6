import { nanos, type OpenPosition, type QuotedBook } from '@tapewatch/core';
import { RiskHistory } from './risk.ts';

const KEPT = 1_500;
const position = (symbol: string, quantity: number): OpenPosition => ({
  ...{ strategy: 's', venue: 'v', account: 'a', currency: 'USD', symbol, quantity, mark: null, rate: 1 },
});

describe('RiskHistory', () => {
  it('tells what positions would have made between the runs that it keeps, where all of them had a mid', async () => {
    const [held, other] = [
      [position('A', 2), position('B', -3)],
      [position('A', 1), position('C', 1)],
    ];
    // Whole mids that repeat with no common period; B is not looked at now and then, C not for longer than runs are kept.
    const midOf = (symbol: string, run: number): number => 50 + ((run * (symbol === 'A' ? 7 : 11)) % 13);
    const isOpen = (symbol: string, run: number): boolean =>
      symbol === 'A' || (symbol === 'B' ? run % 5 !== 0 : run < 3 || run > KEPT + 50);
    const history = new RiskHistory();
    const expected: number[] = [];
    for (let run = 0; run < KEPT + 60; run++) {
      const open = ['A', 'B', 'C']
        .filter((symbol) => isOpen(symbol, run))
        .map((symbol) => ({ key: position(symbol, 1) }));
      const reader = {
        quotesBefore: (asked: readonly { readonly symbol: string }[]) =>
          Promise.resolve(
            asked.map(({ symbol }): QuotedBook => {
              const mid = midOf(symbol, run);
              return {
                table: 'quotes',
                venue: 'v',
                symbol,
                timeNanos: nanos(0n),
                bid: mid - 1,
                bidSize: 1,
                ask: mid + 1,
                askSize: 1,
              };
            }),
          ),
      };
      const marks = await history.look(reader, { open: open as never, nowNanos: BigInt(run) });
      if (run > 0) {
        const known = isOpen('B', run) && isOpen('B', run - 1);
        const gain = (symbol: string): number => midOf(symbol, run) - midOf(symbol, run - 1);
        expected.push(known ? 2 * gain('A') - 3 * gain('B') : NaN);
      }
      expect(marks.markOf({ venue: 'v', symbol: 'B' })).toBe(isOpen('B', run) ? midOf('B', run) : null);
      if (run % 97 !== 0 && run !== KEPT + 59) continue;
      expect(marks.profitsOf(held)).toEqual(expected.slice(-(KEPT - 1)).filter((profit) => !Number.isNaN(profit)));
      if (run === KEPT + 59) expect(marks.profitsOf(other)).toHaveLength(8);
    }
  });

  it('remembers a bounded number of instruments, and forgets those that were closed longest ago', async () => {
    const history = new RiskHistory({ maxRemembered: 3 });
    const look = (run: number, ...symbols: readonly string[]) => {
      const quote = {
        table: 'quotes',
        venue: 'v',
        timeNanos: nanos(0n),
        bid: 10 * run - 1,
        bidSize: 1,
        ask: 10 * run + 1,
        askSize: 1,
      };
      const quotesBefore = (asked: readonly { readonly symbol: string }[]) =>
        Promise.resolve(asked.map(({ symbol }): QuotedBook => ({ ...quote, table: 'quotes', symbol })));
      const open = symbols.map((symbol) => ({ key: position(symbol, 1) }));
      return history.look({ quotesBefore }, { open: open as never, nowNanos: BigInt(run) });
    };
    await look(1, 'A', 'B', 'C');
    await look(2, 'B', 'D');
    expect(history.remembered).toBe(3);
    const { profitsOf } = await look(3, 'A', 'B', 'D');
    expect(history.remembered).toBe(3);
    // A was forgotten while it was closed: what it would have made before is not known any more.
    expect([profitsOf([position('A', 1)]), profitsOf([position('D', 1)]), profitsOf([position('B', 1)])]).toEqual([
      [],
      [10],
      [10, 10],
    ]);
  });
});
