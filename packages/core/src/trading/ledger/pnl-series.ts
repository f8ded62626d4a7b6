/**
 * Profit and loss at the steps of a chart, in one pass over the fills: at each step only the positions that traded or whose
 * mark has changed are told anew, each in its own currency; sums of groups are kept, and exact, so that they do not drift,
 * and it is sums that rates convert. O(fills + steps * what changed).
 */
import type { Amount } from '../fixed-point.ts';
import type { BookedPosition, PositionKey } from './booked-position.ts';
import { ConvertedLine } from './converted-line.ts';
import type { PnlMethod } from './exact-position.ts';
import { SUM_DIGITS } from './exact-sum.ts';
import type { Execution, FillColumns, FillGroup } from './fill-columns.ts';
import { LineSum } from './line-sum.ts';
import {
  byGroup,
  convertedRow,
  PnlBook,
  type ContractOf,
  type PnlDimension,
  type PnlRow,
  type SideFlow,
} from './pnl.ts';
import type { BaseCurrency } from './rate-book.ts';
import { sumOrNull } from './side-ledger.ts';

export const PNL_FIGURES = ['total', 'net', 'realised', 'unrealised', 'fees', 'income', 'effect', 'equity'] as const;
export type PnlFigure = (typeof PNL_FIGURES)[number];

/** These need the price of what is open. */
const NEEDS_MARK: readonly PnlFigure[] = ['total', 'net', 'unrealised', 'equity'];

export interface PnlSeriesRequest {
  readonly method: PnlMethod;
  readonly contractOf?: ContractOf;
  /** Everything is told in it; without one, each line is in the currency of its positions. */
  readonly base?: BaseCurrency;
  readonly by: readonly PnlDimension[];
  /** When to tell, ascending, whole milliseconds. A fill of that very millisecond counts. */
  readonly timesMs: ArrayLike<number>;
  readonly figure: PnlFigure;
  /** In ascending order of time. */
  readonly flows?: readonly SideFlow[];
  /** Added to every line of `equity`, in its currency. */
  readonly initialEquity?: number;
  /** The price of an instrument at the step with this number, NaN where there is none. */
  readonly markAt: (instrument: { readonly venue: string; readonly symbol: string }) => (step: number) => number;
  /** Books the executions of a position instead of this pass, all but their fees, and makes more of them. */
  readonly follow?: (position: BookedPosition) => Follower;
}

export interface Follower {
  readonly execute: (execution: Execution) => unknown;
}

export interface PnlLine {
  readonly group: readonly string[];
  readonly currency: string;
  /** Begins with the step at which the group has its first fill. */
  readonly timesMs: number[];
  readonly values: (number | null)[];
}

export interface PnlSeries {
  readonly lines: readonly PnlLine[];
  /** Everything as it stands at the last time. */
  readonly rows: readonly PnlRow[];
  /** What is open then, with its mark; NaN where there is none. */
  readonly open: readonly { readonly position: BookedPosition; readonly mark: number }[];
}

interface Line extends PnlLine {
  /** Of what its positions are worth, or of the figure where that is another; in a base currency, `converted` has it. */
  readonly sum: LineSum;
  readonly converted: ConvertedLine | undefined;
  /** Positions whose figure is unknown at present. */
  unknown: number;
}

interface Tracked {
  readonly position: BookedPosition;
  readonly line: Line;
  /** What it adds to. */
  readonly sum: LineSum;
  readonly markAt: (step: number) => number;
  readonly follower: Follower | undefined;
  mark: number;
  /** What it adds to its sum: ticks and fees, or else the amount; null when that is unknown. */
  value: Amount | null;
  ticks: number;
  digits: number;
  feeTicks: number;
  inTicks: boolean;
  isFlat: boolean;
  changed: boolean;
}

export function pnlSeries(columns: FillColumns, request: PnlSeriesRequest): PnlSeries {
  const { timesMs } = request;
  const pass = new Pass(columns, request);
  for (let step = 0; step < timesMs.length; step++) {
    const timeMs = timesMs[step] as number;
    pass.book(timeMs);
    pass.tell(step, timeMs);
  }
  return pass.result();
}

