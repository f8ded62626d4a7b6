/**
 * Answers a P&L query: the fills of the range booked from flat, open quantity marked at the last mid before the end (or
 * before each step). What was carried into the range is not part of it, and the field descriptions say so.
 */
import type { PnlQuery } from '@tapewatch/contract';
import {
  PNL_DIMENSIONS,
  pnlSeries,
  TradingCalendar,
  type Notice,
  type PnlDimension,
  type PnlLine,
  type PnlRow,
  type PnlSeries,
  type Table,
  type TradingDay,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope } from '../ports.ts';
import { MAX_POINTS_PER_SERIES } from './limit.ts';
import { readMarkedLedger, type Times, type TradingSource } from './pnl-read.ts';
import {
  FIGURE_TEXT,
  gainColumn,
  PNL_COLUMNS,
  pnlColumns,
  withPeriodField,
  type Gain,
  type PeriodRow,
} from './pnl-table.ts';
import { resolveStep } from './step.ts';
import { groupTables, reportTable, type GroupedRow } from './trading-table.ts';

/** Trading days or weeks of one table. */
const MAX_PERIODS = 2_000;

export async function runPnl(
  query: PnlQuery,
  envelope: QueryEnvelope,
  { reader, contractOf }: TradingSource,
  signal?: AbortSignal,
): Promise<Table[]> {
  const by = pnlDimensions(query.by);
  const calendar = calendarOf(query);
  const source = { reader, range: envelope, filters: query.filters, ...(signal && { signal }) };
  const job: Job = { query, by, envelope, executedQuery: textOf(query, by) };
  const tell = async (figure: Figure, times: Times): Promise<PnlSeries> => {
    const { columns, flows, base, markAt } = await readMarkedLedger(source, query.baseCurrency, times);
    const { method, initialEquity } = query;
    const contracts = contractOf && { contractOf };
    const request = { method, by, figure, flows, initialEquity, timesMs: times.timesMs, markAt, ...contracts };
    return pnlSeries(columns, base === undefined ? request : { ...request, base });
  };
  if (query.format !== 'table') return overTime(job, tell);
  return query.period === 'range' ? inAll(job, tell, calendar) : byPeriod(job, tell, calendar);
}

type Figure = PnlQuery['figure'] | 'equity';
type Tell = (figure: Figure, times: Times) => Promise<PnlSeries>;

interface Job {
  readonly query: PnlQuery;
  readonly by: readonly PnlDimension[];
  readonly envelope: QueryEnvelope;
  readonly executedQuery: string;
}

function textOf({ method, baseCurrency }: PnlQuery, by: readonly string[]): string {
  const currency = baseCurrency === '' ? '' : `, in ${baseCurrency}`;
  return `P&L by ${by.join(', ') || 'nothing'}, ${method} cost${currency}`;
}

function pnlDimensions(by: readonly string[]): PnlDimension[] {
  return by.map((name, i) => {
    const known = PNL_DIMENSIONS.find((dimension) => dimension === name);
    if (known !== undefined) return known;
    throw new TapewatchError(
      'query.invalid',
      `by.${i}: "${name}" cannot split profit and loss, because a position is built of both sides; use ${PNL_DIMENSIONS.join(', ')}`,
    );
  });
}

function calendarOf({ calendar }: PnlQuery): TradingCalendar {
  try {
    return new TradingCalendar(calendar);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TapewatchError('query.invalid', `calendar: ${error.message}`, { cause: error });
  }
}

/** One row a group, and what the running trading day and week added to it. */
async function inAll(
  { by, query, envelope, executedQuery }: Job,
  tell: Tell,
  calendar: TradingCalendar,
): Promise<Table[]> {
  const [startMs, endMs] = [Math.floor(envelope.startMs), Math.floor(envelope.endMs)];
  const day = calendar.dayOf(endMs).startMs;
  const week = calendar.weekOf(endMs).startMs;
  // What began before the range is all of it, because the range is booked from flat.
  const timesMs = [...new Set([week - 1, day - 1, endMs])].filter((timeMs) => timeMs >= startMs);
  const { lines, rows } = await tell('total', { timesMs });
  const since = (periodStartMs: number): ((row: PnlRow) => number | null) => gainSince(lines, periodStartMs - 1);
  // A rule reads one number per label set: several columns would be duplicates to it.
  const columns = envelope.fromAlert
    ? PNL_COLUMNS.slice(0, 1)
    : pnlColumns(since(day), since(week), query.baseCurrency !== '');
  return [reportTable(rows, by, columns, { executedQuery, notices: complaints(rows) })];
}

