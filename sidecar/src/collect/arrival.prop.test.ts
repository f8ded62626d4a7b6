/** The desk's live figures after any order of arrival are those of a desk that reads the stored fills from their beginning. */
import { nanos, type Fill, type Quote } from '@tapewatch/core';
import fc from 'fast-check';
import type { EventFilter, StoreReader } from '../ports.ts';
import { tradingCollector } from './trading.ts';

const SECOND = 1_000_000_000n;
const START = 1_800_000_000n * SECOND;
/** Runs of the desk lie so far apart; all of it together is less than the hour that a fill may be late. */
const RUN_SECONDS = 20n;
const OPTIONS = { initialEquity: 1_000, rollingWindow: 5 };

interface Step {
  readonly wait: number;
  readonly kind: 'new' | 'bust' | 'amend';
  readonly about: number;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly lots: number;
  readonly ticks: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  wait: fc.integer({ min: 0, max: 30 }),
  kind: fc.constantFrom('new', 'new', 'new', 'new', 'bust', 'amend'),
  about: fc.nat(7),
  symbol: fc.constantFrom('A', 'B'),
  side: fc.constantFrom('buy', 'sell'),
  lots: fc.integer({ min: 1, max: 50 }),
  ticks: fc.integer({ min: 500, max: 1_500 }),
});

/** Executions, busts and amendments of them, in order of their stamps. */
function fillsOf(steps: readonly Step[]): Fill[] {
  let second = 0;
  return steps.map(({ wait, kind, about, symbol, side, lots, ticks }, i) => {
    second += wait;
    const corrects = kind !== 'new' && i > 0;
    return {
      ...{ table: 'fills', id: `x${i}`, timeNanos: nanos(START + BigInt(second) * SECOND), orderId: 'o', venue: 'V' },
      ...{ symbol, strategy: 's', account: '', side, quantity: lots / 10, price: ticks / 100, currency: 'USD' },
      ...{ fee: 0.01, feeCurrency: 'USD', liquidity: '', execution: corrects ? kind : 'new' },
      refersTo: corrects ? `x${Math.max(0, i - 1 - about)}` : '',
    };
  });
}

/** A store of what has arrived: within one stamp in the order of arrival. */
function readerOver(arrived: readonly Fill[]): Pick<StoreReader, 'events' | 'quotesBefore' | 'select'> {
  const mid: Omit<Quote, 'venue' | 'symbol'> = {
    ...{ table: 'quotes', timeNanos: nanos(START), exchangeNanos: null, sequence: null },
    ...{ bid: 10, ask: 10, bidSize: 1, askSize: 1 },
  };
  return {
    events: async (_table: unknown, { startNanos, endNanos, limit, newestFirst }: EventFilter) => {
      const found = arrived.filter(({ timeNanos }) => timeNanos >= startNanos && timeNanos < endNanos);
      found.sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
      if (newestFirst === true) found.reverse();
      return found.slice(0, limit) as never;
    },
    quotesBefore: async (asked) => asked.map(({ venue, symbol }) => ({ ...mid, venue, symbol })),
    select: async () => [],
  };
}

/** Returns and value at risk look back on the runs of a desk, which two desks do not share. */
const OF_RUNS = /^trading_(portfolio_return|var|shortfall)/;

it('any order of arrival within the hour gives the figures of a recomputation from the stored events', async () => {
  const shuffled = fc
    .array(step, { minLength: 2, maxLength: 40 })
    .map(fillsOf)
    .chain((fills) => fc.shuffledSubarray(fills, { minLength: fills.length }));
  await fc.assert(
    fc.asyncProperty(shuffled, fc.integer({ min: 1, max: 4 }), async (order, every) => {
      const arrived: Fill[] = [];
      const reader = readerOver(arrived);
      const live = tradingCollector(reader, OPTIONS);
      let now = START;
      for (const [i, fill] of order.entries()) {
        arrived.push(fill);
        now += RUN_SECONDS * SECOND;
        if (i % every === 0) await live.collect(now);
      }
      const end = START + 2_000n * SECOND;
      const told = (await live.collect(end)).filter(({ name }) => !OF_RUNS.test(name));
      const anew = (await tradingCollector(reader, OPTIONS).collect(end)).filter(({ name }) => !OF_RUNS.test(name));
      expect(told).toEqual(anew);
    }),
    { numRuns: 200 },
  );
});
