import { tapewatchQuery } from '@tapewatch/contract';
import {
  nanos,
  type BookUpdate,
  type EventRow,
  type Fill,
  type MarketTrade,
  type OrderEvent,
  type Quote,
  type Table,
} from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { runImpact } from './impact-query.ts';
import { MAX_FLOW_ROWS, MAX_MARKET_ROWS } from './limit.ts';
import { runMarket } from './market-query.ts';
import { rowReader } from './row-reader.fixture.ts';

const ENVELOPE: QueryEnvelope = {
  startMs: 0,
  endMs: 99_999,
  intervalMs: 10_000,
  maxDataPoints: 1_000,
  fromAlert: false,
};
const at = (seconds: number) => nanos(BigInt(Math.round(seconds * 1e9)));
const FEED = { venue: 'XNAS', symbol: 'AMD' };

function quote(second: number, mid: number, part: Partial<Quote> = {}): Quote {
  const rest = { exchangeNanos: at(second - 0.01), bidSize: 3, askSize: 1, sequence: BigInt(Math.round(second * 10)) };
  return { table: 'quotes', timeNanos: at(second), ...FEED, bid: mid - 0.5, ask: mid + 0.5, ...rest, ...part };
}

function print(second: number, price: number, part: Partial<MarketTrade> = {}): MarketTrade {
  const rest = { exchangeNanos: null, quantity: 2, aggressor: 'buy' } as const;
  return { table: 'market_trades', id: String(second), timeNanos: at(second), ...FEED, price, ...rest, ...part };
}

async function run(rows: readonly EventRow[], query: object, envelope = ENVELOPE) {
  const parsed = tapewatchQuery.parse(query);
  const world = rowReader(rows);
  if (parsed.queryType === 'market') return { ...world, tables: await runMarket(parsed, envelope, world.reader) };
  if (parsed.queryType === 'impact') return { ...world, tables: await runImpact(parsed, envelope, world.reader) };
  throw new Error(`no test of ${parsed.queryType}`);
}

function column(tables: readonly Table[], name: string, table = 0): unknown[] {
  return [...(tables[table]?.fields.find((field) => field.name === name)?.values ?? [])];
}

const TENTHS = Array.from({ length: 1_000 }, (_, i) => i / 10);

