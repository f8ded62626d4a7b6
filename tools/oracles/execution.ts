/**
 * Spreads, markouts, interval benchmarks, impact, volatility and the response of a recorded market, executions of tcapy's
 * test data, and the intervals beneath them, against DuckDB, pandas, statsmodels and numpy.
 */
import {
  annualised,
  barsOf,
  ewmaVariance,
  FillProbability,
  fitKyle,
  garmanKlassVariance,
  intervalVwap,
  logReturns,
  markoutBps,
  MidLine,
  nanos,
  parkinsonVariance,
  PrintTape,
  QuoteAverage,
  realisedVariance,
  responseFunction,
  rogersSatchellVariance,
  signAutocorrelation,
  splitSpread,
  wilsonInterval,
  yangZhangVariance,
  type Coefficient,
  type LineFit,
  type Nanos,
  type Quote,
} from '@tapewatch/core';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OraclePart } from './part.ts';

type Named = readonly [string, number | null];

interface Columns {
  /** T in milliseconds, price, quantity, direction. */
  readonly trades: readonly [readonly number[], readonly number[], readonly number[], readonly number[]];
  /** T in milliseconds, bid, ask. */
  readonly quotes: readonly [readonly number[], readonly number[], readonly number[]];
}

interface Trade {
  readonly timeNanos: Nanos;
  readonly price: number;
  readonly quantity: number;
  readonly sign: 1 | -1;
  readonly side: 'buy' | 'sell';
}

interface Market {
  readonly trades: readonly Trade[];
  readonly quotes: readonly Quote[];
  readonly line: MidLine;
  readonly startNanos: Nanos;
  readonly endNanos: Nanos;
}

const HORIZONS_MS = [100, 1_000, 5_000, 30_000, 300_000];
const SECOND = 1_000_000_000n;

export const executionPart: OraclePart = {
  name: 'execution',
  tolerances: {
    'wilson.': { relative: 1e-12, absolute: 1e-15 },
    'kaplanMeier.': { relative: 1e-12, absolute: 1e-15 },
    'usdm.kyle.': { relative: 1e-8, absolute: 1e-12 },
    // Running sums of a day, and differences of them.
    'usdm.interval.': { relative: 1e-12, absolute: 0 },
  },
  figures: ({ workFolder }) => {
    const file = join(workFolder, 'execution.json');
    const data = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) as {
      usdm?: Columns;
      tcapy?: readonly (readonly [number, number, number, number])[];
    };
    const market = data.usdm && marketOf(data.usdm);
    return Object.fromEntries([
      ...intervals(),
      ...(market === undefined ? [] : marketFigures(market).map(([name, value]): Named => [`usdm.${name}`, value])),
      ...(data.tcapy === undefined ? [] : tcapyFigures(data.tcapy)),
    ]);
  },
};

function marketOf({ trades: [times, prices, quantities, signs], quotes: [quoteTimes, bids, asks] }: Columns): Market {
  const stamp = (ms: number | undefined): Nanos => nanos(BigInt(ms ?? 0) * 1_000_000n);
  const trades = times.map((time, i): Trade => {
    const sign = (signs[i] ?? 0) > 0 ? 1 : -1;
    const side = sign > 0 ? 'buy' : 'sell';
    return { timeNanos: stamp(time), price: prices[i] ?? NaN, quantity: quantities[i] ?? NaN, sign, side };
  });
  const rest = { exchangeNanos: null, venue: '', symbol: '', bidSize: null, askSize: null, sequence: null };
  const quotes = quoteTimes.map((time, i): Quote => ({
    table: 'quotes',
    timeNanos: stamp(time),
    bid: bids[i] ?? NaN,
    ask: asks[i] ?? NaN,
    ...rest,
  }));
  const mids = quotes.map(({ bid, ask }) => ((bid ?? NaN) + (ask ?? NaN)) / 2);
  const endNanos = stamp(quoteTimes.at(-1));
  const line = new MidLine(
    quotes.map(({ timeNanos }) => timeNanos),
    mids,
    endNanos,
  );
  return { trades, quotes, line, startNanos: stamp(times[0]), endNanos };
}

