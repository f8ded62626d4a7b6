/** Futures in money: a multiplier, and an inverse contract that settles in its coin, from configuration to figures. */
import { pnlQuery, performanceQuery, riskQuery } from '@tapewatch/contract';
import { nanos, type CashFlow, type Fill, type FxRate, type Quote, type Table } from '@tapewatch/core';
import { tradingCollector } from '../collect/trading.ts';
import { contractsOf, instrumentOptions } from '../instrument-options.ts';
import { readerOver } from './testing/latency-desk.ts';
import { runPerformance } from './performance-query.ts';
import { runPnl } from './pnl-query.ts';
import { runRisk } from './risk-query.ts';

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 1);
const at = (minute: number) => nanos(BigInt(START + minute * MINUTE) * 1_000_000n);

const contractOf = contractsOf(
  instrumentOptions.parse([
    { symbol: 'ES', multiplier: 50 },
    { symbol: 'BTCUSD_PERP', venue: 'BINANCE', multiplier: 100, inverse: true, currency: 'BTC' },
  ]),
);

let count = 0;
function fill(symbol: string, signed: number, price: number, minute: number): Fill {
  count += 1;
  return {
    ...{ table: 'fills', id: `f${count}`, timeNanos: at(minute), orderId: `o${count}`, venue: 'BINANCE', symbol },
    ...{ strategy: 's', account: '', side: signed > 0 ? 'buy' : 'sell', quantity: Math.abs(signed), price },
    ...{ currency: 'USD', fee: 0, feeCurrency: 'USD', liquidity: '', execution: 'new', refersTo: '' },
  };
}
const quote = (symbol: string, mid: number, minute: number): Quote => ({
  ...{ table: 'quotes', timeNanos: nanos(at(minute) - 1n), venue: 'BINANCE', symbol, exchangeNanos: null },
  ...{ bid: mid - 0.25, ask: mid + 0.25, bidSize: 1, askSize: 1, sequence: null },
});
const RATE: FxRate = { table: 'fx_rates', timeNanos: at(0), base: 'BTC', quote: 'USD', rate: 40_000, source: '' };
const FUNDING: CashFlow = {
  ...{ table: 'cash_flows', id: 'c', timeNanos: at(3), kind: 'funding', amount: -0.001, currency: 'BTC' },
  ...{ account: '', venue: 'BINANCE', symbol: 'BTCUSD_PERP', strategy: 's', reason: '' },
} as CashFlow;

/** 2 ES at 4,000, now 4,010; 50 contracts of 100 dollars bought at 40,000, now 50,000. */
const ROWS = [
  RATE,
  FUNDING,
  fill('ES', 2, 4_000, 1),
  fill('BTCUSD_PERP', 50, 40_000, 1),
  ...[0, 1, 2, 3].flatMap((minute) => [quote('ES', 4_000, minute), quote('BTCUSD_PERP', 40_000, minute)]),
  ...[4, 5, 6].flatMap((minute) => [quote('ES', 4_010, minute), quote('BTCUSD_PERP', 50_000, minute)]),
];
const COIN_PROFIT = 50 * 100 * (1 / 40_000 - 1 / 50_000);

const source = { reader: readerOver(ROWS), contractOf };
const ENVELOPE = {
  ...{ startMs: START, endMs: START + 6 * MINUTE, intervalMs: MINUTE, maxDataPoints: 1_000, fromAlert: false },
};

function rowsOf(table: Table | undefined): Record<string, unknown>[] {
  const fields = table?.fields ?? [];
  return Array.from({ length: fields[0]?.values.length ?? 0 }, (_, row) =>
    Object.fromEntries(fields.map(({ name, values }) => [name, values[row]])),
  );
}

it('profit is of the multiplier, and of an inverse contract in its coin, funding beside it', async () => {
  const query = pnlQuery.parse({ queryType: 'pnl', by: ['symbol'] });
  const [coin, es] = rowsOf((await runPnl(query, ENVELOPE, source))[0]);
  expect(es).toMatchObject({ unrealised: 2 * 50 * 10, net: 1_000 });
  expect(coin?.['unrealised']).toBeCloseTo(COIN_PROFIT, 12);
  expect(coin?.['income']).toBe(-0.001);
  expect(coin?.['net']).toBeCloseTo(COIN_PROFIT - 0.001, 12);
});

it('adds up in a base currency, in profit, equity and risk alike', async () => {
  const base = { by: [], baseCurrency: 'USD' };
  const [pnl] = rowsOf((await runPnl(pnlQuery.parse({ queryType: 'pnl', ...base }), ENVELOPE, source))[0]);
  const profit = 1_000 + (COIN_PROFIT - 0.001) * 40_000;
  expect(pnl?.['net']).toBeCloseTo(profit, 6);
  const risk = riskQuery.parse({ queryType: 'risk', ...base, initialEquity: 10_000 });
  const [held] = rowsOf((await runRisk(risk, ENVELOPE, source))[0]);
  const values = [2 * 50 * 4_010, ((50 * 100) / 50_000) * 40_000];
  expect(held?.['gross']).toBeCloseTo(values[0]! + values[1]!, 6);
  expect(held?.['net']).toBe(held?.['gross']);
  expect(held?.['equity']).toBeCloseTo(10_000 + profit, 6);
  const parts = rowsOf((await runRisk({ ...risk, format: 'portfolio' }, ENVELOPE, source))[0]);
  const whole = parts.find(({ kind }) => kind === 'total')?.['value'] as number;
  const rest = parts.filter(({ kind }) => kind !== 'total').reduce((sum, { value }) => sum + (value as number), 0);
  expect(rest).toBeCloseTo(whole, 6);
  expect(whole).toBeCloseTo(10_000 + profit, 6);
});

it('counts closed trades by the same contracts', async () => {
  const closing = [...ROWS, fill('ES', -2, 4_020, 5), fill('BTCUSD_PERP', -50, 50_000, 5)];
  const query = performanceQuery.parse({ queryType: 'performance', by: ['symbol'], format: 'tracker' });
  const envelope = { ...ENVELOPE };
  const [coin, es] = rowsOf((await runPerformance(query, envelope, { reader: readerOver(closing), contractOf }))[0]);
  expect(es).toMatchObject({ profit: 2 * 50 * 20, trades: 1 });
  expect(coin?.['profit']).toBeCloseTo(COIN_PROFIT, 12);
  const desk = tradingCollector(readerOver(closing), { initialEquity: 100, rollingWindow: 10, contractOf });
  const figures = await desk.collect(at(60));
  const equity = figures
    .filter(({ name }) => name === 'trading_equity')
    .map(({ labels, value }) => [labels['currency'], value]);
  expect(Object.fromEntries(equity)).toEqual({ USD: 100 + 2_000, BTC: expect.closeTo(100 + COIN_PROFIT, 12) });
});

it('refuses an inverse contract without its coin, and an instrument that is listed twice', () => {
  expect(instrumentOptions.safeParse([{ symbol: 'A', inverse: true }]).error?.issues[0]?.message).toMatch(
    /needs the currency in which it settles/,
  );
  expect(instrumentOptions.safeParse([{ symbol: 'A' }, { symbol: 'A' }]).error?.issues[0]?.message).toMatch(/twice/);
  expect(instrumentOptions.safeParse([{ symbol: 'A' }, { symbol: 'A', venue: 'V' }]).success).toBe(true);
  expect(contractOf({ venue: 'OTHER', symbol: 'BTCUSD_PERP' })).toBeUndefined();
  expect(contractOf({ venue: 'CME', symbol: 'ES' })).toEqual({ multiplier: 50, inverse: false });
});
