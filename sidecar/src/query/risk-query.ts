/**
 * Answers a risk query: what the positions that are open at the end of the range may lose within one bar, how large they
 * are against the equity, and how much of each limit is used. The profits behind the value at risk are those that the
 * positions of now would have made in each bar of the range.
 */
import type { RiskQuery } from '@tapewatch/contract';
import {
  addProfits,
  figure,
  horizonReturn,
  portfolioBreakdown,
  RETURN_HORIZONS,
  riskReport,
  valueOfPosition,
  withheld,
  type CashBalance,
  type EquityFlow,
  type EquityPoint,
  type Figure,
  type Notice,
  type OpenPosition,
  type PnlLine,
  type PnlSeries,
  type PositionKey,
  type ReturnHorizon,
  type RiskLimits,
  type Table,
} from '@tapewatch/core';
import type { QueryEnvelope } from '../ports.ts';
import {
  barsOf,
  bookCalendar,
  bookNotices,
  equityPoints,
  equitySeries,
  flowsOfLine,
  rateOf,
  readBook,
  type Bars,
  type Book,
} from './book-read.ts';
import type { TradingSource } from './pnl-read.ts';
import { LIMIT_COLUMNS, PART_COLUMNS, RISK_COLUMNS, type LimitRow, type PartRow, type RiskRow } from './risk-table.ts';
import { reportTable } from './trading-table.ts';
import { plainColumn, withheldNotices } from './withheld.ts';

interface Job {
  readonly query: RiskQuery;
  readonly envelope: QueryEnvelope;
  readonly book: Book;
  readonly bars: Bars;
  readonly series: PnlSeries;
}

export async function runRisk(
  query: RiskQuery,
  envelope: QueryEnvelope,
  from: TradingSource,
  signal?: AbortSignal,
): Promise<Table[]> {
  const source = { ...from, range: envelope, filters: query.filters, ...(signal && { signal }) };
  const bars = barsOf(query.bar, bookCalendar(query.calendar), envelope);
  const book = await readBook(query, source, bars);
  const series = equitySeries(book);
  const job = { query, envelope, book, bars, series };
  if (query.format === 'portfolio') return [portfolioTable(job)];
  const rows = series.lines.map((line) => riskRow(job, line));
  const notices = bookNotices(series);
  return [query.format === 'limits' ? limitsTable(job, rows, notices) : riskTable(job, rows, notices)];
}

function riskRow(job: Job, line: PnlLine): RiskRow {
  const { query, bars } = job;
  const held = positionsOf(job, line);
  const equity = equityPoints(line, bars, query.initialEquity);
  // What is not known at the end is not the equity of the last bar before.
  const known = line.values.at(-1) === null ? [] : equity;
  const limits = Object.fromEntries(Object.entries(query.limits).filter(([, limit]) => limit !== undefined));
  const flows = flowsOfLine(job.book, line);
  const report = riskReport({
    positions: held.map(({ position }) => position),
    profits: profitsOf(job, held),
    equity: known,
    flows,
    method: query.var,
    limits: limits as RiskLimits,
    top: query.top,
  });
  const returns = known.length === 0 ? {} : returnsOf(known, flows);
  return { group: line.group, currency: line.currency, report, equity: equityOf(line), returns };
}

function equityOf(line: PnlLine): Figure {
  const value = line.values.at(-1) ?? null;
  return value === null ? withheld('no_mark') : { value };
}

interface HeldPosition {
  readonly key: PositionKey;
  readonly position: OpenPosition;
}

/** Open positions of a line, valued at the end of the range. */
function positionsOf({ book, bars, series }: Job, line: PnlLine): HeldPosition[] {
  const timeMs = bars.timesMs.at(-1) ?? 0;
  const id = JSON.stringify(line.group);
  return series.open.flatMap(({ position: { key, ledger }, mark }) => {
    const isOfLine =
      JSON.stringify(book.query.by.map((dimension) => key[dimension])) === id &&
      (book.base !== undefined || key.currency === line.currency);
    if (!isOfLine) return [];
    const rate = rateOf(book.base, key.currency, { currency: line.currency, timeMs });
    const { multiplier, inverse } = ledger.contract;
    const known = Number.isNaN(mark) ? null : mark;
    const position = { ...key, multiplier, inverse, quantity: ledger.quantity, mark: known, rate };
    return [{ key, position }];
  });
}