function marketFigures(market: Market): Named[] {
  const { trades, quotes, startNanos, endNanos } = market;
  const tape = new PrintTape(trades).between(startNanos, endNanos);
  const bought = trades.filter(({ sign }) => sign > 0).reduce((sum, { quantity }) => sum + quantity, 0);
  return [
    ['trades', trades.length],
    ['quotes', quotes.length],
    ['volume', tape.volume],
    ['notional', tape.notional],
    ['vwap', intervalVwap(tape, { quantity: 0, notional: 0 }).vwap],
    ['buyShare', bought / tape.volume],
    ...spreads(market),
    ...interval(market),
    ...kyle(market),
    ...volatility(market),
    ...response(market),
  ];
}

function spreads({ trades, line }: Market): Named[] {
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  const splits = trades.map((trade) => splitSpread(trade, line.before(trade.timeNanos) ?? NaN, null).effectiveBps);
  const money = trades.map(({ price, quantity }) => price * quantity);
  const all = money.reduce((sum, value) => sum + value, 0);
  const weighted = splits.reduce((sum, value, i) => sum + value * (money[i] ?? NaN), 0) / all;
  const later = HORIZONS_MS.flatMap((ms): Named[] => {
    const known = trades.flatMap((trade) => {
      const mid = line.at(trade.timeNanos + BigInt(ms) * 1_000_000n);
      if (mid === null) return [];
      const split = splitSpread(trade, line.before(trade.timeNanos) ?? NaN, mid);
      return [{ ...split, markout: markoutBps(trade.side, trade.price, mid) }];
    });
    return [
      [`markout.${ms}`, mean(known.map(({ markout }) => markout))],
      [`markout.${ms}.count`, known.length],
      [`realised.${ms}`, mean(known.map(({ realisedBps }) => realisedBps ?? NaN))],
      [`impact.${ms}`, mean(known.map(({ impactBps }) => impactBps ?? NaN))],
    ];
  });
  return [['effective.mean', mean(splits)], ['effective.weighted', weighted], ...later];
}

/** The middle third. */
function interval({ trades, line, startNanos }: Market): Named[] {
  const [start, end] = [startNanos / 1_000_000n, (trades.at(-1)?.timeNanos ?? 0n) / 1_000_000n];
  const [from, to] = [start + (end - start) / 3n, start + (2n * (end - start)) / 3n];
  const tape = new PrintTape(trades).between(from * 1_000_000n, to * 1_000_000n);
  return [
    ['interval.from', Number(from)],
    ['interval.to', Number(to)],
    ['interval.vwap', intervalVwap(tape, { quantity: 0, notional: 0 }).vwap],
    ['interval.volume', tape.volume],
    ['interval.twap', line.twap(from * 1_000_000n, to * 1_000_000n)],
  ];
}

function kyle({ trades, line, startNanos }: Market): Named[] {
  const slots = Number(((trades.at(-1)?.timeNanos ?? 0n) - startNanos) / SECOND) + 1;
  const signed = new Float64Array(slots);
  for (const { timeNanos, sign, quantity } of trades) {
    const slot = Number((timeNanos - startNanos) / SECOND);
    signed[slot] = (signed[slot] ?? 0) + sign * quantity;
  }
  const edge = (slot: number): number => line.at(startNanos + BigInt(slot) * SECOND) ?? NaN;
  const fit = fitKyle([...signed].map((signedVolume, i) => ({ signedVolume, midChange: edge(i + 1) - edge(i) })));
  const figures = (name: string, { slope, intercept, rSquared }: LineFit): Named[] => [
    ...coefficient(`kyle.${name}`, slope),
    [`kyle.${name}.intercept`, intercept.value],
    [`kyle.${name}.interceptSe`, intercept.standardError],
    [`kyle.${name}.r2`, rSquared],
  ];
  return fit === null ? [] : [...figures('linear', fit.linear), ...figures('root', fit.root)];
}

