/** Performance and risk over stored fills, quotes and cash flows: figures by hand, and where they are withheld. */
import { performanceQuery, riskQuery } from '@tapewatch/contract';
import { nanos, type CashFlow, type Fill, type FxRate, type Quote, type Table } from '@tapewatch/core';
import type { EventRowByTable, StoreReader } from '../ports.ts';
import { runPerformance } from './performance-query.ts';
import { runRisk } from './risk-query.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Monday, 2024-01-01. */
const START = Date.UTC(2024, 0, 1);

const at = (timeMs: number) => nanos(BigInt(Math.round(timeMs)) * 1_000_000n);

const FILL: Fill = {
  ...{ table: 'fills', id: '', timeNanos: at(START), orderId: 'o', venue: 'XNAS', symbol: 'AMD', strategy: 's' },
  ...{ account: '', side: 'buy', quantity: 1, price: 100, currency: 'USD', fee: 0, feeCurrency: 'USD', liquidity: '' },
  ...{ execution: 'new', refersTo: '' },
};

/** `prices`: one mid for each minute from the start on. */
const quotesOf = (prices: readonly number[], more: Partial<Quote> = {}): Quote[] =>
  prices.map((mid, i) => ({
    ...{
      table: 'quotes',
      timeNanos: at(START + i * MINUTE - 1_000),
      venue: 'XNAS',
      symbol: 'AMD',
      exchangeNanos: null,
    },
    ...{ bid: mid - 1, ask: mid + 1, bidSize: 1, askSize: 1, sequence: null },
    ...more,
  }));

const fillsOf = (...rows: (Partial<Fill> & { readonly minute?: number })[]): Fill[] =>
  rows.map(({ minute = 0, ...row }, i) => ({ ...FILL, id: `f${i}`, timeNanos: at(START + minute * MINUTE), ...row }));

interface World {
  readonly fills?: readonly Fill[];
  readonly quotes?: readonly Quote[];
  readonly flows?: readonly CashFlow[];
  readonly rates?: readonly FxRate[];
}

function readerOf({ fills = [], quotes = [], flows = [], rates = [] }: World): StoreReader {
  const rows: Partial<Record<string, readonly unknown[]>> = { fills, cash_flows: flows, fx_rates: rates };
  return {
    select: () => Promise.resolve([]),
    series: () => Promise.resolve([]),
    events: <T extends keyof EventRowByTable>(table: T, filter: { execution?: readonly string[] }) =>
      Promise.resolve((filter.execution === undefined ? (rows[table] ?? []) : []) as EventRowByTable[T][]),
    quotesBefore: (asks) =>
      Promise.resolve(
        asks.map(({ venue, symbol, timeNanos }) => {
          const own = quotes.filter((one) => one.venue === venue && one.symbol === symbol);
          return own.filter((one) => one.timeNanos < timeNanos).at(-1) ?? null;
        }),
      ),
    transitions: () => Promise.resolve([]),
  };
}

const envelope = (minutes: number, more: object = {}) => ({
  ...{ startMs: START, endMs: START + minutes * MINUTE, intervalMs: MINUTE, maxDataPoints: 1_000, fromAlert: false },
  ...more,
});

const performance = (world: World, query: object, minutes: number, more: object = {}): Promise<Table[]> =>
  runPerformance(performanceQuery.parse({ queryType: 'performance', ...query }), envelope(minutes, more), {
    reader: readerOf(world),
  });

const risk = (world: World, query: object, minutes: number, more: object = {}): Promise<Table[]> =>
  runRisk(riskQuery.parse({ queryType: 'risk', ...query }), envelope(minutes, more), { reader: readerOf(world) });

function cells(table: Table | undefined, row = 0): Record<string, unknown> {
  return Object.fromEntries((table?.fields ?? []).map(({ name, values }) => [name, values[row]]));
}

const texts = (table: Table | undefined): string => (table?.notices ?? []).map(({ text }) => text).join('\n');

/** One unit held from the first minute on, its price moving. */
const HELD = Array.from({ length: 41 }, (_, i) => 100 + [0, 20, 10, 30][i % 4]! + i);
const HOLDING: World = { fills: fillsOf({ price: 100, minute: 0 }), quotes: quotesOf(HELD) };
const MINUTES = { bar: '1m', year: 'crypto', by: [], initialEquity: 1_000 };