describe('market', () => {
  it('reports quotes, depth, prints and the feed of each instrument', async () => {
    const book: BookUpdate = {
      ...{ table: 'book_levels', timeNanos: at(5), exchangeNanos: null, ...FEED, kind: 'snapshot', sequence: null },
      ...{ bidPrices: [99.96, 99], bidSizes: [10, 50], askPrices: [100.04, 101], askSizes: [20, 50] },
    };
    const quotes = TENTHS.filter((second) => second < 50 || second >= 51).map((second) => quote(second, 100));
    const prints = [print(10, 101), print(20, 99, { aggressor: 'sell', quantity: 6 })];
    const { tables } = await run([...quotes, book, ...prints], { queryType: 'market', clockOffsetMs: 4 });
    const [first] = tables;
    expect(first?.kind).toBe('numeric-long');
    const of = (name: string) => column(tables, name)[0];
    expect(of('spread')).toBeCloseTo(100, 9);
    expect(of('mid')).toBeCloseTo(100, 9);
    expect(of('imbalance')).toBeCloseTo(0.5, 12);
    expect(of('microprice')).toBeCloseTo(25, 9);
    expect(of('depth_bid')).toBeCloseTo(999.6, 9);
    expect(of('depth_ask')).toBeCloseTo(2000.8, 9);
    expect([of('volume'), of('traded'), of('vwap'), of('buy_share'), of('trades')]).toEqual([8, 796, 99.5, 0.25, 2]);
    expect([of('quotes'), of('lost'), of('volatility_realised')]).toEqual([990, 10, 0]);
    expect(of('longest_silence')).toBeCloseTo(1.1, 9);
    expect(Math.abs(Number(of('feed_latency_p50')) / 0.006 - 1)).toBeLessThan(0.006);
  });

  it('does not let a feed that fell silent stand for ever', async () => {
    const { tables } = await run(
      TENTHS.slice(0, 300).map((second) => quote(second, 100)),
      { queryType: 'market' },
    );
    expect(column(tables, 'stale')[0]).toBeCloseTo((100 - 29.9 - 10) / 100, 3);
  });

  it('draws a figure over time, each step by itself', async () => {
    const quotes = TENTHS.map((second) => quote(second, second < 50 ? 100 : 200));
    const { tables } = await run(quotes, { queryType: 'market', format: 'time_series', figure: 'spread' });
    expect(tables[0]?.kind).toBe('timeseries-multi');
    expect(column(tables, 'Time')).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90].map(at));
    expect(column(tables, 'spread').map((value) => Number(value).toFixed(6))).toEqual([
      ...Array.from({ length: 5 }, () => '100.000000'),
      ...Array.from({ length: 4 }, () => '50.000000'),
    ]);
  });

  it('counts the quote that stood when the range began', async () => {
    const envelope = { ...ENVELOPE, startMs: 2_000, endMs: 3_999 };
    const { tables } = await run([quote(1, 100), quote(3, 200)], { queryType: 'market' }, envelope);
    expect(column(tables, 'mid')[0]).toBeCloseTo(150, 9);
  });

  it('looks at a long range by samples, tells so, and refuses a rule', async () => {
    const second = (i: number) => (i * 100) / (MAX_MARKET_ROWS + 1);
    const one = quote(0, 100);
    const rows = Array.from({ length: MAX_MARKET_ROWS + 1 }, (_, i) => ({ ...one, timeNanos: at(second(i)) }));
    const world = rowReader(rows);
    let reads = 0;
    // The fixture looks quotes up one by one; all of these are alike.
    const reader = {
      ...world.reader,
      quotesBefore: (asks: Parameters<StoreReader['quotesBefore']>[0]) => {
        reads++;
        return Promise.resolve(asks.map(({ timeNanos }) => ({ ...one, timeNanos: nanos(timeNanos - 1n) })));
      },
    };
    const parsed = tapewatchQuery.parse({ queryType: 'market' });
    if (parsed.queryType !== 'market') throw new Error('the query is a market query');
    const tables = await runMarket(parsed, ENVELOPE, reader);
    expect(column(tables, 'spread')[0]).toBeCloseTo(100, 9);
    // How many came in is not known of samples.
    expect(column(tables, 'quotes')).toEqual([null]);
    expect(reads).toBe(1);
    expect(tables[0]?.notices[0]).toMatchObject({ severity: 'warning' });
    await expect(runMarket(parsed, { ...ENVELOPE, fromAlert: true }, reader)).rejects.toMatchObject({
      code: 'query.limit',
    });
  });

  it('tells how volume spreads over the hours', async () => {
    const { tables } = await run(
      [print(1, 100), print(2, 100, { quantity: 6 }), print(3_700, 100)],
      { queryType: 'market', format: 'profile' },
      { ...ENVELOPE, endMs: 7_200_000 },
    );
    expect(column(tables, 'share').slice(0, 3)).toEqual([0.8, 0.2, 0]);
    const rule = await run(
      [print(1, 100)],
      { queryType: 'market', format: 'profile' },
      { ...ENVELOPE, fromAlert: true },
    );
    expect(rule.tables[0]?.fields.filter(({ type }) => type === 'number').map(({ name }) => name)).toEqual(['share']);
  });
});