function coefficient(name: string, { value, standardError, t, lower, upper }: Coefficient): Named[] {
  return [
    [`${name}.slope`, value],
    [`${name}.se`, standardError],
    [`${name}.t`, t],
    [`${name}.low`, lower],
    [`${name}.high`, upper],
  ];
}

function volatility({ trades, quotes, line, startNanos, endNanos }: Market): Named[] {
  const seconds = Number(((trades.at(-1)?.timeNanos ?? 0n) - startNanos) / SECOND);
  const returns = logReturns(Array.from({ length: seconds + 1 }, (_, i) => line.at(startNanos + BigInt(i) * SECOND)));
  const bars = barsOf(trades, startNanos, 10n * SECOND);
  const average = new QuoteAverage();
  quotes.forEach((quote, i) => average.add(quote, quote.timeNanos, quotes[i + 1]?.timeNanos ?? endNanos));
  return [
    ['volatility.bars', bars.length],
    ['volatility.realised', annualised(realisedVariance(returns), 1)],
    ['volatility.ewma', annualised(ewmaVariance(returns), 1)],
    ['volatility.parkinson', annualised(parkinsonVariance(bars), 10)],
    ['volatility.garmanKlass', annualised(garmanKlassVariance(bars), 10)],
    ['volatility.rogersSatchell', annualised(rogersSatchellVariance(bars), 10)],
    ['volatility.yangZhang', annualised(yangZhangVariance(bars), 10)],
    ['quotedSpread', average.averages().spreadBps],
  ];
}

function response({ trades, line }: Market): Named[] {
  const signed = trades.map(({ sign, timeNanos }) => ({ sign, mid: line.before(timeNanos) }));
  return [
    ...responseFunction(signed, [1, 10, 100]).map(({ lag, response: value }): Named => [`response.${lag}`, value]),
    ...signAutocorrelation(signed, 5).map((value, i): Named => [`signs.${i + 1}`, value]),
  ];
}

/** tcapy's sign is the other way round: negative is a cost. */
function tcapyFigures(rows: readonly (readonly [number, number, number, number])[]): Named[] {
  const slippages = rows.map(([side, price, mid]) => {
    const { effectiveBps } = splitSpread({ side: side > 0 ? 'buy' : 'sell', price }, mid, null);
    return -effectiveBps / 2e4;
  });
  const weight = rows.reduce((sum, [, , , notional]) => sum + notional, 0);
  return [
    ['tcapy.trades', rows.length],
    ['tcapy.slippage.mean', slippages.reduce((sum, value) => sum + value, 0) / rows.length],
    ['tcapy.slippage.weighted', slippages.reduce((sum, value, i) => sum + value * (rows[i]?.[3] ?? NaN), 0) / weight],
  ];
}

function intervals(): Named[] {
  const trials = [
    [0, 10],
    [10, 10],
    [7, 20],
    [3, 1000],
    [812, 1931],
  ] as const;
  const seconds = [1, 2, 2, 3, 4, 4, 5, 7, 8, 10, 11, 11];
  const filled = [1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0];
  const curve = new FillProbability(seconds.map((second, i) => ({ seconds: second, filled: filled[i] === 1 })));
  return [
    ...trials.flatMap(([successes, count]): Named[] => {
      const interval = wilsonInterval(successes, count);
      const name = `wilson.${successes}/${count}`;
      return [
        [`${name}.low`, interval?.lower ?? null],
        [`${name}.high`, interval?.upper ?? null],
      ];
    }),
    ...[1, 2, 3, 4, 5, 8, 11].flatMap((second): Named[] => {
      const estimate = curve.within(second);
      const name = `kaplanMeier.${second}`;
      return [
        [name, estimate?.value ?? null],
        [`${name}.low`, estimate?.lower ?? null],
        [`${name}.high`, estimate?.upper ?? null],
      ];
    }),
  ];
}
