/** A desk of two strategies over real stores' rows: what its panels show of profit, positions, exposure and risk. */
import { nanos, type EventRow, type Fill, type Quote, type Table } from '@tapewatch/core';
import { serviceOver } from './testing/latency-desk.ts';

const MINUTE = 60_000;
/** Monday, 2024-01-01. */
const START = Date.UTC(2024, 0, 1);
const MINUTES = 400;

const at = (timeMs: number) => nanos(BigInt(Math.round(timeMs)) * 1_000_000n);

/** Mids of each minute; AMD swings by two, INTC rises by a cent a minute. */
const MIDS = {
  AMD: (minute: number) => 100 + 2 * Math.sin(minute / 3),
  INTC: (minute: number) => 50 + minute / 100,
} as const;

const QUOTES: Quote[] = (['AMD', 'INTC'] as const).flatMap((symbol) =>
  Array.from({ length: MINUTES + 1 }, (_, minute): Quote => {
    const mid = MIDS[symbol](minute);
    return {
      ...{ table: 'quotes', timeNanos: at(START + minute * MINUTE - 1_000), venue: 'XNAS', symbol },
      ...{ exchangeNanos: null, sequence: null, bid: mid - 0.01, ask: mid + 0.01, bidSize: 1, askSize: 1 },
    };
  }),
);

let fills = 0;
function fill(strategy: string, symbol: keyof typeof MIDS, signed: number, minute: number): Fill {
  fills += 1;
  return {
    ...{ table: 'fills', id: `f${fills}`, timeNanos: at(START + minute * MINUTE), orderId: `o${fills}`, venue: 'XNAS' },
    ...{ symbol, strategy, account: '', side: signed > 0 ? 'buy' : 'sell', quantity: Math.abs(signed) },
    ...{ price: MIDS[symbol](minute), currency: 'USD', fee: 0.5, feeCurrency: 'USD', liquidity: '' },
    ...{ execution: 'new', refersTo: '' },
  };
}

const ENVELOPE = {
  ...{ startMs: START, endMs: START + MINUTES * MINUTE, intervalMs: MINUTE, maxDataPoints: 1_000, fromAlert: false },
};

async function ask(rows: readonly EventRow[], query: object, minutes = MINUTES): Promise<Record<string, unknown>[]> {
  const envelope = { ...ENVELOPE, endMs: START + minutes * MINUTE };
  const [table] = await serviceOver(rows).run(query, envelope);
  return rowsOf(table);
}

function rowsOf(table: Table | undefined): Record<string, unknown>[] {
  const fields = table?.fields ?? [];
  return Array.from({ length: fields[0]?.values.length ?? 0 }, (_, row) =>
    Object.fromEntries(fields.map(({ name, values }) => [name, values[row]])),
  );
}

/** `up` buys INTC, which rises; `swing` trades AMD in and out. Nothing is closed by `up`. */
const DESK: EventRow[] = [
  ...QUOTES,
  fill('up', 'INTC', 30, 1),
  fill('up', 'INTC', 10, 50),
  ...Array.from({ length: 40 }, (_, i) => fill('swing', 'AMD', i % 2 === 0 ? 5 : -5, 10 + i * 9)),
  fill('swing', 'AMD', -8, 399),
];

it('positions: sizes, how many, and their share of those allowed (proves: TRD-25)', async () => {
  const list = await ask(DESK, { queryType: 'pnl', by: ['strategy', 'symbol'] });
  expect(list.map(({ strategy, symbol, open }) => [strategy, symbol, open])).toEqual([
    ['swing', 'AMD', -8],
    ['up', 'INTC', 40],
  ]);
  const [risk] = await ask(DESK, { queryType: 'risk' });
  expect(risk).toMatchObject({ positions: 2 });
  const limits = await ask(DESK, { queryType: 'risk', format: 'limits', limits: { positions: 8 } });
  expect(limits).toEqual([expect.objectContaining({ figure: 'positions', utilisation: 0.25 })]);
});

it('exposure, leverage and the use of limits move with positions (proves: TRD-11)', async () => {
  const query = { queryType: 'risk', by: ['strategy'], limits: { gross: 4_000, leverage: 2 }, initialEquity: 1_000 };
  const held = async (minutes: number): Promise<Record<string, unknown>> => {
    const isUp = ({ strategy }: Record<string, unknown>): boolean => strategy === 'up';
    const risk = (await ask(DESK, query, minutes)).find(isUp);
    const limits = (await ask(DESK, { ...query, format: 'limits' }, minutes)).filter(isUp);
    return { ...risk, used: Object.fromEntries(limits.map(({ figure, utilisation }) => [figure, utilisation])) };
  };
  for (const [minutes, quantity, profit] of [
    [45, 30, 30 * 0.44 - 0.5],
    [55, 40, 30 * 0.54 + 10 * 0.05 - 1],
  ] as const) {
    const gross = quantity * MIDS.INTC(minutes);
    const leverage = gross / (1_000 + profit);
    const seen = await held(minutes);
    expect(seen['gross']).toBeCloseTo(gross, 9);
    expect(seen['leverage']).toBeCloseTo(leverage, 9);
    expect(seen['used']).toEqual({
      gross: expect.closeTo(gross / 4_000, 9),
      leverage: expect.closeTo(leverage / 2, 9),
    });
  }
});

it('strategies can be compared, by what they earned for what they risked (proves: TRD-09)', async () => {
  const rows = await ask(DESK, {
    ...{ queryType: 'performance', by: ['strategy'], bar: '1m', year: 'crypto', initialEquity: 5_000 },
  });
  expect(rows.map(({ strategy }) => strategy)).toEqual(['swing', 'up']);
  const [swing, up] = rows as [Record<string, number>, Record<string, number>];
  expect(up['return']).toBeCloseTo((30 * (399 / 100) + 10 * (350 / 100) - 1) / 5_000, 3);
  const swung = DESK.flatMap((row) => (row.table === 'fills' && row.strategy === 'swing' ? [row] : []));
  const cash = swung.reduce((sum, { side, quantity, price }) => sum + (side === 'buy' ? -1 : 1) * quantity * price, 0);
  const earned = cash - 8 * MIDS.AMD(MINUTES) - swung.length * 0.5;
  expect(swing['return']).toBeCloseTo(earned / 5_000, 9);
  expect(up['sharpe'] as number).toBeGreaterThan(swing['sharpe'] as number);
  expect(up['max drawdown'] as number).toBeLessThan(swing['max drawdown'] as number);
});

it('profit, sizes and exposure of the portfolio; value at risk, drawdown and Sharpe ratio (proves: MET-85, MET-86)', async () => {
  const [pnl] = await ask(DESK, { queryType: 'pnl', by: ['symbol'] });
  expect(pnl).toMatchObject({ symbol: 'AMD', open: -8 });
  expect(pnl?.['net']).toEqual(expect.any(Number));
  const [risk] = await ask(DESK, { queryType: 'risk', initialEquity: 5_000 });
  const gross = 8 * MIDS.AMD(MINUTES) + 40 * MIDS.INTC(MINUTES);
  expect(risk?.['gross']).toBeCloseTo(gross, 6);
  expect(risk?.['var 95']).toEqual(expect.any(Number));
  const [earned] = await ask(DESK, {
    queryType: 'performance',
    by: [],
    bar: '1m',
    year: 'crypto',
    initialEquity: 5_000,
  });
  expect(earned?.['max drawdown'] as number).toBeGreaterThan(0);
  expect(earned?.['sharpe']).toEqual(expect.any(Number));
});
