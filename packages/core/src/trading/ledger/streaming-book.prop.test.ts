import fc from 'fast-check';
import type { Fill } from '../../model/event.ts';
import { nanos } from '../../model/time.ts';
import { correctFills } from './correction.ts';
import { PNL_METHODS, type PnlMethod } from './exact-position.ts';
import { PositionLedger } from './position.ts';
import { StreamingBook, type TakeResult } from './streaming-book.ts';

const SECOND = 1_000_000_000n;

function fillOf(id: string, second: number, figures: Partial<Fill> = {}): Fill {
  return {
    ...{ table: 'fills', id, timeNanos: nanos(BigInt(second) * SECOND), orderId: 'o', venue: 'XNAS', symbol: 'AMD' },
    ...{ strategy: 's', account: '', side: 'buy', quantity: 1, price: 10, currency: 'USD', fee: 0, feeCurrency: 'USD' },
    ...{ liquidity: '', execution: 'new', refersTo: '' },
    ...figures,
  };
}

const figures = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  quantity: fc.integer({ min: 1, max: 500 }).map((lots) => lots / 10),
  price: fc.integer({ min: 1, max: 100_000 }).map((ticks) => ticks / 100),
});

/** Executions and corrections of them, some of corrections, in order of their stamps. */
function history(size: number, least = 1): fc.Arbitrary<Fill[]> {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 3 }),
    kind: fc.constantFrom('new' as const, 'new' as const, 'new' as const, 'bust' as const, 'amend' as const),
    target: fc.nat(),
    figures,
  });
  return fc.array(step, { minLength: least, maxLength: size, size: 'max' }).map((steps) => {
    let second = 0;
    return steps.map(({ wait, kind, target, figures: own }, i) => {
      second += wait;
      const isNew = kind === 'new' || i === 0;
      const about = isNew ? {} : { execution: kind, refersTo: `x${Math.max(0, i - 1 - (target % 8))}` };
      return fillOf(`x${i}`, second, { ...own, ...about });
    });
  });
}

/** Any order in which nothing is overtaken by more than `most` places, with repeats. */
function arrivals(events: readonly Fill[], most: number): fc.Arbitrary<Fill[]> {
  const delays = fc.array(fc.record({ by: fc.integer({ min: 0, max: most }), twice: fc.boolean() }), {
    minLength: events.length,
    maxLength: events.length,
    size: 'max',
  });
  return delays.map((list) =>
    events
      .flatMap((event, i) => {
        const { by, twice } = list[i] ?? { by: 0, twice: false };
        return twice
          ? [
              { event, at: i + by },
              { event, at: i + by + 1 },
            ]
          : [{ event, at: i + by }];
      })
      .sort((a, b) => a.at - b.at)
      .map(({ event }) => event),
  );
}

function batch(events: readonly Fill[], method: PnlMethod): PositionLedger {
  const ledger = new PositionLedger(method);
  for (const fill of correctFills(events)) ledger.apply(fill);
  return ledger;
}

const method = fc.constantFrom(...PNL_METHODS);

describe('laws of a streaming book', () => {
  it('any order of arrival within the limit gives the figures of a booking in order, to the last digit', () => {
    const shuffled = history(40).chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
    );
    fc.assert(
      fc.property(shuffled, method, ([events, order], how) => {
        const book = new StreamingBook({ method: how, latenessNanos: 1_000n * SECOND });
        for (const event of order) expect(book.take(event)).not.toBe('too_late');
        expect(book.ledger.state).toEqual(batch(events, how).state);
        expect(book.waiting).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('reading in between changes nothing', () => {
    fc.assert(
      fc.property(
        history(60).chain((events) => arrivals(events, 20)),
        method,
        (order, how) => {
          const book = new StreamingBook({ method: how, latenessNanos: 1_000n * SECOND });
          order.forEach((event, i) => {
            book.take(event);
            if (i % 3 === 0) expect(book.ledger.state).toEqual(batch(order.slice(0, i + 1), how).state);
          });
        },
      ),
    );
  });

  it('a long stream is what was taken of it, and keeps a bounded part of it open', () => {
    const long = history(2_000, 1_000).chain((events) => arrivals(events, 12));
    fc.assert(
      fc.property(long, method, (order, how) => {
        const book = new StreamingBook({ method: how, latenessNanos: 60n * SECOND });
        const taken: Fill[] = [];
        for (const event of order) {
          const result: TakeResult = book.take(event);
          if (result !== 'too_late') taken.push(event);
        }
        const waiting = new Set(book.waiting);
        expect(book.ledger.state).toEqual(
          batch(
            taken.filter((event) => !waiting.has(event)),
            how,
          ).state,
        );
      }),
      { numRuns: 15 },
    );
  });
});

describe('StreamingBook', () => {
  const bookOf = (...events: readonly Fill[]): [StreamingBook, TakeResult[]] => {
    const book = new StreamingBook({ method: 'fifo', latenessNanos: 60n * SECOND });
    return [book, events.map((event) => book.take(event))];
  };

  it('drops a repeat by venue and execution id, not by id alone', () => {
    const [book, results] = bookOf(fillOf('a', 1), fillOf('a', 1), fillOf('a', 1, { venue: 'BATS' }));
    expect(results).toEqual(['booked', 'repeated', 'booked']);
    expect(book.ledger.quantity).toBe(2);
  });

  it('takes a bust back out, and an amendment in place of what it amends', () => {
    const amended = fillOf('c', 9, { execution: 'amend', refersTo: 'a', quantity: 3, price: 12 });
    const [book, results] = bookOf(
      fillOf('a', 1),
      fillOf('b', 2),
      fillOf('d', 8, { execution: 'bust', refersTo: 'b' }),
      amended,
    );
    expect(results).toEqual(['booked', 'booked', 'booked', 'booked']);
    expect([book.ledger.quantity, book.ledger.averageCost]).toEqual([3, 12]);
  });

  it('lets a correction wait for its execution', () => {
    const [book, results] = bookOf(fillOf('b', 2, { execution: 'bust', refersTo: 'a' }), fillOf('a', 1));
    expect(results).toEqual(['waiting', 'booked']);
    expect(book.ledger.isFlat).toBe(true);
  });

  it('says of what is too late that it was not taken', () => {
    const [book, results] = bookOf(fillOf('a', 100), fillOf('b', 39));
    expect(results).toEqual(['booked', 'too_late']);
    expect(book.ledger.quantity).toBe(1);
  });

  it('keeps open what may still change, and little more', () => {
    const book = new StreamingBook({ method: 'average', latenessNanos: 10n * SECOND });
    for (let second = 0; second < 20_000; second++) book.take(fillOf(`x${second}`, second));
    expect(book.open).toBeLessThan(600);
    expect(book.ledger.quantity).toBe(20_000);
  });
});
