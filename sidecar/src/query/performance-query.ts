/**
 * Answers a performance query: ratios and drawdown of the equity of each group, and what its closed trades tell. What
 * was carried into the range is not part of it; ratios stand on whole bars, drawdown on all points.
 */
import type { PerformanceQuery } from '@tapewatch/contract';
import {
  calendarPeriods,
  calmarOf,
  DrawdownMeter,
  drawdownOf,
  figure,
  performanceOf,
  periodReturns,
  periodsPerYear,
  tradeStatistics,
  TradeMeter,
  TradeTracker,
  unknownDrawdown,
  withheld,
  withoutFlows,
  type BookedPosition,
  type Follower,
  type GrowthOptions,
  type Notice,
  type PnlLine,
  type PnlSeries,
  type Table,
  type TradeUnit,
  type TradingCalendar,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope } from '../ports.ts';
import {
  BAR_MS,
  barsOf,
  bookCalendar,
  bookNotices,
  equityPoints,
  equitySeries,
  flowsOfLine,
  msOfPoint,
  nanosOf,
  ratesOf,
  readBook,
  type Bars,
  type Book,
} from './book-read.ts';
import type { ReadFrom, TradingSource } from './pnl-read.ts';
import { MAX_POINTS_PER_SERIES } from './limit.ts';
import {
  DRAWDOWN_MONEY_TEXT,
  DRAWDOWN_TEXT,
  EQUITY_TEXT,
  PERFORMANCE_COLUMNS,
  TRACKER_COLUMNS,
  type PerformanceRow,
  type TrackerRow,
} from './performance-table.ts';
import { resolveStep } from './step.ts';
import { groupTables, reportTable, type GroupSeries } from './trading-table.ts';
import { plainColumn, withheldNotices, type FigureColumn } from './withheld.ts';

interface Job {
  readonly query: PerformanceQuery;
  readonly envelope: QueryEnvelope;
  readonly calendar: TradingCalendar;
  readonly source: ReadFrom;
  readonly executedQuery: string;
}

export async function runPerformance(
  query: PerformanceQuery,
  envelope: QueryEnvelope,
  source: TradingSource,
  signal?: AbortSignal,
): Promise<Table[]> {
  // A week of 252 trading days has no weekend; what happens on one belongs to the next trading day.
  const weekends = query.calendar.weekends && query.year === 'crypto';
  const calendar = bookCalendar({ ...query.calendar, weekends });
  const from = { ...source, range: envelope, filters: query.filters, ...(signal && { signal }) };
  const executedQuery = `performance by ${query.by.join(', ') || 'nothing'}, ${query.bar} bars, ${query.year} year`;
  const job = { query, envelope, calendar, source: from, executedQuery };
  if (query.format === 'time_series' && !envelope.fromAlert) return overTime(job);
  return query.format === 'tracker' ? tracked(job) : inAll(job);
}

async function inAll({ query, envelope, calendar, source, executedQuery }: Job): Promise<Table[]> {
  const bars = barsOf(query.bar, calendar, envelope);
  const book = await readBook(query, source, bars);
  const trades = new LineTrades(book, query.trades);
  const series = equitySeries(book, trades.follow);
  const rows = series.lines.map((line) => rowOf({ query, book, bars, line, profits: trades.tradesOf(line).profits }));
  const notices = [
    ...bookNotices(series),
    ...unknownNotice(series),
    ...trades.notices,
    ...sessionNotice(query, envelope),
  ];
  return [figureTable(rows, { columns: PERFORMANCE_COLUMNS, query, envelope, executedQuery, notices })];
}

interface RowInput {
  readonly query: PerformanceQuery;
  readonly book: Book;
  readonly bars: Bars;
  readonly line: PnlLine;
  readonly profits: readonly number[];
}

