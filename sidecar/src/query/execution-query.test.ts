import { tapewatchQuery } from '@tapewatch/contract';
import {
  nanos,
  type EventRow,
  type Fill,
  type MarketTrade,
  type OrderEvent,
  type Quote,
  type Table,
} from '@tapewatch/core';
import type { QueryEnvelope } from '../ports.ts';
import { runExecution } from './execution-query.ts';
import { runMarkouts } from './markouts-query.ts';
import { rowReader } from './row-reader.fixture.ts';

const ENVELOPE: QueryEnvelope = {
  startMs: 0,
  endMs: 600_000,
  intervalMs: 1_000,
  maxDataPoints: 1_000,
  fromAlert: false,
};
const at = (seconds: number) => nanos(BigInt(Math.round(seconds * 1e9)));

function fill(part: Partial<Fill>): Fill {
  return {
    ...{ table: 'fills', id: 'f', timeNanos: at(10), orderId: 'o', venue: 'XNAS', symbol: 'AMD', strategy: 's' },
    ...{ account: '', side: 'buy', quantity: 1, price: 101, currency: 'USD', fee: 0, feeCurrency: 'USD' },
    ...{ liquidity: '', execution: 'new', refersTo: '', ...part },
  };
}

function order(part: Partial<OrderEvent>): OrderEvent {
  return {
    ...{ table: 'orders', id: 'o-new', timeNanos: at(9), orderId: 'o', event: 'new', sentNanos: null },
    ...{ venue: 'XNAS', symbol: 'AMD', strategy: 's', account: '', side: 'buy', orderType: 'limit' },
    ...{ quantity: 1, price: null, filledQuantity: 0, arrivalMid: null, decisionNanos: null, decisionMid: null },
    ...{ reason: '', correlationId: '', ...part },
  };
}

function quote(second: number, mid: number, part: Partial<Quote> = {}): Quote {
  const rest = { exchangeNanos: null, bidSize: 2, askSize: 2, sequence: null };
  const price = { bid: mid - 0.5, ask: mid + 0.5 };
  return { table: 'quotes', timeNanos: at(second), venue: 'XNAS', symbol: 'AMD', ...price, ...rest, ...part };
}

function print(second: number, price: number, quantity: number): MarketTrade {
  const rest = { exchangeNanos: null, venue: 'XNAS', symbol: 'AMD', aggressor: 'buy' } as const;
  return { table: 'market_trades', id: String(second), timeNanos: at(second), price, quantity, ...rest };
}

/** Quotes each second: 100 until 9 s, then a bit more each second. */
const QUOTES = Array.from({ length: 100 }, (_, i) =>
  quote(i, i < 9 ? 100 : 100 + (i - 9) / 10, { sequence: BigInt(i) }),
);

async function run(rows: readonly EventRow[], query: object = {}, envelope = ENVELOPE) {
  const parsed = tapewatchQuery.parse({ queryType: 'execution', by: [], ...query });
  const world = rowReader(rows);
  if (parsed.queryType === 'markouts') return { ...world, tables: await runMarkouts(parsed, envelope, world.reader) };
  if (parsed.queryType !== 'execution') throw new Error(`no test of ${parsed.queryType}`);
  return { ...world, tables: await runExecution(parsed, envelope, world.reader) };
}

function cell(tables: readonly Table[], name: string, row = 0): unknown {
  return tables[0]?.fields.find((field) => field.name === name)?.values[row];
}

function column(tables: readonly Table[], name: string): unknown[] {
  return [...(tables[0]?.fields.find((field) => field.name === name)?.values ?? [])];
}

const LIFE = [
  order({ id: '1', timeNanos: at(9.5), sentNanos: at(9.5), quantity: 4, decisionNanos: at(8.5) }),
  order({ id: '2', event: 'ack', timeNanos: at(9.6), sentNanos: at(9.5), quantity: 4 }),
  order({ id: '3', event: 'cancel', timeNanos: at(14.5), quantity: 4 }),
  order({ id: '4', event: 'cancel_ack', timeNanos: at(14.75), sentNanos: at(14.5), quantity: 4 }),
  fill({ id: 'a', timeNanos: at(11.5), price: 100.7, quantity: 1, fee: 0.01 }),
  fill({ id: 'b', timeNanos: at(13.5), price: 100.9, quantity: 1, fee: 0.01 }),
];

