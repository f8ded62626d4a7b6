/**
 * Profit and loss at the steps of a chart, in one pass over the fills: at each step only the positions that traded, whose
 * mark has changed or whose exchange rate moves are told anew; sums of groups are kept, and exact, so that they do not
 * drift. O(fills + steps * what changed).
 */
import type { Amount } from '../fixed-point.ts';
import { netOf, type BookedPosition, type ConvertedRequest, type PositionKey } from './booked-position.ts';
import { SUM_DIGITS } from './exact-sum.ts';
import type { FillColumns, FillGroup } from './fill-columns.ts';
import { LineSum } from './line-sum.ts';
import { PnlBook, type PnlBookOptions, type PnlDimension, type PnlRow, type SideFlow } from './pnl.ts';
import { sumOrNull } from './side-ledger.ts';
import { WideAmount } from './wide-amount.ts';

export const PNL_FIGURES = ['total', 'net', 'realised', 'unrealised', 'fees', 'income', 'effect', 'equity'] as const;
export type PnlFigure = (typeof PNL_FIGURES)[number];

export interface PnlSeriesRequest extends PnlBookOptions {
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
  readonly sum: LineSum;
  /** Positions whose figure is unknown at present. */
  unknown: number;
}

interface Tracked {
  readonly position: BookedPosition;
  readonly line: Line;
  readonly markAt: (step: number) => number;
  mark: number;
  /** What it adds to its line: ticks and fees, or limbs, or else the amount; null when that is unknown. */
  value: Amount | null;
  readonly wide: WideAmount;
  isWide: boolean;
  ticks: number;
  digits: number;
  feeTicks: number;
  changed: boolean;
}

export function pnlSeries(columns: FillColumns, request: PnlSeriesRequest): PnlSeries {
  const { timesMs, base } = request;
  const pass = new Pass(columns, request);
  for (let step = 0; step < timesMs.length; step++) {
    const timeMs = timesMs[step] as number;
    pass.book(timeMs);
    pass.tell(step, timeMs, base !== undefined);
  }
  return pass.result();
}

class Pass {
  readonly #columns: FillColumns;
  readonly #request: PnlSeriesRequest;
  readonly #book: PnlBook;
  readonly #lines = new Map<string, Line>();
  readonly #tracked = new Map<BookedPosition, Tracked>();
  readonly #byGroup: (Tracked | undefined)[];
  #row = 0;
  #flow = 0;

  constructor(columns: FillColumns, request: PnlSeriesRequest) {
    this.#columns = columns;
    this.#request = request;
    this.#book = new PnlBook(request);
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
      const timeMs = timesMs[row] as number;
      one.position.trade(timeMs, quantities[row] as number, prices[row] as number);
      const fee = fees[row] as number;
      if (fee !== 0) one.position.fees.add(timeMs, (groups[number] as FillGroup).feeCurrency, fee);
    }
    this.#row = row;
    for (const flows = this.#request.flows ?? []; this.#flow < flows.length; this.#flow++) {
      const flow = flows[this.#flow] as SideFlow;
      if (flow.timeMs > untilMs) break;
      this.#track(this.#book.positionOf(flow.key)).changed = true;
      this.#book.applyFlow(flow);
    }
  }