function rowOf({ query, book, bars, line, profits }: RowInput): PerformanceRow {
  const points = equityPoints(line, bars, query.initialEquity);
  const flows = flowsOfLine(book, line);
  const options = growthOptions(query);
  const lastWholeMs = bars.timesMs[bars.whole - 1] ?? -Infinity;
  const whole = points.filter((point, i) => i === 0 || msOfPoint(point) <= lastWholeMs);
  const report = performanceOf(whole, flows, options);
  const known = line.values.at(-1) !== null;
  // What fell since the last known equity is not known, so no drawdown is.
  const drawdown = known ? drawdownOf(withoutFlows(points, flows)) : unknownDrawdown('no_mark');
  const byReturn = query.convention !== 'tapewatch';
  const last = line.values.at(-1) ?? null;
  return {
    group: line.group,
    currency: line.currency,
    equity: last === null ? withheld('no_mark') : figure(last),
    report,
    drawdown,
    calmar: calmarOf(report.growth, drawdown.maximum),
    trades: tradeStatistics(byReturn ? periodReturns(whole, flows).returns : profits),
  };
}

function growthOptions({ year, bar, riskFree, convention }: PerformanceQuery): GrowthOptions {
  return {
    periodsPerYear: periodsPerYear(year, BAR_MS[bar]),
    riskFree,
    riskFreeBasis: convention === 'empyrical' ? 'per-period' : 'annual',
    yearBasis: convention === 'tapewatch' ? 'elapsed' : 'periods',
  };
}

const LINE_FIGURES = {
  equity: { description: EQUITY_TEXT, unit: 'money' },
  drawdown: { description: DRAWDOWN_TEXT, unit: 'percentunit' },
  drawdown_money: { description: DRAWDOWN_MONEY_TEXT, unit: 'money' },
} as const;

/** Equity or drawdown at the steps of the panel. */
async function overTime({ query, envelope, source, executedQuery }: Job): Promise<Table[]> {
  const name = query.figure;
  if (name !== 'equity' && name !== 'drawdown' && name !== 'drawdown_money') {
    const text = `figure: "${name}" is one number for the range; a time series is of ${Object.keys(LINE_FIGURES).join(', ')}`;
    throw new TapewatchError('query.invalid', text);
  }
  const { range, notices } = resolveStep(envelope, 0, MAX_POINTS_PER_SERIES - 1);
  const timesMs: number[] = [];
  for (let timeMs = range.startMs; timeMs <= range.endMs; timeMs += range.stepMs) timesMs.push(timeMs);
  const times = { timesMs, stepMs: range.stepMs };
  const book = await readBook(query, source, times);
  const series = equitySeries(book);
  const lines = series.lines.map((line): GroupSeries => {
    if (name === 'equity') return line;
    const flows = flowsOfLine(book, line);
    const meter = new DrawdownMeter();
    const below = new Map<number, number | null>();
    for (const point of withoutFlows(equityPoints(line, times, query.initialEquity), flows)) {
      meter.add(point);
      const { current, currentMoney } = meter.report();
      below.set(msOfPoint(point), (name === 'drawdown' ? current : currentMoney).value);
    }
    return { ...line, values: line.timesMs.map((timeMs) => below.get(timeMs) ?? null) };
  });
  const text = { executedQuery, notices: [...notices, ...bookNotices(series)] };
  return groupTables(lines, query.by, { ...text, ...LINE_FIGURES[name], valueName: name, stepMs: range.stepMs });
}

/** The rolling figures of the last trades of each group. */
async function tracked({ query, envelope, calendar, source, executedQuery }: Job): Promise<Table[]> {
  const endMs = endOf(envelope);
  const book = await readBook(query, source, { timesMs: [endMs] });
  const trades = new LineTrades(book, query.trades);
  const series = equitySeries(book, trades.follow);
  const open = openByLine(series, book);
  const { window, initialEquity, riskFree, maxPositions } = query;
  const periods = calendarPeriods(calendar);
  const rows = series.lines.map((line): TrackerRow => {
    const limit = maxPositions === 0 ? {} : { maxPositions };
    const tracker = new TradeTracker({ window, initialEquity, riskFree, periods, ...limit });
    const { timesMs, profits: gained } = trades.tradesOf(line);
    timesMs.forEach((timeMs, i) => tracker.record({ timeNanos: nanosOf(timeMs), profit: gained[i] as number }));
    tracker.setOpenPositions(open.get(lineId(line)) ?? 0);
    return { group: line.group, currency: line.currency, metrics: tracker.metrics(nanosOf(endMs)) };
  });
  return [figureTable(rows, { columns: TRACKER_COLUMNS, query, envelope, executedQuery, notices: trades.notices })];
}