describe('performance', () => {
  it('is of the equity at the ends of bars', async () => {
    const [table] = await performance(HOLDING, MINUTES, 40);
    const equity = HELD.map((mid) => 900 + mid);
    const returns = equity.slice(1).map((value, i) => value / (equity[i] as number) - 1);
    const mean = returns.reduce((sum, value) => sum + value, 0) / 40;
    const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 39);
    const seen = cells(table);
    expect(seen).toMatchObject({ currency: 'USD', equity: equity.at(-1), trades: 0, 'win rate': null, cagr: null });
    expect(seen['returns']).toBe(40);
    expect(seen['sharpe']).toBeCloseTo((mean / deviation) * Math.sqrt(365 * 1_440), 6);
    expect(seen['return']).toBeCloseTo((equity.at(-1) as number) / 1_000 - 1, 12);
    const worst = Math.max(...equity.map((value, i) => 1 - value / Math.max(...equity.slice(0, i + 1))));
    expect(seen['max drawdown']).toBeCloseTo(worst, 12);
    expect(texts(table)).toContain('the time covered is too short to be annualised: cagr, calmar');
    expect(table?.kind).toBe('numeric-long');
    for (const { type, description, unit } of table?.fields ?? []) {
      if (type === 'number') expect([description, unit]).not.toContain(undefined);
    }
  });

  it('withholds ratios of few bars, with the reason, and keeps what is certain', async () => {
    const [table] = await performance(HOLDING, MINUTES, 10);
    expect(cells(table)).toMatchObject({ sharpe: null, sortino: null, omega: null, volatility: null });
    expect(cells(table)['max drawdown']).toBeGreaterThan(0);
    expect(texts(table)).toContain('too few observations: volatility, sharpe');
  });

  it('counts round trips by group', async () => {
    const fills = fillsOf(
      { price: 100 },
      { side: 'sell', price: 110, minute: 1, fee: 1 },
      { price: 100, minute: 2 },
      { side: 'sell', price: 95, minute: 3 },
      { strategy: 't', price: 50 },
      { strategy: 't', side: 'sell', price: 49, minute: 4 },
    );
    const [table] = await performance({ fills }, { ...MINUTES, by: ['strategy'] }, 5);
    expect(cells(table, 0)).toMatchObject({ strategy: 's', trades: 2, 'win rate': 0.5, expectancy: 2, equity: 1_004 });
    expect(cells(table, 0)).toMatchObject({ 'profit factor': 1.8, 'consecutive losses': 1 });
    expect(cells(table, 1)).toMatchObject({ strategy: 't', trades: 1, 'win rate': 0, 'profit factor': 0 });
  });

  it('a deposit is no profit', async () => {
    const flow = { table: 'cash_flows', id: 'c', timeNanos: at(START + 20 * MINUTE), kind: 'deposit', amount: 500 };
    const rest = { account: '', currency: 'USD', venue: 'XNAS', symbol: 'AMD', strategy: 's' };
    const flows = [{ ...flow, ...rest } as CashFlow];
    const flat: World = { fills: fillsOf({ price: 100 }), quotes: quotesOf(Array<number>(41).fill(100)), flows };
    const [table] = await performance(flat, MINUTES, 40);
    expect(cells(table)).toMatchObject({ equity: 1_500, return: 0, drawdown: 0, sharpe: null });
    expect(texts(table)).toContain('the values do not vary');
  });

  it('tells nothing of an equity whose position has no mid', async () => {
    const [table] = await performance({ fills: HOLDING.fills ?? [] }, MINUTES, 40);
    expect(cells(table)).toMatchObject({ equity: null, sharpe: null });
    expect(texts(table)).toContain('1 open positions have no mid');
  });

  it('converts into a base currency at the rate of each moment', async () => {
    const fills = fillsOf(
      { price: 100, currency: 'EUR', feeCurrency: 'EUR' },
      { side: 'sell', price: 110, minute: 5, currency: 'EUR', feeCurrency: 'EUR' },
    );
    const rate = { table: 'fx_rates', base: 'EUR', quote: 'USD', source: '' };
    const rates = [0, 3].map(
      (minute, i) => ({ ...rate, timeNanos: at(START + minute * MINUTE), rate: 1 + i }) as unknown as FxRate,
    );
    const [table] = await performance({ fills, rates }, { ...MINUTES, baseCurrency: 'USD' }, 6);
    expect(cells(table)).toMatchObject({ currency: 'USD', trades: 1, expectancy: 20 });
  });

  it.each([
    ['equity', [1_000, 1_020, 1_010]],
    ['drawdown_money', [0, 0, 10]],
    ['drawdown', [0, 0, 10 / 1_020]],
  ])('draws %s over time', async (figure, expected) => {
    const world = { fills: fillsOf({ price: 100 }), quotes: quotesOf([100, 120, 110]) };
    const [table] = await performance(world, { ...MINUTES, format: 'time_series', figure }, 2);
    expect(table?.kind).toBe('timeseries-multi');
    const [times, values] = table?.fields ?? [];
    expect(times?.values.map(Number)).toEqual([0, 1, 2].map((minute) => Number(at(START + minute * MINUTE))));
    [...(values?.values ?? [])].forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 12));
  });

  it('gives a rule the figure that it asks for, and refuses a ratio over time', async () => {
    const [table] = await performance(HOLDING, { ...MINUTES, figure: 'drawdown' }, 40, { fromAlert: true });
    expect(table?.fields.filter(({ type }) => type === 'number').map(({ name }) => name)).toEqual(['drawdown']);
    const failing = performance(HOLDING, { ...MINUTES, format: 'time_series', figure: 'sharpe' }, 40);
    await expect(failing).rejects.toMatchObject({
      code: 'query.invalid',
      message: expect.stringContaining('sharpe') as unknown,
    });
  });

  it('bars are bounded, and days are those of the calendar', async () => {
    const failing = performance(HOLDING, { ...MINUTES, bar: '1m' }, 12_000);
    await expect(failing).rejects.toMatchObject({ code: 'query.limit' });
    const fills = Array.from({ length: 20 }, (_, day) =>
      fillsOf({ price: 100 + day, timeNanos: at(START + day * DAY) }).map((fill) => ({ ...fill, id: `d${day}` })),
    ).flat();
    const closing = fills.map((fill) => ({
      ...fill,
      id: `${fill.id}c`,
      side: 'sell' as const,
      price: fill.price + 1,
    }));
    const [weekdays] = await performance({ fills: [...fills, ...closing] }, { by: [] }, 20 * 1_440);
    expect(cells(weekdays)['returns']).toBe(15);
    const [all] = await performance({ fills: [...fills, ...closing] }, { by: [], year: 'crypto' }, 20 * 1_440);
    expect(cells(all)['returns']).toBe(20);
  });

  it('bars within a day are those of the session, the first with what happened overnight', async () => {
    // Monday to Wednesday in New York: a price for each hour, which moves in the night as well.
    const mids = Array.from({ length: 72 }, (_, hour) => 100 + (hour % 7) + hour / 10);
    const quotes = mids.map((mid, hour) => quotesOf([mid], { timeNanos: at(START + hour * 3_600_000 - 1_000) })).flat();
    const world = { fills: fillsOf({ price: 100, minute: 0 }), quotes };
    const query = { by: [], bar: '1h', year: 'equities', initialEquity: 1_000 };
    const session = { timeZone: 'America/New_York', open: '09:30', close: '16:00', weekends: false };
    const [within] = await performance(world, { ...query, calendar: session }, 71 * 60);
    expect(cells(within)['returns']).toBe(3 * 7);
    expect(texts(within)).not.toContain('session');
    // 21:00 UTC of the third day is the last bar: everything since the beginning is in it.
    expect(cells(within)['return']).toBeCloseTo((1_000 + (mids[69] as number) - 100) / 1_000 - 1, 12);
    const [all] = await performance(world, query, 71 * 60);
    expect(cells(all)['returns']).toBe(71);
    expect(texts(all)).toContain('name the session');
  });

  it('the tracker stands as after its last trade', async () => {
    const fills = fillsOf(
      { price: 100 },
      { side: 'sell', price: 150, minute: 1 },
      { price: 150, minute: 2 },
      { side: 'sell', price: 50, minute: 3 },
      { price: 10, minute: 4, symbol: 'INTC' },
    );
    const query = { by: [], initialEquity: 1_000, format: 'tracker', maxPositions: 4 };
    const [table] = await performance({ fills }, query, 60);
    expect(cells(table)).toMatchObject({ equity: 950, 'peak equity': 1_050, profit: -50, day: -50, week: -50 });
    expect(cells(table)).toMatchObject({ 'win rate': 0.5, 'consecutive losses': 1, 'position use': 0.25, trades: 2 });
    expect(cells(table)['day loss']).toBeCloseTo(0.05, 12);
    expect(cells(table)['drawdown']).toBeCloseTo(100 / 1_050, 12);
    const [next] = await performance({ fills }, query, 1_440);
    expect(cells(next)).toMatchObject({ day: 0, week: -50, profit: -50 });
  });
});