/** Forty quarters of an hour with a fill at each of two venues; the second one is dearer by 0.6. */
function twoVenues(): EventRow[] {
  const rows: EventRow[] = [...QUOTES];
  for (let i = 0; i < 40; i++) {
    for (const [venue, price] of [
      ['XNAS', 100.6],
      ['BATS', 101.2],
    ] as const) {
      const key = { venue, orderId: `${venue}${i}` };
      rows.push(quote(i * 900 + 8, 100, { venue }), quote(i * 900 + 15, 100, { venue }));
      rows.push(order({ ...key, id: `n${venue}${i}`, timeNanos: at(i * 900 + 9), arrivalMid: 100 }));
      rows.push(fill({ ...key, id: `f${venue}${i}`, timeNanos: at(i * 900 + 10), price: price + (i % 3) / 100 }));
    }
  }
  return rows;
}

const TEN_HOURS = { ...ENVELOPE, endMs: 40 * 900_000 };

describe('execution', () => {
  it.each([
    ['arrival', 100, 0.8],
    ['decision', 100, 0.8],
    ['mid', 100.3, 0.5],
  ])('measures against %s', async (benchmark, mid, cost) => {
    const { tables } = await run([...QUOTES, ...LIFE], { benchmark });
    expect(cell(tables, 'slippage')).toBeCloseTo((cost / mid) * 1e4, 6);
    expect(cell(tables, 'cost')).toBeCloseTo(2 * cost, 9);
    expect(cell(tables, 'fills')).toBe(2);
  });

  it('measures against what the market paid meanwhile, without our own prints above 5 %', async () => {
    const prints = [print(9.7, 100, 3), print(11.5, 100.7, 1), print(13.5, 100.9, 1), print(20, 500, 9)];
    const { tables } = await run([...QUOTES, ...LIFE, ...prints], { benchmark: 'vwap' });
    expect(cell(tables, 'cost')).toBeCloseTo(1.6, 9);
    expect(cell(tables, 'participation')).toBeCloseTo(0.4, 9);
    const without = await run([...QUOTES, ...LIFE], { benchmark: 'vwap' });
    expect(cell(without.tables, 'slippage')).toBeNull();
    expect(cell(without.tables, 'excluded_no_prints')).toBe(2);
    expect(without.tables[0]?.notices.map(({ text }) => text).join()).toContain('2 nobody else traded in the interval');
  });

  it('takes prints of other strategies of the desk for its own, also where the query is filtered', async () => {
    const other = fill({ id: 'x', orderId: 'p', strategy: 't', timeNanos: at(12), price: 300, quantity: 20 });
    const ours = [print(11.5, 100.7, 1), print(12, 300, 20), print(13.5, 100.9, 1)];
    const rows = [...QUOTES, ...LIFE, other, print(9.7, 100, 3), ...ours];
    const { tables } = await run(rows, { benchmark: 'vwap', filters: { strategy: ['s'] } });
    expect(cell(tables, 'cost')).toBeCloseTo(1.6, 9);
    expect(cell(tables, 'participation')).toBeCloseTo(22 / 25, 9);
  });

  it('lets no silent quote stand for the time after it', async () => {
    const silent = [quote(9, 100), quote(13.45, 200)];
    const { tables } = await run([...silent, ...LIFE], { benchmark: 'twap', maxQuoteAgeMs: 1_000 });
    expect(cell(tables, 'slippage')).toBeNull();
    expect(cell(tables, 'excluded_stale')).toBe(2);
    const patient = await run([...silent, ...LIFE], { benchmark: 'twap', maxQuoteAgeMs: 4_000 });
    // From 9.5 to 13 and from 13.45 to 13.5.
    const twap = (3.5 * 100 + 0.05 * 200) / 3.55;
    expect(cell(patient.tables, 'cost')).toBeCloseTo(100.7 + 100.9 - 2 * twap, 9);
  });

  it('measures against the mids meanwhile, each for as long as it stood', async () => {
    const { tables } = await run([...QUOTES, ...LIFE], { benchmark: 'twap' });
    const twap = (0.5 * 100 + 100.1 + 100.2 + 100.3 + 0.5 * 100.4) / 4;
    expect(cell(tables, 'cost')).toBeCloseTo(100.7 + 100.9 - 2 * twap, 9);
  });

  it('splits the shortfall into parts that sum', async () => {
    const { tables } = await run([...QUOTES, ...LIFE]);
    const part = (name: string) => Number(cell(tables, name));
    expect(part('delay')).toBeCloseTo(0, 9);
    expect(part('execution')).toBeCloseTo((1.6 / 400) * 1e4, 9);
    expect(part('opportunity')).toBeCloseTo(((2 * 0.5) / 400) * 1e4, 9);
    expect(part('shortfall_fees')).toBeCloseTo((0.02 / 400) * 1e4, 9);
    expect(part('shortfall')).toBeCloseTo(
      part('delay') + part('execution') + part('opportunity') + part('shortfall_fees'),
      9,
    );
    const kissell = await run([...QUOTES, ...LIFE], { shortfall: 'kissell' });
    expect(cell(kissell.tables, 'shortfall')).toBeCloseTo(part('shortfall'), 9);
  });

  it('tells what became of orders and how long it took, per venue (proves: TRD-26, TRD-27, MET-84)', async () => {
    const other = { venue: 'BATS', orderId: 'p' };
    const refused = [
      order({ ...other, id: '5', timeNanos: at(20), sentNanos: at(20) }),
      order({ ...other, id: '6', event: 'reject', timeNanos: at(20.5), reason: 'throttled' }),
    ];
    const { tables } = await run([...QUOTES, ...LIFE, ...refused], { by: ['venue'] });
    expect(column(tables, 'venue')).toEqual(['BATS', 'XNAS']);
    expect(column(tables, 'fill_rate')).toEqual([0, 1]);
    expect(column(tables, 'fill_ratio')).toEqual([0, 0.5]);
    expect(column(tables, 'reject_rate')).toEqual([1, 0]);
    expect(column(tables, 'cancel_rate')).toEqual([null, 1]);
    expect(column(tables, 'reject_reasons')).toEqual(['throttled 1', '']);
    expect(column(tables, 'slippage')[1]).toBeCloseTo(80, 6);
    for (const [name, seconds] of [
      ['ack_p50', 0.1],
      ['first_fill_p50', 1.9],
      ['cancel_ack_p99', 0.25],
    ] as const) {
      const [atBats, atNasdaq] = column(tables, name);
      expect(atBats).toBeNull();
      expect(Math.abs(Number(atNasdaq) / seconds - 1)).toBeLessThan(0.006);
    }
  });

  it('withholds a benchmark from a feed that is stale, gapped or crossed, and counts it', async () => {
    const arrival = { timeNanos: at(9.5) };
    const silent = QUOTES.slice(0, 5);
    const gapped = QUOTES.filter(({ sequence }) => sequence !== 9n && sequence !== 10n);
    const crossed = QUOTES.map((one) => (one.sequence === 9n ? { ...one, bid: 101, ask: 100 } : one));
    for (const [quotes, reason, query] of [
      [silent, 'excluded_stale', { maxQuoteAgeMs: 5_000 }],
      [gapped, 'excluded_gapped', {}],
      [crossed, 'excluded_crossed', {}],
    ] as const) {
      const { tables } = await run([...quotes, order(arrival), fill({ timeNanos: at(30) })], query);
      expect([reason, cell(tables, 'slippage'), cell(tables, reason), cell(tables, 'excluded')]).toEqual([
        reason,
        null,
        1,
        1,
      ]);
    }
    const { tables } = await run([...silent, order(arrival), fill({ timeNanos: at(30) })], { maxQuoteAgeMs: 0 });
    expect(cell(tables, 'slippage')).toBeCloseTo(100, 9);
  });

  it('applies a bust that came after the range', async () => {
    const bust = fill({ id: 'x', timeNanos: at(5_000), execution: 'bust', refersTo: 'b' });
    const { tables } = await run([...QUOTES, ...LIFE, bust]);
    expect([cell(tables, 'fills'), cell(tables, 'fill_ratio')]).toEqual([1, 0.25]);
  });

  it('knows the arrival of an order that was sent before the range and goes on in it', async () => {
    const rows = [
      ...QUOTES,
      order({ id: '1', timeNanos: at(9.5), arrivalMid: 99 }),
      order({ id: '2', event: 'ack', timeNanos: at(10.5) }),
      fill({ timeNanos: at(11.5), price: 100 }),
      order({ id: '3', orderId: 'p', timeNanos: at(9.5), arrivalMid: 98 }),
      fill({ id: 'g', orderId: 'p', timeNanos: at(12.5), price: 100 }),
    ];
    const { tables, asked } = await run(rows, {}, { ...ENVELOPE, startMs: 10_000 });
    expect(cell(tables, 'cost')).toBeCloseTo(3, 9);
    expect(cell(tables, 'orders')).toBe(0);
    expect(asked.filter(({ table }) => table === 'orders')).toHaveLength(2);
  });

  it('looks for the beginning of an old order where it is not found near by, and not for ever', async () => {
    const day = 86_400;
    const world = async (daysBefore: number) => {
      const now = 100 * day;
      const rows = [
        order({ id: '1', timeNanos: at(now - daysBefore * day), arrivalMid: 99 }),
        order({ id: '2', event: 'ack', timeNanos: at(now + 0.5) }),
        fill({ timeNanos: at(now + 1), price: 100 }),
      ];
      const { tables, asked } = await run(rows, {}, { ...ENVELOPE, startMs: now * 1e3, endMs: (now + 10) * 1e3 });
      const earlier = asked.filter(({ filter }) => filter.orderIds !== undefined);
      expect(earlier.every(({ filter }) => filter.limit !== undefined && filter.startNanos >= at(10 * day))).toBe(true);
      return [cell(tables, 'cost'), earlier.length];
    };
    expect(await world(0.5)).toEqual([1, 1]);
    expect(await world(60)).toEqual([1, 2]);
    expect(await world(95)).toEqual([null, 2]);
  });

  it('splits cost by venue and strategy, by the hour and by the kind of order (proves: TRD-05, TRD-10)', async () => {
    const later = { timeNanos: at(90_000), orderId: 'p', venue: 'BATS', strategy: 't' };
    const rows = [
      ...[...QUOTES, quote(89_999, 100, { venue: 'BATS' }), ...LIFE, order({ ...later, orderType: 'market' })],
      fill({ ...later, timeNanos: at(90_001), id: 'c', price: 102, fee: 0.02 }),
    ];
    const by = ['venue', 'strategy', 'order_type', 'hour', 'weekday'];
    const { tables } = await run(rows, { by }, { ...ENVELOPE, endMs: 100_000_000 });
    expect(tables[0]?.fields.slice(0, 5).map(({ values }) => [...values])).toEqual([
      ['BATS', 'XNAS'],
      ['t', 's'],
      ['market', 'limit'],
      ['01', '00'],
      ['5 Fri', '4 Thu'],
    ]);
    expect(column(tables, 'cost').map((cost) => Number(cost).toFixed(6))).toEqual(['2.000000', '1.600000']);
    expect(column(tables, 'fees').map((fees) => Number(fees).toFixed(3))).toEqual(['1.961', '0.992']);
  });

  it('draws a figure over time, and gives a rule one number per label set', async () => {
    const { tables } = await run(
      [...QUOTES, ...LIFE],
      { format: 'time_series', figure: 'slippage' },
      { ...ENVELOPE, intervalMs: 2_000 },
    );
    expect(tables[0]?.kind).toBe('timeseries-multi');
    expect([...(tables[0]?.fields[0]?.values ?? [])]).toEqual([10, 12, 14].map(at));
    const values = [...(tables[0]?.fields[1]?.values ?? [])];
    expect(values[0]).toBeNull();
    expect(values[1]).toBeCloseTo(70, 6);
    const rule = await run(
      [...QUOTES, ...LIFE],
      { figure: 'cancel_rate', by: ['venue'] },
      { ...ENVELOPE, fromAlert: true },
    );
    expect(rule.tables[0]?.fields.map(({ name, type }) => [name, type])).toEqual([
      ['venue', 'string'],
      ['currency', 'string'],
      ['cancel_rate', 'number'],
    ]);
  });

  it('asks for all mids at once, however many fills there are', async () => {
    const many = Array.from({ length: 200 }, (_, i) => fill({ id: String(i), timeNanos: at(10 + i / 10) }));
    const { quoteReads, asked, tables } = await run([...QUOTES, order({}), ...many]);
    expect(quoteReads).toHaveLength(1);
    expect(asked.length).toBeLessThan(6);
    expect(asked.filter(({ filter }) => filter.limit === undefined)).toEqual([]);
    expect(cell(tables, 'slippage_low')).toBeLessThanOrEqual(Number(cell(tables, 'slippage')));
  });

  it('lists what could be improved', async () => {
    const { tables } = await run(twoVenues(), { by: ['venue'], format: 'opportunities' }, TEN_HOURS);
    expect(column(tables, 'venue')).toEqual(['BATS']);
    expect(cell(tables, 'finding')).toContain('costs more than the others');
    expect(cell(tables, 'saving')).toBeCloseTo(40 * 0.6, 3);
    expect(cell(tables, 'excess_low')).toBeGreaterThan(50);
  });

  it('shows figures of statistical models with their uncertainty (proves: TRD-06, TRD-07)', async () => {
    const { tables } = await run(twoVenues(), { by: ['venue'] }, TEN_HOURS);
    expect(column(tables, 'venue')).toEqual(['BATS', 'XNAS']);
    for (const name of ['slippage', 'versus_others', 'realised_spread', 'fill_rate']) {
      for (const row of [0, 1]) {
        const [value, low, high] = [name, `${name}_low`, `${name}_high`].map((one) => Number(cell(tables, one, row)));
        expect([name, row, Number(low) <= Number(value) && Number(value) <= Number(high)]).toEqual([name, row, true]);
      }
    }
    expect(cell(tables, 'versus_others')).toBeCloseTo(60, 6);
    expect(cell(tables, 'versus_others_low')).toBeGreaterThan(50);
    expect(cell(tables, 'versus_others_high', 1)).toBeLessThan(-50);
  });

  it('gives a rule one number of each opportunity', async () => {
    const rule = { ...TEN_HOURS, fromAlert: true };
    const { tables } = await run(twoVenues(), { by: ['venue'], format: 'opportunities' }, rule);
    expect(tables[0]?.fields.filter(({ type }) => type === 'number').map(({ name }) => name)).toEqual(['excess']);
  });

  it('says of every figure what it is and in which unit', async () => {
    const { tables } = await run(twoVenues(), { by: ['venue'], benchmark: 'vwap' }, TEN_HOURS);
    const numbers = (tables[0]?.fields ?? []).filter(({ type }) => type === 'number');
    expect(numbers.length).toBeGreaterThan(50);
    expect(numbers.filter(({ unit, description }) => !unit || !description).map(({ name }) => name)).toEqual([]);
  });

  it('says nothing of an empty range', async () => {
    const { tables } = await run([]);
    expect(tables).toMatchObject([{ kind: 'numeric-long', fields: [] }]);
  });
});

