/** Days, weeks, base currency and equity of the P&L query, against a ledger made by hand. */
import { pnlQuery } from '@tapewatch/contract';
import { nanos, type CashFlow, type Fill, type FxRate, type Table } from '@tapewatch/core';
import type { EventFilter, EventRowByTable, StoreReader } from '../ports.ts';
import { runPnl } from './pnl-query.ts';

const time = (text: string): number => Date.parse(`2026-11-${text}Z`);
const at = (text: string): Fill['timeNanos'] => nanos(BigInt(time(text)) * 1_000_000n);
const KEY = { venue: 'XNAS', symbol: 'AMD', strategy: 's', account: 'main', currency: 'EUR' };

function fillOf(id: string, text: string, [signed, price]: readonly [number, number], rest: Partial<Fill> = {}): Fill {
  return {
    ...{ table: 'fills', id, timeNanos: at(text), orderId: 'o', ...KEY },
    ...{ side: signed < 0 ? 'sell' : 'buy', quantity: Math.abs(signed), price, fee: 0, feeCurrency: 'EUR' },
    ...{ liquidity: '', execution: 'new', refersTo: '' },
    ...rest,
  };
}

/** Of November 2026; the 16th is a Monday. Bid and ask stand one around the mid. */
const MIDS: readonly (readonly [string, number])[] = [
  ['13T12:00', 10],
  ['17T12:00', 14],
  ['18T20:00', 15],
  ['19T12:00', 13],
];

const FILLS = [
  fillOf('a', '13T13:00', [100, 10]),
  fillOf('b', '17T13:00', [-50, 14], { fee: 3 }),
  fillOf('c', '18T22:30', [-20, 15]),
  fillOf('wrong', '19T11:00', [9_999, 1]),
  fillOf('d', '19T12:30', [10, 13]),
  fillOf('no', '19T13:00', [0, 1], { execution: 'bust', refersTo: 'wrong' }),
];

const RATES = [
  ['13T00:00', 1.1],
  ['19T00:00', 1.2],
] as const;

const FLOWS: readonly (readonly [string, CashFlow['kind'], number])[] = [
  ['16T12:00', 'deposit', 1_000],
  ['17T16:00', 'funding', -4],
];

function readerOf(rates = RATES, mids = MIDS): StoreReader {
  const rows: Partial<Record<string, readonly object[]>> = {
    fills: FILLS,
    fx_rates: rates.map(([text, rate]): FxRate => {
      return { table: 'fx_rates', timeNanos: at(text), base: 'EUR', quote: 'USD', rate, source: '' };
    }),
    cash_flows: FLOWS.map(([text, kind, amount]): CashFlow => {
      return { table: 'cash_flows', id: text, timeNanos: at(text), kind, amount, ...KEY };
    }),
  };
  return {
    select: () => Promise.resolve([]),
    series: () => Promise.resolve([]),
    transitions: () => Promise.resolve([]),
    events: <T extends keyof EventRowByTable>(table: T, { startNanos, endNanos, execution }: EventFilter) => {
      const found = ((rows[table] ?? []) as unknown as Fill[]).filter(
        (row) =>
          row.timeNanos >= startNanos && row.timeNanos < endNanos && (execution?.includes(row.execution) ?? true),
      );
      return Promise.resolve(found as unknown as EventRowByTable[T][]);
    },
    quotesBefore: (asked) =>
      Promise.resolve(
        asked.map(({ venue, symbol, timeNanos }) => {
          const [text, mid] = mids.findLast(([stamp]) => at(stamp) < timeNanos) ?? [];
          if (text === undefined || mid === undefined) return null;
          const rest = { exchangeNanos: null, bidSize: null, askSize: null, sequence: null };
          return { table: 'quotes', timeNanos: at(text), venue, symbol, bid: mid - 1, ask: mid + 1, ...rest };
        }),
      ),
  };
}

interface Told {
  readonly end?: string;
  readonly rates?: typeof RATES;
  readonly mids?: typeof MIDS;
}

