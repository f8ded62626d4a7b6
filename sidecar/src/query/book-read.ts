/**
 * What queries on performance and risk stand on: the fills of the range booked from flat, the cash that came and went,
 * and the equity of each group at the ends of bars.
 */
import {
  msFromNanos,
  numberFromRate,
  pnlSeries,
  TradingCalendar,
  type BaseCurrency,
  type CalendarOptions,
  type EquityFlow,
  type EquityPoint,
  type HeldRate,
  type Notice,
  type PnlDimension,
  type PnlLine,
  type PnlMethod,
  type PnlRow,
  type PnlSeries,
  type PnlSeriesRequest,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope } from '../ports.ts';
import { MAX_POINTS_PER_SERIES } from './limit.ts';
import { readMarkedLedger, type LedgerRows, type MarkAt, type ReadFrom, type Times } from './pnl-read.ts';

export const BAR_MS = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '1d': 86_400_000 } as const;
export type Bar = keyof typeof BAR_MS;

export interface BookQuery {
  readonly by: readonly PnlDimension[];
  readonly method: PnlMethod;
  readonly baseCurrency: string;
  readonly initialEquity: number;
}

export interface Book extends LedgerRows {
  readonly query: BookQuery;
  readonly source: ReadFrom;
  /** When its positions are valued, and what every traded instrument was worth then. */
  readonly times: Times;
  readonly markAt: MarkAt;
}

export async function readBook(query: BookQuery, source: ReadFrom, times: Times): Promise<Book> {
  return { query, source, times, ...(await readMarkedLedger(source, query.baseCurrency, times)) };
}

/** Equity of each group at the times. One pass books the fills for whoever follows them, too. */
export function equitySeries(
  { query, source, columns, flows, base, times, markAt }: Book,
  follow?: PnlSeriesRequest['follow'],
): PnlSeries {
  const { by, method, initialEquity } = query;
  const contracts = source.contractOf && { contractOf: source.contractOf };
  const asked = { by, method, initialEquity, figure: 'equity', timesMs: times.timesMs } as const;
  const request = { ...asked, flows, markAt, ...contracts, ...(follow && { follow }) };
  return pnlSeries(columns, base === undefined ? request : { ...request, base });
}

/** The line as points, from the capital before its first step on; steps of unknown equity are left out. */
export function equityPoints(line: PnlLine, { timesMs }: Times, initialEquity: number): EquityPoint[] {
  const first = timesMs.indexOf(line.timesMs[0] ?? NaN);
  const startMs = first > 0 ? (timesMs[first - 1] as number) : (line.timesMs[0] ?? 0) - 1;
  const points = [{ timeNanos: nanosOf(startMs), equity: initialEquity }];
  line.values.forEach((equity, i) => {
    if (equity !== null) points.push({ timeNanos: nanosOf(line.timesMs[i] as number), equity });
  });
  return points;
}

/** Deposits and withdrawals of a line, in its currency. */
export function flowsOfLine({ query, flows, base }: Book, line: PnlLine): EquityFlow[] {
  const id = JSON.stringify(line.group);
  return flows.flatMap(({ ledger, key, currency, timeMs, amount }) => {
    if (ledger !== 'capital' || JSON.stringify(query.by.map((dimension) => key[dimension])) !== id) return [];
    const rate = rateOf(base, currency, { currency: line.currency, timeMs });
    return rate === null ? [] : [{ timeNanos: nanosOf(timeMs), amount: amount * rate }];
  });
}

/** What one unit of a currency was worth in that of the report; null when nothing tells. */
export function rateOf(
  base: BaseCurrency | undefined,
  from: string,
  to: { readonly currency: string; readonly timeMs: number },
): number | null {
  if (from === to.currency) return 1;
  const held = base?.rates.at(from, to.currency, to.timeMs);
  return held === undefined || held === null ? null : numberFromRate(held.rate);
}