  tell(step: number, timeMs: number, ratesMove: boolean): void {
    for (const one of this.#tracked.values()) {
      const mark = one.position.ledger.isFlat ? NaN : one.markAt(step);
      if (one.changed || ratesMove || !Object.is(mark, one.mark)) retell(one, mark, timeMs, this.#request.figure);
    }
    for (const line of this.#lines.values()) {
      line.timesMs.push(timeMs);
      line.values.push(line.unknown > 0 ? null : line.sum.number);
    }
  }

  result(): PnlSeries {
    const { by, timesMs } = this.#request;
    const marks = new Map([...this.#tracked.values()].map(({ position, mark }) => [position.key, mark]));
    const markOf = (key: PositionKey): number | null => {
      const mark = marks.get(key) ?? NaN;
      return Number.isNaN(mark) ? null : mark;
    };
    const lines = [...this.#lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
    const open = [...this.#tracked.values()].filter(({ position }) => !position.ledger.isFlat);
    return { lines, rows: this.#book.report(by, markOf, timesMs[timesMs.length - 1] ?? 0), open };
  }

  #track(position: BookedPosition): Tracked {
    let one = this.#tracked.get(position);
    if (one === undefined) {
      const markAt = this.#request.markAt(position.key);
      one = {
        position,
        line: this.#lineOf(position),
        markAt,
        mark: NaN,
        wide: new WideAmount(),
        ...NOTHING_TOLD,
        changed: true,
      };
      this.#tracked.set(position, one);
    }
    return one;
  }

  #lineOf({ key }: BookedPosition): Line {
    const { by, base, figure, initialEquity = 0 } = this.#request;
    const group = by.map((dimension) => key[dimension]);
    const currency = base?.currency ?? key.currency;
    const id = JSON.stringify([group, currency]);
    let line = this.#lines.get(id);
    if (line === undefined) {
      const sum = new LineSum();
      if (figure === 'equity') sum.addNumber(initialEquity);
      this.#lines.set(id, (line = { group, currency, timesMs: [], values: [], sum, unknown: 0 }));
    }
    return line;
  }
}

const NOTHING_TOLD = { value: 0n, isWide: false, ticks: 0, digits: 0, feeTicks: 0 };

function retell(one: Tracked, mark: number, timeMs: number, figure: PnlFigure): void {
  const { line, position } = one;
  if (one.value === null) line.unknown--;
  else takeBack(one);
  one.mark = mark;
  one.changed = false;
  if (figure === 'total' || figure === 'net' || figure === 'equity') {
    if (!position.isPlain) return tellConverted(one, { mark, timeMs, figure });
    if (tellInTicks(one, mark, figure)) return;
  }
  one.value = figureOf(position, Number.isNaN(mark) ? null : mark, timeMs, figure);
  if (one.value === null) line.unknown++;
  else line.sum.addExact(one.value);
}

function takeBack(one: Tracked): void {
  const { sum } = one.line;
  if (one.value !== 0n && one.value !== null) sum.addExact(-one.value);
  if (one.ticks !== 0) sum.add(-one.ticks, one.digits);
  if (one.feeTicks !== 0) sum.add(one.feeTicks, SUM_DIGITS);
  if (one.isWide) sum.addWide(one.wide, -1);
  one.value = 0n;
  one.ticks = one.feeTicks = 0;
  one.isWide = false;
}

function tellConverted(one: Tracked, request: ConvertedRequest): void {
  one.wide.clear();
  one.isWide = one.position.addConvertedTo(one.wide, request);
  one.value = one.isWide ? 0n : null;
  if (one.isWide) one.line.sum.addWide(one.wide, 1);
  else one.line.unknown++;
}

/** Total profit is cash flow and value together: the cost of what is open cancels out. False where bigints have to tell it. */
function tellInTicks(one: Tracked, mark: number, figure: PnlFigure): boolean {
  const { position, line } = one;
  const isNet = figure !== 'total';
  if (isNet && !(position.income.isEmpty && position.capital.isEmpty)) return false;
  const ticks = position.ledger.worth(mark);
  const feeTicks = isNet ? position.fees.ticks(position.key.currency) : 0;
  if (Number.isNaN(ticks) || Number.isNaN(feeTicks)) return false;
  one.value = 0n;
  one.ticks = ticks;
  one.digits = position.ledger.worthDigits;
  one.feeTicks = feeTicks;
  line.sum.add(ticks, one.digits);
  if (feeTicks !== 0) line.sum.add(-feeTicks, SUM_DIGITS);
  return true;
}

/** Equity: net profit and capital; where it starts is the line's affair. */
function figureOf(position: BookedPosition, mark: number | null, timeMs: number, figure: PnlFigure): Amount | null {
  if (position.isPlain && (figure === 'net' || figure === 'equity')) return position.net(mark, figure === 'equity');
  const figures = position.figures(mark, timeMs);
  if (figure === 'total') return sumOrNull(figures.realised, figures.unrealised);
  if (figure === 'net') return netOf(figures);
  return figure === 'equity' ? sumOrNull(netOf(figures), figures.capital) : figures[figure];
}
