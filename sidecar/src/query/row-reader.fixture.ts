/** For tests: rows in memory that answer as a store does, and say what they were asked. */
import { feedHealth, type EventRow, type EventTable, type Quote } from '@tapewatch/core';
import type { EventFilter, EventRowByTable, StoreReader } from '../ports.ts';

export interface AskedRows {
  readonly reader: StoreReader;
  readonly asked: { readonly table: EventTable; readonly filter: EventFilter }[];
  /** Calls of `quotesBefore`, and the stamps of each. */
  readonly quoteReads: number[];
}

const FILTERED = ['venue', 'symbol', 'strategy', 'account', 'execution'] as const;

export function rowReader(rows: readonly EventRow[]): AskedRows {
  const asked: AskedRows['asked'] = [];
  const quoteReads: number[] = [];
  const sorted = [...rows].sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
  const quotes = sorted.filter((row): row is Quote => row.table === 'quotes');
  const reader: StoreReader = {
    select: () => Promise.resolve([]),
    series: () => Promise.resolve([]),
    transitions: () => Promise.resolve([]),
    events: <T extends EventTable>(table: T, filter: EventFilter) => {
      asked.push({ table, filter });
      const found = sorted.filter((row) => row.table === table && passes(row, filter));
      if (filter.newestFirst === true) found.reverse();
      return Promise.resolve(found.slice(0, filter.limit ?? found.length) as EventRow[] as EventRowByTable[T][]);
    },
    quotesBefore: (asks) => {
      quoteReads.push(asks.length);
      return Promise.resolve(
        asks.map(({ venue, symbol, timeNanos }) => {
          const before = (quote: Quote): boolean =>
            quote.venue === venue && quote.symbol === symbol && quote.timeNanos < timeNanos;
          return quotes.findLast(before) ?? null;
        }),
      );
    },
    quoteGaps: ({ feeds, startNanos, endNanos }) =>
      Promise.resolve(
        feeds.flatMap(({ venue, symbol }) => {
          const own = quotes.filter((quote) => quote.venue === venue && quote.symbol === symbol);
          return feedHealth(own.filter(({ timeNanos }) => timeNanos >= startNanos && timeNanos < endNanos)).gaps;
        }),
      ),
  };
  return { reader, asked, quoteReads };
}

function passes(row: EventRow, filter: EventFilter): boolean {
  if (row.timeNanos < filter.startNanos || row.timeNanos >= filter.endNanos) return false;
  const { orderIds } = filter;
  if (orderIds !== undefined && orderIds.length > 0 && !('orderId' in row && orderIds.includes(row.orderId)))
    return false;
  return FILTERED.every((column) => {
    const wanted: readonly string[] = filter[column] ?? [];
    return wanted.length === 0 || wanted.includes(String(Reflect.get(row, column)));
  });
}
