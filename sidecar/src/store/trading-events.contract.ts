/** The part of the store contract about events of markets, accounts, agents, exchanges and traces. */
import { nanos, type EventRow, type MarketTrade } from '@tapewatch/core';
import type { EventFilter, Recovery, Store } from '../ports.ts';
import {
  bookOf,
  cashFlowOf,
  exchangeStatusOf,
  fxRateOf,
  marketTradeOf,
  positionOf,
  signalOf,
  spanOf,
} from './event.fixture.ts';
import { batchOf, fillOf, orderOf, seconds } from './store.fixture.ts';

const WHOLE: EventFilter = { startNanos: 0n, endNanos: 9_223_372_036_854_775_807n };

export function describeTradingEvents(store: () => Store, restart: () => Promise<Recovery>): void {
  it('keeps every field of prints, depth, positions, signals, cash, rates, status and spans', async () => {
    const rows = {
      market_trades: [
        marketTradeOf('1', seconds(1)),
        marketTradeOf('2', seconds(2), { exchangeNanos: null, aggressor: '' }),
      ],
      book_levels: [
        bookOf(seconds(1)),
        bookOf(seconds(2), { kind: 'update', bidPrices: [], bidSizes: [], sequence: null }),
      ],
      positions: [
        positionOf(seconds(1)),
        positionOf(seconds(2), { averagePrice: null, mark: null, quantityLimit: null, maxPositions: null }),
      ],
      signals: [
        signalOf('a', seconds(1)),
        signalOf('b', seconds(2), {
          prediction: null,
          confidence: null,
          consensus: null,
          outcome: -0.5,
          horizonNanos: null,
        }),
      ],
      cash_flows: [cashFlowOf('a', seconds(1))],
      fx_rates: [fxRateOf(seconds(1))],
      exchange_status: [
        exchangeStatusOf(seconds(1)),
        exchangeStatusOf(seconds(2), { requestsRemaining: null, requestsLimit: null, latencySeconds: null }),
      ],
      spans: [spanOf('00f067aa0ba902b7', seconds(1)), spanOf('00f067aa0ba902b8', seconds(2), { attributes: {} })],
      fills: [fillOf('x', seconds(1)), fillOf('y', seconds(2), { execution: 'bust', refersTo: 'x', quantity: 0 })],
      orders: [
        orderOf('x', seconds(1), { decisionNanos: nanos(seconds(0)), decisionMid: 10.25, correlationId: 'trace-1' }),
      ],
    } as const;
    await store().append(batchOf({ events: Object.values(rows).flat() }));
    await restart();
    for (const [table, expected] of Object.entries(rows)) {
      expect(await store().events(table as keyof typeof rows, WHOLE)).toEqual(expected);
    }
  });

  it('drops and counts repeats by what makes an event the same, across batches and a restart', async () => {
    const once: EventRow[] = [
      ...[
        marketTradeOf('t', seconds(1)),
        marketTradeOf('t', seconds(1), { symbol: 'EMCA' }),
        marketTradeOf('t', seconds(2)),
      ],
      ...[
        positionOf(seconds(1)),
        positionOf(seconds(1), { kind: 'balance' }),
        positionOf(seconds(1), { strategy: '' }),
      ],
      ...[signalOf('s', seconds(1)), cashFlowOf('c', seconds(1))],
      ...[fxRateOf(seconds(1)), fxRateOf(seconds(1), { source: 'other' })],
      ...[spanOf('00f067aa0ba902b7', seconds(1)), spanOf('00f067aa0ba902b8', seconds(1))],
    ];
    expect(await store().append(batchOf({ events: [...once, ...once] }))).toEqual({ duplicates: once.length });
    await restart();
    const again = [
      ...once,
      signalOf('s', seconds(8), { event: 'outcome' }),
      cashFlowOf('c', seconds(8)),
      marketTradeOf('u', seconds(1)),
    ];
    expect(await store().append(batchOf({ events: again }))).toEqual({ duplicates: once.length + 2 });
    expect((await store().events('market_trades', WHOLE)).map(({ id, symbol }) => id + symbol)).toEqual([
      ...['tACME', 'tEMCA', 'uACME', 'tACME'],
    ]);
    for (const table of ['positions', 'signals', 'cash_flows', 'fx_rates', 'spans'] as const) {
      const kept = once.filter((row) => row.table === table);
      expect(await store().events(table, WHOLE)).toEqual(kept);
    }
  });

  it('keeps what has no identity as often as it comes', async () => {
    const rows = [bookOf(seconds(1)), bookOf(seconds(1)), exchangeStatusOf(seconds(1)), exchangeStatusOf(seconds(1))];
    expect(await store().append(batchOf({ events: rows }))).toEqual({ duplicates: 0 });
    expect(await store().events('book_levels', WHOLE)).toHaveLength(2);
    expect(await store().events('exchange_status', WHOLE)).toHaveLength(2);
  });

  it('drops repeats that come soon, late, and much later', async () => {
    const prints = [0, 1, 5, 9, 60, 61].map((second) => marketTradeOf(`t${second}`, seconds(second)));
    const [first, second, third, fourth, fifth, sixth] = prints;
    for (const events of [[first, second, third], [third, fourth, second], [fifth], [fifth, sixth, first], prints]) {
      await store().append(batchOf({ events: events as MarketTrade[] }));
    }
    await restart();
    const again = [sixth, marketTradeOf('new', seconds(61))] as MarketTrade[];
    expect(await store().append(batchOf({ events: again }))).toEqual({ duplicates: 1 });
    const kept = await store().events('market_trades', WHOLE);
    expect(kept.map(({ id }) => id)).toEqual(['t0', 't1', 't5', 't9', 't60', 't61', 'new']);
  });

  it('keeps late rows in the place of their stamp', async () => {
    await store().append(
      batchOf({ events: [spanOf('00f067aa0ba902b7', seconds(90)), marketTradeOf('n', seconds(90))] }),
    );
    await store().append(
      batchOf({ events: [spanOf('00f067aa0ba902b8', seconds(10)), marketTradeOf('l', seconds(10))] }),
    );
    expect((await store().events('spans', WHOLE)).map(({ spanId }) => spanId.at(-1))).toEqual(['8', '7']);
    expect((await store().events('market_trades', WHOLE)).map(({ id }) => id)).toEqual(['l', 'n']);
    const newest = await store().events('market_trades', { ...WHOLE, newestFirst: true, limit: 1 });
    expect(newest.map(({ id }) => id)).toEqual(['n']);
  });

  it('finds corrections by kind, and rows of an agent, a service, a trace and a correlation', async () => {
    const other = '5bf92f3577b34da6a3ce929d0e0e4736';
    await store().append(
      batchOf({
        events: [
          ...[fillOf('x', seconds(1)), fillOf('b', seconds(2), { execution: 'bust', refersTo: 'x' })],
          fillOf('m', seconds(3), { execution: 'amend', refersTo: 'x' }),
          ...[signalOf('1', seconds(1)), signalOf('2', seconds(2), { agent: 'mean', correlationId: 'c-2' })],
          spanOf('00f067aa0ba902b7', seconds(1)),
          spanOf('00f067aa0ba902b8', seconds(2), { service: 'risk', traceId: other, correlationId: 'o-2' }),
          orderOf('x', seconds(1), { correlationId: 'o-2' }),
        ],
      }),
    );
    const fills = async (filter: Partial<EventFilter>) =>
      (await store().events('fills', { ...WHOLE, ...filter })).map(({ id }) => id).join('');
    expect(await fills({ execution: ['bust', 'amend'] })).toBe('bm');
    expect(await fills({ execution: ['new'] })).toBe('x');
    const signals = async (filter: Partial<EventFilter>) =>
      (await store().events('signals', { ...WHOLE, ...filter })).map(({ id }) => id).join('');
    expect(await signals({ agent: ['mean'] })).toBe('2');
    expect(await signals({ correlationIds: ['c-1'] })).toBe('1');
    const spans = async (filter: Partial<EventFilter>) =>
      (await store().events('spans', { ...WHOLE, ...filter })).map(({ spanId }) => spanId.at(-1)).join('');
    expect(await spans({ service: ['gateway'] })).toBe('7');
    expect(await spans({ traceIds: [other] })).toBe('8');
    expect(await spans({ correlationIds: ['o-2'] })).toBe('8');
    expect(await store().events('orders', { ...WHOLE, correlationIds: ['o-2'] })).toHaveLength(1);
  });

  it('lets rows go when their time is over', async () => {
    const day = 86_400;
    const rows = [
      ...[marketTradeOf('1', seconds(1)), bookOf(seconds(1)), positionOf(seconds(1)), signalOf('1', seconds(1))],
      ...[
        cashFlowOf('1', seconds(1)),
        fxRateOf(seconds(1)),
        exchangeStatusOf(seconds(1)),
        spanOf('00f067aa0ba902b7', seconds(1)),
      ],
    ];
    await store().append(batchOf({ events: rows }));
    expect(await store().retain(seconds(366 * day))).toBe(rows.length);
    for (const { table } of rows) expect(await store().events(table, WHOLE)).toEqual([]);
  });
}