class Pass {
  readonly #columns: FillColumns;
  readonly #request: PnlSeriesRequest;
  readonly #book: PnlBook;
  /** What is told of a position. */
  readonly #figure: PnlFigure;
  readonly #lines = new Map<string, Line>();
  readonly #tracked = new Map<BookedPosition, Tracked>();
  /** The same, in that order: a year of hours goes through all of them 8,760 times. */
  readonly #all: Tracked[] = [];
  readonly #byGroup: (Tracked | undefined)[];
  #row = 0;
  #flow = 0;

  constructor(columns: FillColumns, request: PnlSeriesRequest) {
    this.#columns = columns;
    this.#request = request;
    const { method, contractOf, base } = request;
    this.#book = new PnlBook({
      method,
      ...(contractOf && { contractOf }),
      ...(base && { lineOf: (key: PositionKey) => this.#lineOf(key).converted as ConvertedLine }),
    });
    // In a base currency the line makes of what positions are worth whatever is asked.
    this.#figure = base === undefined ? request.figure : 'total';
    this.#byGroup = new Array<undefined>(columns.groups.length).fill(undefined);
  }

  /** Everything that happened until `untilMs`, that millisecond included. */
  book(untilMs: number): void {
    const { groups, group, timesMs, quantities, prices, fees } = this.#columns;
    let row = this.#row;
    for (; row < timesMs.length && (timesMs[row] as number) <= untilMs; row++) {
      const number = group[row] as number;
      const one = (this.#byGroup[number] ??= this.#track(this.#book.positionOf(groups[number] as FillGroup)));
      one.changed = true;
      const { feeCurrency } = groups[number] as FillGroup;
      const timeMs = timesMs[row] as number;
      const quantity = quantities[row] as number;
      const price = prices[row] as number;
      const fee = fees[row] as number;
      if (one.follower === undefined) one.position.trade(timeMs, quantity, price);
      else one.follower.execute({ timeMs, quantity, price, fee, feeCurrency });
      if (fee !== 0) one.position.addBeside('fees', timeMs, feeCurrency, fee);
    }
    this.#row = row;
    for (const flows = this.#request.flows ?? []; this.#flow < flows.length; this.#flow++) {
      const flow = flows[this.#flow] as SideFlow;
      if (flow.timeMs > untilMs) break;
      this.#track(this.#book.positionOf(flow.key)).changed = true;
      this.#book.applyFlow(flow);
    }
  }

  tell(step: number, timeMs: number): void {
    for (const one of this.#all) {
      if (one.changed) one.isFlat = one.position.ledger.isFlat;
      const mark = one.isFlat ? NaN : one.markAt(step);
      if (one.changed || !(Object.is(mark, one.mark) || revalue(one, mark))) retell(one, mark, this.#figure);
    }
    for (const line of this.#lines.values()) {
      line.timesMs.push(timeMs);
      line.values.push(this.#valueOf(line, timeMs));
    }
  }

  #valueOf({ converted, unknown, sum }: Line, timeMs: number): number | null {
    const { figure } = this.#request;
    if (converted === undefined) return unknown > 0 ? null : sum.number;
    converted.moveTo(timeMs);
    return unknown > 0 && NEEDS_MARK.includes(figure) ? null : converted.figure(figure);
  }

  result(): PnlSeries {
    const lines = [...this.#lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
    const open = this.#all.filter(({ position }) => !position.ledger.isFlat);
    return { lines, rows: this.#rows(), open };
  }

  #rows(): readonly PnlRow[] {
    const { by, timesMs, base } = this.#request;
    const tracked = this.#all;
    if (base === undefined) {
      const marks = new Map(tracked.map((one) => [one.position.key, markOf(one)]));
      return this.#book.report(by, (key) => marks.get(key) ?? null);
    }
    const byLine = new Map<Line, Tracked[]>();
    for (const one of tracked) {
      const known = byLine.get(one.line);
      if (known === undefined) byLine.set(one.line, [one]);
      else known.push(one);
    }
    const timeMs = timesMs[timesMs.length - 1] ?? 0;
    const rows = Array.from(byLine, ([{ converted, group, currency }, positions]) => {
      const marked = positions.map((one) => ({ position: one.position, mark: markOf(one) }));
      return convertedRow({ group, currency, line: converted as ConvertedLine, positions: marked }, timeMs);
    });
    return rows.sort(byGroup);
  }

  #track(position: BookedPosition): Tracked {
    let one = this.#tracked.get(position);
    if (one === undefined) {
      const { key } = position;
      const line = this.#lineOf(key);
      const sum = line.converted?.profitIn(key.currency).worth ?? line.sum;
      const markAt = this.#request.markAt(key);
      const follower = this.#request.follow?.(position);
      one = { position, line, sum, markAt, follower, mark: NaN, ...NOTHING_TOLD, changed: true };
      this.#tracked.set(position, one);
      this.#all.push(one);
    }
    return one;
  }

  #lineOf(key: PositionKey): Line {
    const { by, base, figure, initialEquity = 0 } = this.#request;
    const group = by.map((dimension) => key[dimension]);
    const currency = base?.currency ?? key.currency;
    const id = JSON.stringify([group, currency]);
    let line = this.#lines.get(id);
    if (line === undefined) {
      const sum = new LineSum();
      const initial = figure === 'equity' ? initialEquity : 0;
      sum.addNumber(initial);
      const converted = base && new ConvertedLine(base, initial);
      this.#lines.set(id, (line = { group, currency, timesMs: [], values: [], sum, converted, unknown: 0 }));
    }
    return line;
  }
}

function markOf({ mark }: Tracked): number | null {
  return Number.isNaN(mark) ? null : mark;
}

const NOTHING_TOLD = { value: 0n, ticks: 0, digits: 0, feeTicks: 0, inTicks: false, isFlat: true };

/** The mark alone has changed, and what it makes of the position fits into a double as before. False, and nothing has changed, else. */
function revalue(one: Tracked, mark: number): boolean {
  if (!one.inTicks) return false;
  const ticks = one.position.ledger.worth(mark);
  const change = ticks - one.ticks;
  if (!(Math.abs(change) <= Number.MAX_SAFE_INTEGER) || one.position.ledger.worthDigits !== one.digits) return false;
  one.sum.add(change, one.digits);
  one.ticks = ticks;
  one.mark = mark;
  return true;
}

function retell(one: Tracked, mark: number, figure: PnlFigure): void {
  const { line, sum, position } = one;
  if (one.value === null) line.unknown--;
  else takeBack(one);
  one.mark = mark;
  one.changed = false;
  if ((figure === 'total' || figure === 'net' || figure === 'equity') && tellInTicks(one, mark, figure)) return;
  one.value = figureOf(position, Number.isNaN(mark) ? null : mark, figure);
  if (one.value === null) line.unknown++;
  else sum.addExact(one.value);
}

function takeBack(one: Tracked): void {
  const { sum } = one;
  if (one.value !== 0n && one.value !== null) sum.addExact(-one.value);
  if (one.ticks !== 0) sum.add(-one.ticks, one.digits);
  if (one.feeTicks !== 0) sum.add(one.feeTicks, SUM_DIGITS);
  one.value = 0n;
  one.ticks = one.feeTicks = 0;
  one.inTicks = false;
}

/** Total profit is cash flow and value together: the cost of what is open cancels out. False where bigints have to tell it. */
function tellInTicks(one: Tracked, mark: number, figure: PnlFigure): boolean {
  const { position, sum } = one;
  const isNet = figure !== 'total';
  if (isNet && !(position.income.isEmpty && position.capital.isEmpty)) return false;
  const ticks = position.ledger.worth(mark);
  const feeTicks = isNet ? position.fees.ticks(position.key.currency) : 0;
  if (Number.isNaN(ticks) || Number.isNaN(feeTicks)) return false;
  one.value = 0n;
  one.inTicks = true;
  one.ticks = ticks;
  one.digits = position.ledger.worthDigits;
  one.feeTicks = feeTicks;
  sum.add(ticks, one.digits);
  if (feeTicks !== 0) sum.add(-feeTicks, SUM_DIGITS);
  return true;
}

/** Equity: net profit and capital; where it starts is the line's affair. Nothing converts a currency here. */
function figureOf(position: BookedPosition, mark: number | null, figure: PnlFigure): Amount | null {
  const { ledger, key } = position;
  switch (figure) {
    case 'total':
      return sumOrNull(ledger.realised, ledger.unrealised(mark));
    case 'realised':
      return ledger.realised;
    case 'unrealised':
      return ledger.unrealised(mark);
    case 'fees':
    case 'income':
      return position[figure].amount(key.currency);
    case 'effect':
      return 0n;
    case 'net':
    case 'equity':
      return position.net(mark, figure === 'equity');
  }
}
