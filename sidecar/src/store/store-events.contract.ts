/** The part of the store contract about events, transitions and what a restart needs. */
import { Labels, nanos, type DeadLetter } from '@tapewatch/core';
import type { EventFilter, Recovery, Store } from '../ports.ts';
import {
  batchOf,
  businessEventOf,
  fillOf,
  healthOf,
  orderOf,
  quoteOf,
  samplesOf,
  seconds,
  seriesOf,
  transitionOf,
} from './store.fixture.ts';

const WHOLE: EventFilter = { startNanos: 0n, endNanos: 9_223_372_036_854_775_807n };

export function describeEvents(store: () => Store, restart: () => Promise<Recovery>): void {
  it('keeps every field of every kind of event', async () => {
    const order = orderOf('1', seconds(1), { sentNanos: nanos(seconds(0) + 1n), price: null, arrivalMid: 10.125 });
    const fill = fillOf('1', seconds(2) + 1n);
    const quote = quoteOf(seconds(3), null, { exchangeNanos: nanos(seconds(2)), sequence: 10n ** 19n - 1n });
    const health = healthOf(seconds(4), 'gateway');
    const letter: DeadLetter = {
      table: 'dead_letters',
      timeNanos: nanos(seconds(5)),
      stream: 'orders',
      subject: 'tw.orders.x',
      reason: 'syntax',
      detail: 'not JSON',
      payload: Uint8Array.of(0, 255, 10, 39),
    };
    const business = [
      businessEventOf(seconds(5) + 1n),
      businessEventOf(seconds(6), { metricName: '', metricValue: null, labels: {}, durationMs: null }),
    ];
    await store().append(batchOf({ events: [letter, health, quote, ...business, fill, order] }));
    await restart();
    expect(await store().events('orders', WHOLE)).toEqual([order]);
    expect(await store().events('fills', WHOLE)).toEqual([fill]);
    expect(await store().events('quotes', WHOLE)).toEqual([quote]);
    expect(await store().events('health_results', WHOLE)).toEqual([health]);
    expect(await store().events('events', WHOLE)).toEqual(business);
    expect(await store().events('dead_letters', WHOLE)).toEqual([letter]);
  });

  it('drops and counts orders with a known id and fills with a known venue and id', async () => {
    const first = [orderOf('a', seconds(1)), fillOf('f', seconds(1)), fillOf('f', seconds(1), { venue: 'BATS' })];
    expect(await store().append(batchOf({ events: first }))).toEqual({ duplicates: 0 });
    const again = [
      orderOf('a', seconds(9), { reason: 'a repeat' }),
      orderOf('b', seconds(2)),
      orderOf('b', seconds(3)),
      fillOf('f', seconds(9)),
      fillOf('g', seconds(2)),
    ];
    expect(await store().append(batchOf({ events: again }))).toEqual({ duplicates: 3 });
    await restart();
    expect(await store().append(batchOf({ events: [...first, ...again] }))).toEqual({ duplicates: 8 });
    expect((await store().events('orders', WHOLE)).map(({ id, reason }) => [id, reason])).toEqual([
      ['a', ''],
      ['b', ''],
    ]);
    expect((await store().events('fills', WHOLE)).map(({ id, venue }) => [id, venue])).toEqual([
      ['f', 'XNAS'],
      ['f', 'BATS'],
      ['g', 'XNAS'],
    ]);
  });

  it('filters events by range, columns and limit, in both directions', async () => {
    const events = ['a', 'b', 'c', 'd'].map((id, i) =>
      orderOf(id, seconds(i), {
        venue: i % 2 === 0 ? 'XNAS' : 'BATS',
        strategy: id,
        account: 'x',
        symbol: i === 3 ? 'EMCA' : 'ACME',
      }),
    );
    await store().append(batchOf({ events: events.toReversed() }));
    const ids = async (filter: Partial<EventFilter>) =>
      (await store().events('orders', { ...WHOLE, ...filter })).map(({ id }) => id).join('');
    expect(await ids({})).toBe('abcd');
    expect(await ids({ newestFirst: true, limit: 3 })).toBe('dcb');
    expect(await ids({ startNanos: seconds(1), endNanos: seconds(3) })).toBe('bc');
    expect(await ids({ venue: ['BATS'] })).toBe('bd');
    expect(await ids({ venue: ['BATS'], symbol: ['ACME'] })).toBe('b');
    expect(await ids({ strategy: ['a', 'd'], account: ['x'] })).toBe('ad');
    expect(await ids({ account: ['y'] })).toBe('');
    expect(await ids({ orderIds: ['order-c'], venue: [] })).toBe('c');
    expect(await ids({ venue: ["' OR 1=1 --"] })).toBe('');
  });

  it('keeps hostile ids apart', async () => {
    const hostile = [`'; DROP TABLE orders; --`, '"', '\\', '\u202e🦄', '', ' ', `' `];
    await store().append(batchOf({ events: hostile.map((id, i) => orderOf(id, seconds(i), { reason: id })) }));
    const found = await store().events('orders', WHOLE);
    expect(found.map(({ id }) => id)).toEqual(hostile);
    expect(found.map(({ reason }) => reason)).toEqual(hostile);
  });

  it('finds the last quote strictly before each stamp', async () => {
    const day = 86_400;
    await store().append(
      batchOf({
        events: [
          quoteOf(seconds(10), 1),
          quoteOf(seconds(20), 2),
          quoteOf(seconds(20), 3),
          quoteOf(seconds(20), 4, { venue: 'BATS' }),
          quoteOf(seconds(15), null),
        ],
      }),
    );
    const asked = (venue: string, stamp: bigint, symbol = 'ACME') => ({ venue, symbol, timeNanos: stamp });
    const found = await store().quotesBefore([
      asked('XNAS', seconds(20) + 1n),
      asked('XNAS', seconds(20)),
      asked('XNAS', seconds(15)),
      asked('XNAS', seconds(10)),
      asked('BATS', seconds(30 * day)),
      asked('XNAS', seconds(21), 'EMCA'),
      asked('XNAS', seconds(2 * day)),
      asked('XNAS', seconds(20) + 1n),
    ]);
    expect(found.map((quote) => quote && [quote.venue, quote.bid])).toEqual([
      ['XNAS', 3],
      ['XNAS', null],
      ['XNAS', 1],
      null,
      ['BATS', 4],
      null,
      ['XNAS', 3],
      ['XNAS', 3],
    ]);
    expect(await store().quotesBefore([])).toEqual([]);
  });

  it('finds the quote before a stamp hours later, whatever other stamps are asked for with it', async () => {
    const hour = 3_600;
    const quotes = [1, 10].map((hours) => quoteOf(seconds(hours * hour), hours));
    await store().append(batchOf({ events: quotes }));
    const asked = [hour + 1, 16 * hour, 10 * hour, 400 * hour].map((at) => ({
      ...{ venue: 'XNAS', symbol: 'ACME' },
      timeNanos: seconds(at),
    }));
    expect((await store().quotesBefore(asked)).map((quote) => quote?.bid)).toEqual([1, 10, 1, 10]);
  });

  it.each([
    ['in order', (a: number, b: number) => a - b],
    ['the other way round', (a: number, b: number) => b - a],
  ])('finds the quotes before thousands of stamps, quotes stored %s', async (_, order) => {
    const day = 86_400;
    // Two feeds; every tenth quote has a second one of the same stamp, which counts.
    const places = Array.from({ length: 300 }, (_unused, i) => i).sort(order);
    const quotes = places.flatMap((i) => {
      const one = { venue: i % 2 === 0 ? 'XNAS' : 'BATS' };
      const [first, again] = [i, i + 1_000].map((bid) => quoteOf(seconds(2 * day + i * 60), bid, one));
      return i % 10 === 0 ? [first, again] : [first];
    });
    await store().append(batchOf({ events: quotes.filter((quote) => quote !== undefined) }));
    const asked = Array.from({ length: 2_500 }, (_unused, i) => ({
      ...{ venue: i % 2 === 0 ? 'XNAS' : 'BATS', symbol: 'ACME' },
      timeNanos: seconds(2 * day + (i % 310) * 60) + BigInt(i % 3) - 1n,
    }));
    const found = await store().quotesBefore(asked);
    const expected = asked.map(({ venue, timeNanos }) => {
      const before = (i: number): boolean => seconds(2 * day + i * 60) < timeNanos;
      const last = places.filter((i) => before(i) && (i % 2 === 0 ? 'XNAS' : 'BATS') === venue);
      const newest = Math.max(...last);
      return newest < 0 ? undefined : newest % 10 === 0 ? newest + 1_000 : newest;
    });
    expect(found.map((quote) => quote?.bid ?? undefined)).toEqual(expected);
  });

  it('finds no gap where quotes came late', async () => {
    const sequences = [...Array.from({ length: 12 }, (_, i) => i), 14, 15, 12, 13, 16];
    await store().append(
      batchOf({ events: sequences.map((at) => quoteOf(seconds(at + 1), 1, { sequence: BigInt(at) })) }),
    );
    const feeds = [{ venue: 'XNAS', symbol: 'ACME' }];
    expect(await store().quoteGaps?.({ feeds, startNanos: seconds(0), endNanos: seconds(99), limit: 10 })).toEqual([]);
  });

  it('finds where a feed that counts its messages lost some, and no gap in numbers that jump by nature', async () => {
    const counted = (sequence: bigint, i: number) => quoteOf(seconds(i + 1), 1, { sequence });
    const sequences = [...Array.from({ length: 12 }, (_, i) => BigInt(i)), 15n, 16n, 16n, 17n];
    const jumping = [3n, 9n, 14n].map((sequence, i) => quoteOf(seconds(i + 1), 1, { sequence, venue: 'BATS' }));
    const unnumbered = quoteOf(seconds(13), 1, { sequence: null });
    await store().append(batchOf({ events: [...sequences.map(counted), ...jumping, unnumbered] }));
    const feeds = [
      { venue: 'XNAS', symbol: 'ACME' },
      { venue: 'BATS', symbol: 'ACME' },
    ];
    const range = { startNanos: seconds(0), endNanos: seconds(99), limit: 10 };
    const gap = { venue: 'XNAS', symbol: 'ACME', fromNanos: seconds(12), toNanos: seconds(13) };
    expect(await store().quoteGaps?.({ ...range, feeds })).toEqual([gap]);
    expect(await store().quoteGaps?.({ ...range, feeds: feeds.slice(1) })).toEqual([]);
    expect(await store().quoteGaps?.({ ...range, feeds: [] })).toEqual([]);
    expect(await store().quoteGaps?.({ ...range, feeds, limit: 0 })).toEqual([]);
  });

  it('gives back what a restart needs: series, positions and open alerts', async () => {
    const series = [
      seriesOf(7, { __name__: 'depth', venue: 'XNAS' }),
      seriesOf(3, { __name__: 'ack_seconds' }, 'distribution'),
    ];
    const other = Labels.from({ alertname: 'SlowAcks', venue: 'BATS' });
    const transitions = [
      transitionOf(seconds(1), 'pending'),
      transitionOf(seconds(2), 'firing', { from: 'pending' }),
      transitionOf(seconds(1), 'firing', { labels: other }),
      transitionOf(seconds(3), 'inactive', { labels: other, from: 'firing' }),
      transitionOf(seconds(3), 'keep_firing', { rule: 'Kept' }),
      transitionOf(seconds(3), 'pending', { group: 'second', value: NaN, annotations: {} }),
      // What late samples revised is kept with its mark, and opens and closes nothing.
      transitionOf(seconds(5), 'inactive', { rule: 'Kept', from: 'keep_firing', revised: true }),
      transitionOf(seconds(5), 'firing', { rule: 'Never', from: 'inactive', revised: true }),
    ];
    await store().append(
      batchOf({
        series,
        transitions: transitions.slice(0, 3),
        positions: [
          { log: 'ORDERS@1', sequence: 10 },
          { log: 'FILLS@4', sequence: 2 ** 52 },
        ],
      }),
    );
    await store().append(
      batchOf({
        transitions: transitions.slice(3),
        positions: [{ log: 'ORDERS@1', sequence: 12 }],
      }),
    );
    const recovery = await restart();
    expect(recovery.series).toEqual([series[1], series[0]]);
    expect(recovery.positions).toEqual([
      { log: 'FILLS@4', sequence: 2 ** 52 },
      { log: 'ORDERS@1', sequence: 12 },
    ]);
    expect(recovery.openAlerts).toEqual([transitions[1], transitions[4], transitions[5]]);
    const range = { startNanos: seconds(2), endNanos: seconds(4) };
    expect(await store().transitions({ ...range, limit: 2 })).toEqual([transitions[1], transitions[3]]);
    // The registry is there again: rows of known series need no definition.
    await store().append(batchOf({ samples: samplesOf([[7, seconds(8), 1]]) }));
    expect(await store().rawSince('metrics', 0n)).toHaveLength(1);
  });

  it('keeps open alerts however old they are', async () => {
    const closed = { rule: 'Closed' };
    const transitions = [
      transitionOf(seconds(0), 'pending'),
      transitionOf(seconds(1), 'firing'),
      transitionOf(seconds(0), 'firing', closed),
      transitionOf(seconds(1), 'inactive', closed),
    ];
    await store().append(batchOf({ transitions }));
    expect(await store().retain(seconds(2 * 365 * 86_400))).toBe(3);
    expect((await restart()).openAlerts).toEqual([transitions[1]]);
  });
}