describe('impact', () => {
  const fill = (part: Partial<Fill>): Fill => ({
    ...{ table: 'fills', id: 'f', timeNanos: at(10), orderId: 'o', ...FEED, strategy: 's' },
    ...{ account: '', side: 'buy', quantity: 1, price: 100, currency: 'USD', fee: 0, feeCurrency: 'USD' },
    ...{ liquidity: '', execution: 'new', refersTo: '', ...part },
  });
  const order = (part: Partial<OrderEvent>): OrderEvent => ({
    ...{ table: 'orders', id: 'o-new', timeNanos: at(9), orderId: 'o', event: 'new', sentNanos: null, ...FEED },
    ...{ strategy: 's', account: '', side: 'buy', orderType: 'limit', quantity: 1, price: null, filledQuantity: 0 },
    ...{ arrivalMid: null, decisionNanos: null, decisionMid: null, reason: '', correlationId: '', ...part },
  });

  /** Order i has the size i + 1 and moves the mid by 0.1 times the root of that; the mid is 100 again before the next one. */
  function orders(count: number): EventRow[] {
    return Array.from({ length: count }, (_, i) => {
      const key = { orderId: `o${i}`, quantity: i + 1 };
      const moved = 100 + 0.1 * Math.sqrt(i + 1);
      return [
        quote(i, 100),
        quote(i + 0.5, moved),
        order({ ...key, id: `n${i}`, timeNanos: at(i + 0.2) }),
        fill({ ...key, id: `f${i}`, timeNanos: at(i + 0.6) }),
      ];
    }).flat();
  }

  it('shows impact against size in bins, with intervals (proves: TRD-08)', async () => {
    const rows = [...orders(90), quote(90, 100)];
    const { tables, quoteReads } = await run(rows, { queryType: 'impact', bins: 3 });
    expect(column(tables, 'orders')).toEqual([30, 30, 30]);
    const impacts = column(tables, 'impact').map(Number);
    const expected = [0, 30, 60].map((from) => {
      const sizes = Array.from({ length: 30 }, (_, i) => from + i + 1);
      return sizes.reduce((sum, size) => sum + 10 * Math.sqrt(size), 0) / 30;
    });
    impacts.forEach((impact, i) => expect(impact).toBeCloseTo(expected[i] ?? NaN, 6));
    expect(
      column(tables, 'impact_low')
        .map(Number)
        .every((low, i) => low < (impacts[i] ?? 0)),
    ).toBe(true);
    expect(column(tables, 'mean_size')).toEqual([1550, 4550, 7550]);
    expect(quoteReads).toHaveLength(1);
    expect(tables[0]?.notices.map(({ text }) => text).join()).toContain('size of an order: money');
    expect(tables[0]?.fields.find(({ name }) => name === 'mean_size')?.unit).toBe('currencyUSD');
  });

  it('tells size by all volume of the day, prints without a side too', async () => {
    const prints = [10.1, 20.1, 30.1].map((second) => print(second, 100, { quantity: 100 }));
    const unsided = [40.1, 50.1, 60.1].map((second) => print(second, 100, { quantity: 100, aggressor: '' }));
    const rows = [...orders(90), quote(90, 100), ...prints, ...unsided];
    const { tables } = await run(rows, { queryType: 'impact', bins: 2 });
    const daily = 600 * 864;
    expect(column(tables, 'size_to').map(Number)[1]).toBeCloseTo(90 / daily, 9);
    expect(tables[0]?.fields.find(({ name }) => name === 'size_to')?.unit).toBe('percentunit');
  });

  it('tells size by the volume of the stretch that the newest prints cover', async () => {
    // As many units as the bound in the newest 200 s of 400 s: the rest is beyond it.
    const first = print(0, 100, { quantity: 1 });
    const prints = Array.from({ length: MAX_FLOW_ROWS + 1 }, (_, i) => ({
      ...first,
      timeNanos: at(200 + (i * 200) / (MAX_FLOW_ROWS + 1)),
    }));
    const rows = [...orders(90), quote(90, 100), ...prints];
    const { tables } = await run(rows, { queryType: 'impact', bins: 2 }, { ...ENVELOPE, endMs: 400_000 });
    expect(column(tables, 'size_to').map(Number)[1]).toBeCloseTo(90 / (MAX_FLOW_ROWS * 432), 9);
  });

  it.each(['bins', 'fits', 'response'])('gives a rule one number of each row: %s', async (format) => {
    const prints = [10.1, 20.1, 30.1, 40.1].map((second) => print(second, 100, { quantity: second }));
    const rule = { ...ENVELOPE, fromAlert: true };
    const { tables } = await run([...orders(90), quote(90, 100), ...prints], { queryType: 'impact', format }, rule);
    expect(tables[0]?.fields.filter(({ type }) => type === 'number')).toHaveLength(1);
  });

  it('fits an exponent from 200 orders on, and none below', async () => {
    const envelope = { ...ENVELOPE, endMs: 400_000 };
    const models = async (count: number) => {
      const { tables } = await run(
        [...orders(count), quote(count, 100)],
        { queryType: 'impact', format: 'fits' },
        envelope,
      );
      const values = column(tables, 'value').map(Number);
      return Object.fromEntries(column(tables, 'model').map((model, i) => [model, values[i]]));
    };
    const many = await models(210);
    expect(many['exponent']).toBeCloseTo(0.5, 2);
    expect(many['square_root']).toBeCloseTo(1, 4);
    expect(Object.keys(await models(199))).toEqual(['kyle', 'kyle_root', 'square_root']);
  });

  it("fits Kyle's lambda to the prints of the market", async () => {
    const rows: EventRow[] = [];
    let mid = 100;
    for (let i = 0; i < 60; i++) {
      const signed = ((i * 7) % 11) - 5;
      rows.push(
        quote(i, mid),
        print(i + 0.5, mid, { quantity: Math.abs(signed), aggressor: signed < 0 ? 'sell' : 'buy' }),
      );
      mid += 0.25 * signed;
      rows.push(quote(i + 0.7, mid));
    }
    rows.push(quote(60, mid), quote(61, mid));
    const { tables } = await run(rows, { queryType: 'impact', format: 'fits' });
    expect(column(tables, 'model')).toEqual(['kyle', 'kyle_root']);
    expect(column(tables, 'value')[0]).toBeCloseTo(0.25, 9);
    expect(column(tables, 'r_squared')[0]).toBeCloseTo(1, 9);
    const response = await run(rows, { queryType: 'impact', format: 'response' });
    expect(column(response.tables, 'lag').slice(0, 2)).toEqual(['1', '2']);
    expect(Number(column(response.tables, 'response')[0])).toBeGreaterThan(0);
  });
});