interface FigureTable<Row> {
  readonly columns: readonly FigureColumn<Row>[];
  readonly query: PerformanceQuery;
  readonly envelope: QueryEnvelope;
  readonly executedQuery: string;
  readonly notices: readonly Notice[];
}

/** A rule reads one number per label set: several columns would be duplicates to it. */
function figureTable<Row extends PerformanceRow | TrackerRow>(rows: readonly Row[], text: FigureTable<Row>): Table {
  const { columns, query, envelope, executedQuery, notices } = text;
  const asked = query.figure.replaceAll('_', ' ');
  const shown = envelope.fromAlert ? columns.filter(({ name }) => name === asked) : columns;
  if (shown.length === 0) throw new TapewatchError('query.invalid', `figure: the ${query.format} has no "${asked}"`);
  const all = [...notices, ...withheldNotices(rows, shown)];
  return reportTable(rows, query.by, shown.map(plainColumn), { executedQuery, notices: all });
}

/** Closed trades of one line, in order. */
interface TradeList {
  readonly timesMs: number[];
  readonly profits: number[];
}

/** Closed trades by group, told in its currency at the rate of their closing. */
class LineTrades {
  readonly #book: Book;
  readonly #unit: TradeUnit;
  readonly #lists = new Map<string, TradeList>();
  #unconverted = 0;
  #foreign = 0;

  constructor(book: Book, unit: TradeUnit) {
    this.#book = book;
    this.#unit = unit;
  }

  /** Of the positions of one pass. */
  readonly follow = (position: BookedPosition): Follower => {
    const meter = new TradeMeter(position, this.#unit);
    const { query, base } = this.#book;
    const { key } = position;
    const currency = base?.currency ?? key.currency;
    const list = this.#listOf({ group: query.by.map((dimension) => key[dimension]), currency });
    const rateAt = ratesOf(base, key.currency, currency);
    return {
      execute: (execution) => {
        const trade = meter.execute(execution);
        if (trade === undefined) return;
        if (trade.hasForeignFees) this.#foreign++;
        const rate = rateAt(trade.closedMs);
        if (rate === null) {
          this.#unconverted++;
          return;
        }
        list.timesMs.push(trade.closedMs);
        list.profits.push(trade.profit * rate);
      },
    };
  };

  #listOf(line: Pick<PnlLine, 'group' | 'currency'>): TradeList {
    const id = lineId(line);
    let list = this.#lists.get(id);
    if (list === undefined) this.#lists.set(id, (list = { timesMs: [], profits: [] }));
    return list;
  }

  tradesOf(line: PnlLine): TradeList {
    return this.#listOf(line);
  }

  /** Once the pass is over. */
  get notices(): Notice[] {
    const texts = [
      ...(this.#unconverted > 0
        ? [`${this.#unconverted} closed trades have no exchange rate and are left out of trade figures`]
        : []),
      ...(this.#foreign > 0
        ? [`${this.#foreign} closed trades paid fees in another currency, which their profit leaves out`]
        : []),
    ];
    return texts.map((text) => ({ severity: 'warning', text }));
  }
}

function openByLine(series: PnlSeries, { query, base }: Book): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { position } of series.open) {
    const { key } = position;
    const group = query.by.map((dimension) => key[dimension]);
    const id = lineId({ group, currency: base?.currency ?? key.currency });
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function unknownNotice({ lines }: PnlSeries): Notice[] {
  const unknown = lines.reduce((sum, { values }) => sum + values.filter((value) => value === null).length, 0);
  if (unknown === 0) return [];
  return [
    {
      severity: 'warning',
      text: `${unknown} bars of unknown equity are left out: a return may span more than one bar`,
    },
  ];
}

function sessionNotice({ year, bar, calendar }: PerformanceQuery, { startMs, endMs }: QueryEnvelope): Notice[] {
  if (year === 'crypto' || bar === '1d' || calendar.open !== undefined || endMs - startMs < BAR_MS['1d']) return [];
  const text = `${bar} bars are annualised by the session of ${year}; those outside of it count as bars without profit, so name the session (calendar: open, close), or choose daily bars`;
  return [{ severity: 'warning', text }];
}

function endOf({ endMs }: QueryEnvelope): number {
  return Math.floor(endMs);
}

function lineId({ group, currency }: Pick<PnlLine, 'group' | 'currency'>): string {
  return JSON.stringify([group, currency]);
}
