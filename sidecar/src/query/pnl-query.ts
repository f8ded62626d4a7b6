/**
 * Answers a P&L query: the fills of the range booked from flat, open quantity marked at the last mid before the end (or
 * before each step). What was carried into the range is not part of it, and the field descriptions say so.
 */
import type { PnlQuery } from '@tapewatch/contract';
import {
  midOf,
  PNL_DIMENSIONS,
  PnlBook,
  type Fill,
  type Notice,
  type PnlDimension,
  type PnlRow,
  type PositionKey,
  type Table,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { MAX_MARKS, MAX_POINTS_PER_SERIES } from './limit.ts';
import { resolveStep, type Step } from './step.ts';
import { groupTables, reportTable, type Column, type GroupSeries } from './trading-table.ts';
import { endNanosOf, readFills } from './trading-read.ts';

const TOTAL_TEXT =
  'Realised plus unrealised profit of the fills in the range, from flat, before fees; open quantity at the last mid. Empty where an open position has no mid.';

const COLUMNS: readonly Column<PnlRow>[] = [
  { name: 'total', value: (row) => row.total, unit: 'money', description: TOTAL_TEXT },
  { name: 'realised', value: (row) => row.realised, unit: 'money', description: 'Closed quantity against its cost.' },
  { name: 'unrealised', value: (row) => row.unrealised, unit: 'money', description: 'Open quantity at the last mid.' },
  { name: 'fees', value: (row) => row.fees, unit: 'money', description: 'Paid minus rebates, in the same currency.' },
  {
    name: 'net',
    value: (row) => row.net,
    unit: 'money',
    description: 'Total minus fees; empty when a fee was paid in another currency.',
  },
  {
    name: 'open',
    value: (row) => row.openQuantity,
    unit: 'short',
    description: 'Open quantity; only within one symbol.',
  },
];

export async function runPnl(
  query: PnlQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const by = pnlDimensions(query.by);
  const executedQuery = `P&L by ${by.join(', ') || 'nothing'}, ${query.method} cost`;
  const fills = await readFills(reader, envelope, query.filters, signal);
  if (query.format === 'time_series') {
    const step = resolveStep(envelope, 0, MAX_POINTS_PER_SERIES - 1);
    return pnlOverTime(fills, { ...query, by }, executedQuery, {
      step,
      reader,
      ...(signal === undefined ? {} : { signal }),
    });
  }
  const book = new PnlBook(query.method);
  for (const fill of fills) book.apply(fill);
  const timeNanos = endNanosOf(envelope);
  const asks = book.openPositions().map(({ venue, symbol }) => ({ venue, symbol, timeNanos }));
  const marks = await readMarks(reader, asks, signal);
  const rows = book.report(by, (key) => marks.get(markId({ ...key, timeNanos })) ?? null);
  const columns = envelope.fromAlert ? COLUMNS.slice(0, 1) : COLUMNS;
  return [reportTable(rows, by, columns, { executedQuery, notices: complaints(rows) })];
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

interface OverTime {
  readonly step: Step;
  readonly reader: StoreReader;
  readonly signal?: AbortSignal;
}

/** Books the fills twice: once to learn which marks are needed, once with the marks. */
async function pnlOverTime(
  fills: readonly Fill[],
  query: PnlQuery & { readonly by: readonly PnlDimension[] },
  executedQuery: string,
  { step, reader, signal }: OverTime,
): Promise<Table[]> {
  const { range } = step;
  const asks = new Map<string, MarkAsk>();
  walk(fills, query, range, (book, timeNanos) => {
    for (const { venue, symbol } of book.openPositions()) {
      asks.set(markId({ venue, symbol, timeNanos }), { venue, symbol, timeNanos });
    }
    if (asks.size <= MAX_MARKS) return;
    const text = `the chart needs more than ${MAX_MARKS} marks (steps times open instruments); raise the interval, shorten the range or filter`;
    throw new TapewatchError('query.limit', text);
  });
  const marks = await readMarks(reader, [...asks.values()], signal);
  const series = new Map<string, GroupSeries>();
  let last: readonly PnlRow[] = [];
  walk(fills, query, range, (book, timeNanos, timeMs) => {
    const mark = (key: PositionKey): number | null => marks.get(markId({ ...key, timeNanos })) ?? null;
    last = book.report(query.by, mark);
    for (const { group, currency, total } of last) {
      const id = JSON.stringify([group, currency]);
      let one = series.get(id);
      if (one === undefined) series.set(id, (one = { group, currency, timesMs: [], values: [] }));
      one.timesMs.push(timeMs);
      one.values.push(total);
    }
  });
  return groupTables([...series.values()], query.by, {
    executedQuery,
    notices: [...step.notices, ...complaints(last)],
    valueName: 'pnl',
    description: TOTAL_TEXT,
    unit: 'money',
    stepMs: range.stepMs,
  });
}

/** Calls `visit` at each step with everything booked that happened until then, that millisecond included. */
function walk(
  fills: readonly Fill[],
  query: PnlQuery,
  range: Step['range'],
  visit: (book: PnlBook, timeNanos: bigint, timeMs: number) => void,
): void {
  const book = new PnlBook(query.method);
  let next = 0;
  for (let timeMs = range.startMs; timeMs <= range.endMs; timeMs += range.stepMs) {
    const timeNanos = endNanosOf({ startMs: 0, endMs: timeMs });
    for (let fill = fills[next]; fill !== undefined && fill.timeNanos < timeNanos; fill = fills[++next])
      book.apply(fill);
    visit(book, timeNanos, timeMs);
  }
}

interface MarkAsk {
  readonly venue: string;
  readonly symbol: string;
  readonly timeNanos: bigint;
}

function markId({ venue, symbol, timeNanos }: MarkAsk): string {
  return `${venue}\u0000${symbol}\u0000${timeNanos}`;
}

async function readMarks(
  reader: StoreReader,
  asks: readonly MarkAsk[],
  signal?: AbortSignal,
): Promise<Map<string, number | null>> {
  const unique = [...new Map(asks.map((ask) => [markId(ask), ask])).values()];
  const quotes = unique.length === 0 ? [] : await reader.quotesBefore(unique, signal);
  return new Map(unique.map((ask, i) => [markId(ask), midOf(quotes[i] ?? null).mid ?? null]));
}

function complaints(rows: readonly PnlRow[]): Notice[] {
  const unmarked = rows.reduce((sum, row) => sum + row.unmarkedPositions, 0);
  const foreign = rows.reduce((sum, row) => sum + row.foreignFees, 0);
  const notices: Notice[] = [];
  if (unmarked > 0) {
    const text = `${unmarked} open positions have no mid to mark them at: their unrealised profit is unknown`;
    notices.push({ severity: 'warning', text });
  }
  if (foreign > 0) {
    const text = `${foreign} positions paid fees in another currency: the net is unknown there`;
    notices.push({ severity: 'info', text });
  }
  return notices;
}