async function ask(document: object, { end = '19T14:00', rates, mids }: Told = {}) {
  const envelope = { startMs: time('12T00:00'), endMs: time(end), intervalMs: 86_400_000, maxDataPoints: 100 };
  const query = pnlQuery.parse({ queryType: 'pnl', by: [], ...document });
  return runPnl(query, { ...envelope, fromAlert: false }, { reader: readerOf(rates, mids) });
}

function columnsOf(table: Table | undefined): Record<string, unknown[]> {
  return Object.fromEntries(table?.fields.map(({ name, values }) => [name, [...values]]) ?? []);
}

// By hand: 13th +0; 17th 50 sold at 14 (+200), 50 left at 14 (+200); 18th the mid goes to 15 (+50), 20 sold at 15;
// 19th 30 left fall to 13 (-60), 10 bought at 13.
const TOTAL = 390;

describe('P&L by day and week', () => {
  it('total, running day and running week are those of the ledger (proves: TRD-02)', async () => {
    const [table] = await ask({});
    expect(columnsOf(table)).toMatchObject({ total: [TOTAL], day: [-60], week: [390], fees: [3], income: [-4] });
    expect(columnsOf(table)).toMatchObject({ realised: [200 + 100], open: [40], net: [TOTAL - 3 - 4] });
  });

  it('leaves the running day and week open where nobody knows what stood before them', async () => {
    const [table] = await ask({}, { mids: MIDS.slice(-1) });
    expect(columnsOf(table)).toMatchObject({ total: [TOTAL], day: [null], week: [null] });
  });

  it('has one row a day that adds up to the total', async () => {
    const [table] = await ask({ period: 'day', by: ['symbol'] });
    expect(columnsOf(table)).toMatchObject({
      period: ['2026-11-13', '2026-11-14', '2026-11-15', '2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'],
      symbol: Array<string>(7).fill('AMD'),
      total: [0, 0, 0, 0, 400, 50, -60],
    });
  });

  it('ends days where the book does: at the close, on its own clock, without weekends', async () => {
    // 17:00 in New York is 22:00 UTC: the sale of 22:30 and the mid of 20:00 fall on two days.
    const calendar = { timeZone: 'America/New_York', close: '17:00', weekends: false };
    const [table] = await ask({ period: 'day', calendar });
    expect(columnsOf(table)).toMatchObject({
      period: ['2026-11-13', '2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'],
      total: [0, 0, 400, 50, -60],
    });
    const [weeks] = await ask({ period: 'week', calendar });
    expect(columnsOf(weeks)).toMatchObject({ period: ['2026-11-09', '2026-11-16'], total: [0, TOTAL] });
  });

  it('names what is wrong with a calendar', async () => {
    await expect(ask({ calendar: { timeZone: 'Mars/Olympus' } })).rejects.toMatchObject({
      code: 'query.invalid',
      message: expect.stringContaining('Mars/Olympus') as unknown,
    });
  });
});

describe('P&L in a base currency', () => {
  it('has the currency effect and the age of the rate beside it', async () => {
    const [table] = await ask({ baseCurrency: 'USD' });
    const row = columnsOf(table);
    expect(row['currency']).toEqual(['USD']);
    expect(row['realised']).toEqual([300 * 1.1]);
    expect(row['unrealised']).toEqual([90 * 1.2]);
    expect(row['effect']?.[0]).toBeCloseTo((300 - 3 - 4) * 0.1, 9);
    expect(row['rate age']).toEqual([14 * 3_600_000]);
  });

  it('leaves open what has no rate, and says so', async () => {
    const [table] = await ask({ baseCurrency: 'JPY' });
    expect(columnsOf(table)).toMatchObject({ realised: [null], total: [null], net: [null] });
    expect(table?.notices.map(({ text }) => text).join()).toContain('lack an exchange rate');
  });
});

describe('equity', () => {
  it('goes from the initial one with net profit and deposits', async () => {
    const [table] = await ask({ format: 'equity', initialEquity: 5_000 }, { end: '20T00:00' });
    const { Time, equity } = columnsOf(table);
    expect(Time?.map((stamp) => new Date(Number((stamp as bigint) / 1_000_000n)).getUTCDate())).toEqual([
      14, 15, 16, 17, 18, 19, 20,
    ]);
    expect(equity).toEqual([5_000, 5_000, 5_000, 6_000, 6_393, 6_443, 6_383]);
  });
});