function gainSince(lines: readonly PnlLine[], timeMs: number): Gain {
  const before = new Map(lines.map((line) => [lineId(line), valueAt(line, timeMs)]));
  return (row) => {
    const value = before.get(lineId(row));
    // Unknown before is unknown now; only what had no fill yet stood at nothing.
    return difference(row.total, value === undefined ? 0 : value);
  };
}

async function byPeriod(
  { by, query, envelope, executedQuery }: Job,
  tell: Tell,
  calendar: TradingCalendar,
): Promise<Table[]> {
  const [startMs, endMs] = [Math.floor(envelope.startMs), Math.floor(envelope.endMs)];
  const periods = calendar.periodsWithin(query.period === 'week' ? 'week' : 'day', startMs, endMs, MAX_PERIODS + 1);
  if (periods.length > MAX_PERIODS)
    throw new TapewatchError('query.limit', `the range holds more than ${MAX_PERIODS} trading days; shorten it`);
  const timesMs = periods.map((period) => Math.min(period.endMs - 1, endMs));
  const { lines, rows } = await tell(query.figure, { timesMs });
  const gains = lines.flatMap((line) => gainsOf(line, periods, timesMs));
  const dated = gains.sort((a, b) => (a.period.startMs === b.period.startMs ? 0 : a.period.startMs - b.period.startMs));
  const table = reportTable(dated, by, [gainColumn(query.figure)], { executedQuery, notices: complaints(rows) });
  return [dated.length === 0 ? table : withPeriodField(table, dated)];
}

/** What each period added; a line begins with the period of its first fill. */
function gainsOf(line: PnlLine, periods: readonly TradingDay[], timesMs: readonly number[]): PeriodRow[] {
  const first = timesMs.indexOf(line.timesMs[0] as number);
  return line.values.map((value, i) => ({
    group: line.group,
    currency: line.currency,
    period: periods[first + i] as TradingDay,
    gain: difference(value, i === 0 ? 0 : (line.values[i - 1] ?? null)),
  }));
}

async function overTime({ by, query, envelope, executedQuery }: Job, tell: Tell): Promise<Table[]> {
  const { range, notices } = resolveStep(envelope, 0, MAX_POINTS_PER_SERIES - 1);
  const timesMs: number[] = [];
  for (let timeMs = range.startMs; timeMs <= range.endMs; timeMs += range.stepMs) timesMs.push(timeMs);
  const figure = query.format === 'equity' ? 'equity' : query.figure;
  const { lines, rows } = await tell(figure, { timesMs, stepMs: range.stepMs });
  return groupTables(lines, by, {
    executedQuery,
    notices: [...notices, ...complaints(rows)],
    valueName: figure === 'equity' ? 'equity' : 'pnl',
    description: FIGURE_TEXT[figure],
    unit: 'money',
    stepMs: range.stepMs,
  });
}

function lineId({ group, currency }: GroupedRow): string {
  return JSON.stringify([group, currency]);
}

/** 0 before the line begins. */
function valueAt({ timesMs, values }: PnlLine, timeMs: number): number | null {
  const at = timesMs.indexOf(timeMs);
  return at < 0 ? 0 : (values[at] ?? null);
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

function complaints(rows: readonly PnlRow[]): Notice[] {
  const sum = (count: (row: PnlRow) => number): number => rows.reduce((total, row) => total + count(row), 0);
  const [unmarked, foreign] = [sum((row) => row.unmarkedPositions), sum((row) => row.foreignFees)];
  const unconverted = sum((row) => row.unconvertedPositions);
  const notices: Notice[] = [];
  if (unmarked > 0) {
    const text = `${unmarked} open positions have no mid to mark them at: their unrealised profit is unknown`;
    notices.push({ severity: 'warning', text });
  }
  if (unconverted > 0) {
    const text = `${unconverted} positions lack an exchange rate at the time of a booking or at the end: their figures are unknown; send fx_rates, or leave the base currency empty`;
    notices.push({ severity: 'warning', text });
  }
  if (foreign > 0) {
    const text = `${foreign} positions paid fees in another currency: the net is unknown there`;
    notices.push({ severity: 'info', text });
  }
  return notices;
}