describe('markouts', () => {
  const MARKOUTS = { queryType: 'markouts', horizonsMs: [1_000, 30_000, 300_000] };

  it('tells what fills were worth later, and what is missing past the end of the feed', async () => {
    const fills = Array.from({ length: 20 }, (_, i) =>
      fill({ id: String(i), timeNanos: at(10 + i), price: 100, liquidity: i % 2 === 0 ? 'maker' : 'taker' }),
    );
    const { tables, quoteReads } = await run([...QUOTES, order({}), ...fills], MARKOUTS);
    expect(column(tables, 'liquidity')).toEqual(['maker', 'maker', 'maker', 'taker', 'taker', 'taker']);
    expect(column(tables, 'horizon').slice(0, 3)).toEqual(['1s', '30s', '5m']);
    expect(column(tables, 'fills')).toEqual([10, 10, 0, 10, 10, 0]);
    expect(column(tables, 'missing')).toEqual([0, 0, 10, 0, 0, 10]);
    // Makers at even seconds: the mid one second later is 0.1 for each second since the ninth above 100.
    const expected =
      [10, 12, 14, 16, 18, 20, 22, 24, 26, 28].reduce((sum, second) => sum + (second + 1 - 9) / 10, 0) / 10;
    expect(cell(tables, 'markout')).toBeCloseTo((expected / 100) * 1e4, 6);
    expect(cell(tables, 'markout', 2)).toBeNull();
    expect(Number(cell(tables, 'markout_low'))).toBeLessThan(Number(cell(tables, 'markout')));
    expect(quoteReads).toHaveLength(1);
    expect(tables[0]?.notices[0]?.text).toContain('20 markouts are missing');
  });
});