/** As `rateOf`, for stamps that mostly ascend: a rate becomes a number once for the time that it holds. */
export function ratesOf(
  base: BaseCurrency | undefined,
  from: string,
  currency: string,
): (timeMs: number) => number | null {
  if (from === currency) return () => 1;
  let last: { readonly held: HeldRate; readonly rate: number } | undefined;
  return (timeMs) => {
    const held = base?.rates.at(from, currency, timeMs) ?? null;
    if (held === null) return null;
    if (last?.held !== held) last = { held, rate: numberFromRate(held.rate) };
    return last.rate;
  };
}

/** The moment before the range, the ends of its bars, ascending, and the end of the range. */
export interface Bars extends Times {
  /** Of `timesMs`, all but the end of the range, unless a bar ends there. */
  readonly whole: number;
}

/** The first bar begins with the range, wherever that is. Throws `query.limit` when the bars are too many. */
export function barsOf(bar: Bar, calendar: TradingCalendar, { startMs, endMs }: QueryEnvelope): Bars {
  const [from, to] = [Math.floor(startMs), Math.floor(endMs)];
  const ends = bar === '1d' ? dayEnds(calendar, from, to) : sessionEnds(BAR_MS[bar], calendar, { from, to });
  const whole = [from - 1, ...ends];
  return { timesMs: whole.at(-1) === to ? whole : [...whole, to], whole: whole.length };
}

function dayEnds(calendar: TradingCalendar, startMs: number, endMs: number): number[] {
  const days = calendar.periodsWithin('day', startMs, endMs, MAX_POINTS_PER_SERIES + 1);
  refuseTooManyBars(days.length);
  // A fill of the last millisecond belongs to the day.
  return days.map((day) => day.endMs - 1).filter((timeMs) => timeMs <= endMs);
}

function sessionEnds(barMs: number, calendar: TradingCalendar, { from, to }: { from: number; to: number }): number[] {
  return gridEnds(barMs, from, to).filter((endMs) => calendar.endsInSession(endMs));
}

function gridEnds(barMs: number, startMs: number, endMs: number): number[] {
  const first = (Math.floor(startMs / barMs) + 1) * barMs;
  const count = Math.max(0, Math.floor((endMs - first) / barMs) + 1);
  refuseTooManyBars(count);
  return Array.from({ length: count }, (_, i) => first + i * barMs);
}

function refuseTooManyBars(count: number): void {
  if (count < MAX_POINTS_PER_SERIES) return;
  const text = `bar: the range holds ${count} bars, the limit is ${MAX_POINTS_PER_SERIES}; choose a wider bar or a shorter range`;
  throw new TapewatchError('query.limit', text);
}

export function bookCalendar(options: CalendarOptions): TradingCalendar {
  try {
    return new TradingCalendar(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TapewatchError('query.invalid', `calendar: ${error.message}`, { cause: error });
  }
}

export function bookNotices({ rows }: PnlSeries): Notice[] {
  const sum = (count: (row: PnlRow) => number): number => rows.reduce((total, row) => total + count(row), 0);
  const [unmarked, foreign] = [sum((row) => row.unmarkedPositions), sum((row) => row.foreignFees)];
  const unconverted = sum((row) => row.unconvertedPositions);
  const notices: Notice[] = [];
  if (unmarked > 0) {
    const text = `${unmarked} open positions have no mid to value them at: what depends on it is left empty`;
    notices.push({ severity: 'warning', text });
  }
  if (unconverted > 0) {
    const text = `${unconverted} positions lack an exchange rate: what depends on it is left empty; send fx_rates, or leave the base currency empty`;
    notices.push({ severity: 'warning', text });
  }
  if (foreign > 0) {
    const text = `${foreign} positions paid fees in another currency: set baseCurrency, or their net is unknown`;
    notices.push({ severity: 'info', text });
  }
  return notices;
}

export function nanosOf(timeMs: number): bigint {
  return BigInt(Math.floor(timeMs)) * 1_000_000n;
}

/** Whole milliseconds of a point. */
export function msOfPoint({ timeNanos }: EquityPoint): number {
  return msFromNanos(timeNanos);
}