/** Of each whole bar in which all positions had a price at both ends, at the exchange rates of now. */
function profitsOf({ bars, book: { markAt } }: Job, held: readonly HeldPosition[]): number[] {
  if (held.length === 0 || held.some(({ position }) => position.rate === null)) return [];
  const sums = new Float64Array(Math.max(0, bars.whole - 1));
  for (const { key, position } of held) addProfits(position, markAt(key), sums);
  return Array.from(sums.filter(Number.isFinite));
}

function riskTable({ query, envelope }: Job, rows: readonly RiskRow[], notices: readonly Notice[]): Table {
  const executedQuery = `risk by ${query.by.join(', ') || 'nothing'}, ${query.var} over ${query.bar}`;
  // A rule reads one number per label set: several columns would be duplicates to it.
  const columns = envelope.fromAlert ? RISK_COLUMNS.slice(0, 1) : RISK_COLUMNS;
  const all = [...notices, ...withheldNotices(rows, columns), ...horizonNotice(query, rows)];
  return reportTable(rows, query.by, columns.map(plainColumn), { executedQuery, notices: all });
}

function horizonNotice({ bar }: RiskQuery, rows: readonly RiskRow[]): Notice[] {
  const bars = Math.max(0, ...rows.map(({ report }) => report.observations));
  if (rows.length === 0) return [];
  const text = `value at risk is over one bar of ${bar}, from ${bars} bars of the range; it is not scaled to a longer horizon`;
  return [{ severity: 'info', text }];
}

function limitsTable({ query, envelope }: Job, rows: readonly RiskRow[], notices: readonly Notice[]): Table {
  const uses = rows.flatMap(({ group, currency, report }): LimitRow[] =>
    report.limits.map((use) => ({ group: [...group, use.figure], currency, use })),
  );
  const columns = envelope.fromAlert ? LIMIT_COLUMNS.slice(0, 1) : LIMIT_COLUMNS;
  const passed = uses.filter(({ use }) => use.breached === true).map(({ group }) => group.join(' '));
  const breach: Notice[] =
    passed.length === 0 ? [] : [{ severity: 'warning', text: `limits passed: ${passed.join(', ')}` }];
  const all = [...notices, ...breach, ...withheldNotices(uses, columns)];
  const executedQuery = `use of limits by ${query.by.join(', ') || 'nothing'}`;
  return reportTable(uses, [...query.by, 'figure'], columns.map(plainColumn), { executedQuery, notices: all });
}

function returnsOf(points: readonly EquityPoint[], flows: readonly EquityFlow[]): RiskRow['returns'] {
  const horizons = Object.keys(RETURN_HORIZONS) as ReturnHorizon[];
  return Object.fromEntries(horizons.map((name) => [name, horizonReturn(points, name, flows)]));
}

/** Parts of the value of each line, and their sum. */
function portfolioTable(job: Job): Table {
  const { query, series, envelope } = job;
  const rows = series.lines.flatMap((line): PartRow[] => {
    const held = positionsOf(job, line).map(({ position }) => position);
    const { total, parts } = portfolioBreakdown(held, cashOf(held, line));
    const whole = { kind: 'total', name: 'total', value: total, share: total.value === null ? total : figure(1) };
    return [...parts, whole].map(({ kind, name, value, share }) => ({
      ...{ group: [...line.group, kind, name], currency: line.currency },
      ...{ value, share },
    }));
  });
  const columns = envelope.fromAlert ? PART_COLUMNS.slice(0, 1) : PART_COLUMNS;
  const notices = [...bookNotices(series), ...withheldNotices(rows, columns)];
  const executedQuery = `portfolio by ${query.by.join(', ') || 'nothing'}`;
  return reportTable(rows, [...query.by, 'kind', 'part'], columns.map(plainColumn), { executedQuery, notices });
}

/** Equity that is not in positions: what is left of it when they are taken out at their value. */
function cashOf(held: readonly OpenPosition[], line: PnlLine): CashBalance[] {
  const equity = line.values.at(-1) ?? null;
  const invested = held.map(valueOfPosition);
  if (equity === null || invested.includes(null)) return [{ currency: line.currency, amount: 0, rate: null }];
  const amount = equity - invested.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  return [{ currency: line.currency, amount }];
}
