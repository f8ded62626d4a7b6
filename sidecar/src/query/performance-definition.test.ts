/**
 * Every figure of the performance table is defined in docs/trading.md, and is what that definition gives when it is spelled
 * out once more, plainly: a desk that is flat each night, so that its equity is its initial equity and what it earned.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededUniform, type Fill, type Table } from '@tapewatch/core';
import { PERFORMANCE_COLUMNS } from './performance-table.ts';
import { ns, serviceOver } from './testing/latency-desk.ts';

const DAY_MS = 86_400_000;
const START = 10_000;
const YEAR = 365;

/** A round trip a day, bought at 100. */
function fillsOf(profits: readonly number[]): Fill[] {
  return profits.flatMap((profit, day) =>
    (['buy', 'sell'] as const).map((side, i): Fill => ({
      ...{ table: 'fills', id: `f${day}-${side}`, timeNanos: ns((day + 0.4 + i / 10) * DAY_MS), orderId: `o${day}` },
      ...{
        venue: 'V',
        symbol: 'S',
        strategy: 'mm',
        account: '',
        side,
        quantity: 1,
        price: i === 0 ? 100 : 100 + profit,
      },
      ...{ currency: 'USD', fee: 0, feeCurrency: 'USD', liquidity: '', execution: 'new', refersTo: '' },
    })),
  );
}

/** From the first moment to the end of the last day. */
async function tableOf(profits: readonly number[]): Promise<Table | undefined> {
  const query = { queryType: 'performance', by: [], bar: '1d', year: 'crypto', initialEquity: START };
  const envelope = { startMs: 0, endMs: profits.length * DAY_MS, intervalMs: DAY_MS, maxDataPoints: 1_000 };
  return (await serviceOver(fillsOf(profits)).run(query, { ...envelope, fromAlert: false }))[0];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return low + (high - low) * (at - Math.floor(at));
}

/** The definitions of docs/trading.md, in its order. */
function defined(profits: readonly number[]): Record<string, number> {
  const equity = profits.reduce((line, profit) => [...line, (line.at(-1) as number) + profit], [START]);
  const r = profits.map((profit, i) => profit / (equity[i] as number));
  const n = r.length;
  const central = (power: number): number => mean(r.map((value) => (value - mean(r)) ** power));
  const deviation = Math.sqrt((central(2) * n) / (n - 1));
  const [skew, kurt] = [central(3) / central(2) ** 1.5, central(4) / central(2) ** 2];
  const s = mean(r) / deviation;
  const lags = Math.floor(4 * (n / 100) ** (2 / 9));
  const rho = (k: number): number =>
    sum(r.slice(k).map((value, i) => (value - mean(r)) * ((r[i] as number) - mean(r)))) / (n * central(2));
  const weighted = sum(Array.from({ length: lags }, (_, i) => (YEAR - i - 1) * rho(i + 1)));
  const peaks = equity.map((_, i) => Math.max(...equity.slice(0, i + 1)));
  const below = equity.map((value, i) => 1 - value / (peaks[i] as number));
  const money = equity.map((value, i) => (peaks[i] as number) - value);
  const [gains, losses] = [profits.filter((profit) => profit > 0), profits.filter((profit) => profit < 0)];
  const total = (equity.at(-1) as number) / START - 1;
  const cagr = (1 + total) ** (YEARS / n) - 1;
  return {
    ...{ equity: equity.at(-1) as number, return: total, cagr, volatility: deviation * Math.sqrt(YEAR) },
    sharpe: s * Math.sqrt(YEAR),
    'sharpe error': Math.sqrt((1 + s ** 2 / 2 - skew * s + ((kurt - 3) / 4) * s ** 2) / n) * Math.sqrt(YEAR),
    'sharpe (lo)': (s * YEAR) / Math.sqrt(YEAR + 2 * weighted),
    sortino: (mean(r) / Math.sqrt(mean(r.map((value) => Math.min(value, 0) ** 2)))) * Math.sqrt(YEAR),
    calmar: cagr / Math.max(...below),
    omega: sum(r.filter((value) => value > 0)) / -sum(r.filter((value) => value < 0)),
    'tail ratio': Math.abs(quantile(r, 0.95)) / Math.abs(quantile(r, 0.05)),
    ...{ drawdown: below.at(-1) as number, 'max drawdown': Math.max(...below) },
    ...{ 'drawdown money': money.at(-1) as number, 'max drawdown money': Math.max(...money) },
    'win rate': gains.length / (gains.length + losses.length),
    'profit factor': sum(gains) / -sum(losses),
    payoff: mean(gains) / -mean(losses),
    ...{ expectancy: mean(profits), trades: n, returns: n },
    'consecutive losses': profits.length - 1 - profits.findLastIndex((profit) => profit > 0),
  };
}

/** Days of a year of the Gregorian calendar. */
const YEARS = 365.2425;
const uniform = seededUniform(13);
const PROFITS = Array.from({ length: 90 }, () => Math.round((uniform() - 0.45) * 4_000) / 100);

it('performance figures are defined, are what the definition gives, and are withheld where it cannot hold (proves: TRD-13)', async () => {
  const page = readFileSync(join(__dirname, '../../../docs/trading.md'), 'utf8');
  const rows = [...page.matchAll(/^\| ([a-z() ,]+) \| (.{10,}) \|$/gm)];
  const documented = new Set(rows.flatMap(([, names = '']) => names.split(', ')));
  const names = PERFORMANCE_COLUMNS.map(({ name }) => name);
  expect(names.filter((name) => !documented.has(name))).toEqual([]);

  const table = await tableOf(PROFITS);
  const told = (name: string): unknown => table?.fields.find((field) => field.name === name)?.values[0];
  const expected = defined(PROFITS);
  for (const [name, value] of Object.entries(expected)) {
    expect({ [name]: told(name) }).toEqual({ [name]: expect.closeTo(value, 9) as unknown });
  }
  // How long drawdowns lasted depends on the ends of bars, which a test of the drawdown holds.
  expect(names.filter((name) => !(name in expected))).toEqual(['longest drawdown', 'open drawdown']);

  const few = await tableOf(PROFITS.slice(0, 29));
  const ofFew = (name: string): unknown => few?.fields.find((field) => field.name === name)?.values[0];
  for (const name of ['cagr', 'volatility', 'sharpe', 'sharpe error', 'sharpe (lo)', 'sortino', 'calmar', 'omega']) {
    expect([name, ofFew(name)]).toEqual([name, null]);
  }
  expect(few?.notices.map(({ text }) => text).join(' ')).toMatch(/sharpe/);
});