describe('risk', () => {
  const prices = Array.from({ length: 301 }, (_, i) => 100 + ((i * 37) % 50) / 10);

  it('value at risk is of what the open positions would have made', async () => {
    const world = { fills: fillsOf({ price: 100, quantity: 2 }), quotes: quotesOf(prices) };
    const [table] = await risk(world, { initialEquity: 1_000 }, 300);
    const profits = prices.slice(1).map((price, i) => 2 * (price - (prices[i] as number)));
    const ascending = [...profits].sort((a, b) => a - b);
    const position = 299 * 0.05;
    const lower = ascending[Math.floor(position)] as number;
    const quantile = lower + (position - Math.floor(position)) * ((ascending[Math.ceil(position)] as number) - lower);
    const seen = cells(table);
    expect(seen['var 95']).toBeCloseTo(-quantile, 9);
    expect(seen['es 95'] as number).toBeGreaterThanOrEqual(seen['var 95'] as number);
    expect(seen).toMatchObject({
      'var 99': null,
      gross: 2 * (prices.at(-1) as number),
      positions: 1,
      concentration: 1,
    });
    expect(seen['leverage']).toBeCloseTo((seen['gross'] as number) / (seen['equity'] as number), 12);
    expect(texts(table)).toContain('too few observations: var 99, es 99');
    expect(texts(table)).toContain('from 300 bars');
    const [parametric] = await risk(world, { var: 'parametric' }, 300);
    expect(cells(parametric)['var 99'] as number).toBeGreaterThan(cells(parametric)['var 95'] as number);
  });

  it('splits by strategy, and long and short offset only in the net', async () => {
    const fills = fillsOf({ price: 100 }, { strategy: 't', side: 'sell', price: 100 });
    const [split] = await risk({ fills, quotes: quotesOf(prices) }, { by: ['strategy'] }, 300);
    expect([cells(split, 0)['net'], cells(split, 1)['net']]).toEqual([prices.at(-1), -(prices.at(-1) as number)]);
    const [whole] = await risk({ fills, quotes: quotesOf(prices) }, {}, 300);
    expect(cells(whole)).toMatchObject({ net: 0, positions: 2, 'var 95': 0 });
    expect(cells(whole)['gross']).toBeCloseTo(2 * (prices.at(-1) as number), 9);
  });

  it('tells the use of limits, and which are passed', async () => {
    const world = { fills: fillsOf({ price: 100, quantity: 10 }), quotes: quotesOf(Array<number>(11).fill(100)) };
    const query = { format: 'limits', limits: { gross: 500, positions: 4, valueAtRisk95: 10 }, initialEquity: 1_000 };
    const [table] = await risk(world, query, 10);
    expect([0, 1, 2].map((row) => [cells(table, row)['figure'], cells(table, row)['utilisation']])).toEqual([
      ['gross', 2],
      ['positions', 0.25],
      ['valueAtRisk95', null],
    ]);
    expect(texts(table)).toContain('limits passed: gross');
  });

  it('money that is taken out is no drawdown', async () => {
    const flow = { table: 'cash_flows', id: 'c', timeNanos: at(START + 5 * MINUTE), kind: 'withdrawal', amount: -500 };
    const rest = { account: '', currency: 'USD', venue: 'XNAS', symbol: 'AMD', strategy: 's' };
    const flows = [{ ...flow, ...rest } as CashFlow];
    const world = { fills: fillsOf({ price: 100 }), quotes: quotesOf(Array<number>(11).fill(100)), flows };
    const query = { initialEquity: 1_000, limits: { drawdown: 0.2 } };
    const [table] = await risk(world, query, 10);
    expect(cells(table)).toMatchObject({ equity: 500, drawdown: 0 });
    const [limits] = await risk(world, { ...query, format: 'limits' }, 10);
    expect(texts(limits)).not.toContain('limits passed');
  });

  it('breaks the portfolio down into parts that sum to its total', async () => {
    const fills = fillsOf({ price: 100, quantity: 2 }, { symbol: 'INTC', side: 'sell', price: 30 });
    const quotes = [
      ...quotesOf(Array<number>(11).fill(110)),
      ...quotesOf(Array<number>(11).fill(25), { symbol: 'INTC' }),
    ];
    const [table] = await risk({ fills, quotes }, { format: 'portfolio', initialEquity: 1_000 }, 10);
    const parts = [0, 1, 2, 3].map((row) => cells(table, row)).map(({ kind, part, value }) => [kind, part, value]);
    expect(parts).toEqual([
      ['position', 'AMD', 220],
      ['position', 'INTC', -25],
      ['cash', 'USD', 830],
      ['total', 'total', 1_025],
    ]);
  });

  it('returns of the last hour come from the equity series', async () => {
    const world = { fills: fillsOf({ price: 100 }), quotes: quotesOf(prices) };
    const [table] = await risk(world, { initialEquity: 1_000 }, 300);
    const [now, before] = [900 + (prices[300] as number), 900 + (prices[240] as number)];
    expect(cells(table)['return 1h']).toBeCloseTo(now / before - 1, 12);
    expect(cells(table)).toMatchObject({ 'return 24h': null, 'return 7d': null });
  });

  it('is unknown, not small, when a position has no price', async () => {
    const fills = fillsOf({ price: 100 }, { symbol: 'DARK', price: 5 });
    const [table] = await risk({ fills, quotes: quotesOf(prices) }, {}, 300);
    expect(cells(table)).toMatchObject({ gross: null, leverage: null, equity: null, 'var 95': null, positions: 2 });
    expect(texts(table)).toContain('a position has no price to value it at');
  });
});
