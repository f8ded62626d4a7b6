/**
 * Reads what profit and loss needs: fills in columns, money beside them, exchange rates, and marks for all steps at once.
 * Where a store offers no columns, its rows tell the same.
 */
import {
  fillColumnsOf,
  midOf,
  RateBook,
  type BaseCurrency,
  type CashFlow,
  type ContractOf,
  type FillColumns,
  type PositionKey,
  type SideFlow,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { EventFilter, StoreReader, TradedInstrument } from '../ports.ts';
import { MAX_MARKS, MAX_ROWS, refuseTooManyRows } from './limit.ts';
import { endNanosOf, readFills, startNanosOf, type FillRange, type TradingFilters } from './trading-read.ts';

/** How far before a range its exchange rates are looked for. */
const RATES_BEFORE_MS = 7 * 86_400_000;

/** The rows, and what instruments are. */
export interface TradingSource {
  readonly reader: StoreReader;
  /** Absent: everything is spot. */
  readonly contractOf?: ContractOf;
}

export interface ReadFrom extends TradingSource {
  readonly range: FillRange;
  readonly filters: TradingFilters;
  readonly signal?: AbortSignal;
}

/** What a ledger is booked from. */
export interface LedgerRows {
  readonly columns: FillColumns;
  readonly flows: readonly SideFlow[];
  /** Undefined: every position in its own currency. */
  readonly base: BaseCurrency | undefined;
}

/** At once: the few rows of flows and rates are made while the engine reads fills. */
async function readLedger(from: ReadFrom, baseCurrency: string): Promise<LedgerRows> {
  const [columns, flows, rates] = await Promise.all([
    readFillColumns(from),
    readFlows(from),
    baseCurrency === '' ? undefined : readRates(from),
  ]);
  return { columns, flows, base: rates && { currency: baseCurrency, rates } };
}

function filterOf(range: FillRange, filters: TradingFilters): EventFilter {
  return { ...filters, startNanos: startNanosOf(range), endNanos: endNanosOf(range) };
}

/** Corrections applied. Throws `query.limit` past the row limit. */
async function readFillColumns({ reader, range, filters, signal }: ReadFrom): Promise<FillColumns> {
  const filter = { ...filterOf(range, filters), limit: MAX_ROWS + 1 };
  const offered = reader.fillColumns === undefined ? undefined : await reader.fillColumns(filter, signal);
  const columns = offered ?? fillColumnsOf(await readFills(reader, range, filters, signal));
  refuseTooManyRows(columns.timesMs.length, 'fills');
  return columns;
}

/** In order of time. Deposits and withdrawals are capital; what is paid for nothing but holding is income. */
async function readFlows({ reader, range, filters, signal }: ReadFrom): Promise<SideFlow[]> {
  const filter = { ...filterOf(range, filters), limit: MAX_ROWS + 1 };
  const flows = await reader.events('cash_flows', filter, signal);
  refuseTooManyRows(flows.length, 'cash flows');
  return flows.map((flow) => ({ ...ledgerOf(flow), key: keyOf(flow), timeMs: Number(flow.timeNanos / 1_000_000n) }));
}

function ledgerOf({ kind, amount, currency }: CashFlow): Pick<SideFlow, 'ledger' | 'amount' | 'currency'> {
  if (kind === 'fee') return { ledger: 'fees', amount: -amount, currency };
  return { ledger: kind === 'deposit' || kind === 'withdrawal' ? 'capital' : 'income', amount, currency };
}

function keyOf({ strategy, venue, symbol, account, currency }: CashFlow): PositionKey {
  return { strategy, venue, symbol, account, currency };
}

async function readRates({ reader, range, signal }: Omit<ReadFrom, 'filters'>): Promise<RateBook> {
  const startNanos = startNanosOf({ ...range, startMs: range.startMs - RATES_BEFORE_MS });
  const rates = await reader.events(
    'fx_rates',
    { startNanos, endNanos: endNanosOf(range), limit: MAX_ROWS + 1 },
    signal,
  );
  refuseTooManyRows(rates.length, 'exchange rates');
  return new RateBook(rates.map((one) => ({ ...one, timeMs: Number(one.timeNanos / 1_000_000n) })));
}

export interface Times {
  readonly timesMs: readonly number[];
  /** Where the times are a grid: its width. */
  readonly stepMs?: number;
}

/** The mid of an instrument at the step with a number, NaN where there is none. */
export type MarkAt = (instrument: TradedInstrument) => (step: number) => number;

/** What a ledger is booked from, and the marks of its instruments at the times: read at once. */
export async function readMarkedLedger(
  from: ReadFrom,
  baseCurrency: string,
  times: Times,
): Promise<LedgerRows & { readonly markAt: MarkAt }> {
  const [ledger, ahead] = await Promise.all([readLedger(from, baseCurrency), readMarksAhead(from, times)]);
  const { groups } = ledger.columns;
  const isKnown = groups.every((one) => ahead?.known.has(nameOf(one)));
  return { ...ledger, markAt: isKnown && ahead !== undefined ? ahead.markAt : await readMarks(from, groups, times) };
}

/** Of the instruments that fills will probably name; undefined where the store cannot tell them without the fills. */
async function readMarksAhead(
  from: ReadFrom,
  times: Times,
): Promise<{ readonly known: ReadonlySet<string>; readonly markAt: MarkAt } | undefined> {
  const { reader, range, filters, signal } = from;
  const instruments = await reader.tradedInstruments?.(filterOf(range, filters), signal);
  // Whether that is too much is for the fills to say.
  if (instruments === undefined || instruments.length * times.timesMs.length > MAX_MARKS) return undefined;
  return { known: new Set(instruments.map(nameOf)), markAt: await readMarks(from, instruments, times) };
}

/** Throws `query.limit` when steps times instruments are too many. */
async function readMarks(
  from: Pick<ReadFrom, 'reader' | 'signal'>,
  instruments: readonly TradedInstrument[],
  times: Times,
): Promise<MarkAt> {
  const unique = [...new Map(instruments.map((one) => [nameOf(one), one])).values()];
  const count = times.timesMs.length;
  if (unique.length * count > MAX_MARKS) {
    const text = `the chart needs more than ${MAX_MARKS} marks (steps times instruments); raise the interval, shorten the range or filter`;
    throw new TapewatchError('query.limit', text);
  }
  const marks = await marksOf(from, unique, times);
  const rows = new Map(unique.map((one, i) => [nameOf(one), i * count]));
  return (instrument) => {
    const row = rows.get(nameOf(instrument));
    return row === undefined ? () => NaN : (step) => marks[row + step] ?? NaN;
  };
}

async function marksOf(
  from: Pick<ReadFrom, 'reader' | 'signal'>,
  instruments: readonly TradedInstrument[],
  { timesMs, stepMs }: Times,
): Promise<ArrayLike<number>> {
  const [startMs] = timesMs;
  if (startMs === undefined || instruments.length === 0) return [];
  if (stepMs === undefined) return marksOfPeriods(from, instruments, timesMs);
  const known = await from.reader.marks?.({ instruments, startMs, stepMs, count: timesMs.length }, from.signal);
  return known ?? marksAt(from, instruments, timesMs);
}

/**
 * Ends of bars and days lie on a grid, of hours at least, whatever clocks do; only the first and the last stamp may lie
 * in between.
 */
async function marksOfPeriods(
  from: Pick<ReadFrom, 'reader' | 'signal'>,
  instruments: readonly TradedInstrument[],
  timesMs: readonly number[],
): Promise<ArrayLike<number>> {
  const inner = timesMs.slice(1, -1);
  const [startMs = 0, endMs = 0] = [inner[0], inner.at(-1)];
  const stepMs = inner.reduce((step, timeMs) => commonDivisor(step, timeMs - startMs), 0);
  const count = stepMs === 0 ? 0 : (endMs - startMs) / stepMs + 1;
  const worthIt = inner.length > MIN_PERIODS && count * instruments.length <= MAX_MARKS;
  const grid = worthIt ? await from.reader.marks?.({ instruments, startMs, stepMs, count }, from.signal) : undefined;
  if (grid === undefined) return marksAt(from, instruments, timesMs);
  const edges = await marksAt(from, instruments, [timesMs[0] as number, timesMs.at(-1) as number]);
  const marks = new Float64Array(instruments.length * timesMs.length);
  for (let row = 0, at = 0; row < instruments.length; row++) {
    marks[at++] = edges[row * 2] as number;
    for (const timeMs of inner) marks[at++] = grid[row * count + (timeMs - startMs) / stepMs] as number;
    marks[at++] = edges[row * 2 + 1] as number;
  }
  return marks;
}

/** Fewer are asked for one by one. */
const MIN_PERIODS = 3;

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

async function marksAt(
  { reader, signal }: Pick<ReadFrom, 'reader' | 'signal'>,
  instruments: readonly TradedInstrument[],
  timesMs: readonly number[],
): Promise<number[]> {
  const asked = instruments.flatMap(({ venue, symbol }) =>
    timesMs.map((endMs) => ({ venue, symbol, timeNanos: endNanosOf({ startMs: 0, endMs }) })),
  );
  return (await reader.quotesBefore(asked, signal)).map((quote) => midOf(quote).mid ?? NaN);
}

function nameOf({ venue, symbol }: TradedInstrument): string {
  return `${venue}\u0000${symbol}`;
}
