/**
 * `sum` and `avg` of `rate` or `increase` over distributions in one pass: the rows of all series of a group are added
 * into one array per step, and no histogram is made for a single series. The numbers are those of the general path, each
 * series' own extrapolation included; only the order of additions differs.
 *
 * Windows of following steps overlap. Where most series share a factor (their points stand at the same stamps), the sum of
 * their rows moves on from step to step by what enters and what leaves, which is exact for integer counts; series with
 * another factor are corrected by the difference. Where that would cost more, every window is summed on its own.
 */
import { METRIC_NAME } from '../model/labels.ts';
import { CumulativeHistograms } from '../window/cumulative-histograms.ts';
import { DenseLayout } from '../window/dense-rows.ts';
import { groupsOf, type Group } from './aggregate.ts';
import { type Aggregate, type Call, type Expr, withoutParens } from './ast.ts';
import { anchoredChange, deltaChange } from './function/rate.ts';
import type { RateKind } from './function/rate-kind.ts';
import { CompensatedSum } from './kahan.ts';
import { type Column, isEmpty, newColumn, put } from './vector.ts';
import { eachWindow, type RangeSeries, type Ranges } from './window.ts';

/** Windows (series times steps) that are kept in view at once, 16 bytes each; more go the general way. */
const MAX_WINDOWS = 20_000_000;
/** Steps between two looks at whether the answer is still wanted. */
const STEPS_PER_CHECK = 16;

const KINDS: Readonly<Record<string, RateKind>> = {
  rate: { counter: true, perSecond: true },
  increase: { counter: true, perSecond: false },
};

export interface FusedExpr {
  readonly kind: RateKind;
  readonly call: Call;
  readonly matrix: Extract<Expr, { kind: 'matrix' }>;
}

/** The parts of an aggregation that may be fused, by its form. */
export function fusedExpr({ operation, grouping, expr }: Aggregate): FusedExpr | undefined {
  if ((operation !== 'sum' && operation !== 'avg') || grouping.includes(METRIC_NAME)) return undefined;
  const call = withoutParens(expr);
  if (call.kind !== 'call') return undefined;
  const kind = KINDS[call.name];
  const matrix = call.args[0] === undefined ? undefined : withoutParens(call.args[0]);
  if (kind === undefined || matrix?.kind !== 'matrix' || matrix.selector.extension === 'smoothed') return undefined;
  return { kind, call, matrix };
}

export interface FusedInput {
  readonly kind: RateKind;
  readonly ranges: Ranges;
  readonly steps: number;
  readonly check: () => void;
}

/** Undefined where the series are not all distributions of one layout and one name; nothing has been looked at then. */
export function fusedRate(expr: Aggregate, input: FusedInput): Column[] | undefined {
  const { series } = input.ranges;
  const members = membersOf(series);
  if (members === undefined || series.length * input.steps > MAX_WINDOWS) return undefined;
  const layout = DenseLayout.of(members.map(({ deltas }) => deltas.source));
  if (layout === undefined) return undefined;
  return groupsOf(expr, members)
    .map((group) => new GroupSum(group, layout, input).column(expr.operation === 'avg'))
    .filter((column) => !isEmpty(column));
}

interface Member {
  readonly labels: RangeSeries['labels'];
  readonly series: RangeSeries;
  readonly deltas: CumulativeHistograms;
}

function membersOf(all: readonly RangeSeries[]): Member[] | undefined {
  const name = all[0]?.labels.metricName;
  const members: Member[] = [];
  for (const series of all) {
    const { deltas, labels } = series;
    // Series that differ in their names only would be one after the rate, which is an error that is not told here.
    if (!(deltas instanceof CumulativeHistograms) || labels.metricName !== name) return undefined;
    members.push({ labels, series, deltas });
  }
  return members.length === 0 ? undefined : members;
}

/** The windows of one member: for each step the rows that it adds, and its factor; 0 where it has no value. */
interface Windows {
  readonly member: Member;
  readonly fromPoint: Int32Array;
  readonly toPoint: Int32Array;
  readonly factors: Float64Array;
  /** Sums of observations by point, so that windows need not look at rows for them. */
  readonly pointSums: Float64Array;
}

/** What the cells stand for is themselves times the factor. */
interface Sums {
  readonly cells: Float64Array;
  readonly factor: number;
}

class GroupSum {
  readonly #group: Group<Member>;
  readonly #layout: DenseLayout;
  readonly #input: FusedInput;
  readonly #windows: readonly Windows[];

  constructor(group: Group<Member>, layout: DenseLayout, input: FusedInput) {
    this.#group = group;
    this.#layout = layout;
    this.#input = input;
    this.#windows = group.members.map((member) => this.#windowsOf(member));
  }

  column(average: boolean): Column {
    const { steps, check } = this.#input;
    const column = newColumn(this.#group.labels, steps);
    const moving = this.#isMovingCheaper() ? new MovingSum(this.#layout, this.#windows) : undefined;
    for (let step = 0; step < steps; step++) {
      if (step % STEPS_PER_CHECK === 0) check();
      const present = this.#windows.reduce((n, { factors }) => n + Number(factors[step] !== 0), 0);
      if (present === 0) continue;
      const { cells, factor } = moving?.at(step) ?? this.#sumAt(step);
      const share = average ? 1 / present : 1;
      const { count, sum } = this.#totalsAt(step);
      const totals = { count: count * share, sum: sum * share };
      put(column, step, this.#layout.histogram(cells, factor * share, totals));
    }
    return column;
  }

  #windowsOf(member: Member): Windows {
    const { series, deltas } = member;
    const { ranges, steps, kind } = this.#input;
    const context = { rangeMs: ranges.rangeMs };
    const [fromPoint, toPoint, factors] = [new Int32Array(steps), new Int32Array(steps), new Float64Array(steps)];
    eachWindow(series, { ranges, evalMs: () => 0, steps }, (window, step) => {
      const change =
        ranges.extension === undefined
          ? deltaChange(window, deltas, { kind, context })
          : anchoredChange(window, { kind, context });
      if (change === undefined) return;
      fromPoint[step] = change.from;
      toPoint[step] = change.to;
      factors[step] = change.factor;
    });
    return { member, fromPoint, toPoint, factors, pointSums: pointSumsOf(deltas) };
  }

  #sumAt(step: number): Sums {
    const cells = new Float64Array(this.#layout.cells);
    for (const windows of this.#windows) {
      const factor = windows.factors[step] as number;
      if (factor !== 0) this.#layout.add(cells, windows.member.deltas.source, rowsAt(windows, step), factor);
    }
    return { cells, factor: 1 };
  }

  #totalsAt(step: number): { count: number; sum: number } {
    const [count, sum] = [new CompensatedSum(), new CompensatedSum()];
    for (const { member, fromPoint, toPoint, factors, pointSums } of this.#windows) {
      const factor = factors[step] as number;
      if (factor === 0) continue;
      const [from, to] = [fromPoint[step] as number, toPoint[step] as number];
      let added = 0;
      for (let point = from + 1; point <= to; point++) added += pointSums[point] as number;
      sum.add(added * factor);
      count.add((member.deltas.countAt(to) - member.deltas.countAt(from)) * factor);
    }
    return { count: count.value, sum: sum.value };
  }

  /** Counted in rows that are added: every window whole, or what enters and leaves and the corrections. */
  #isMovingCheaper(): boolean {
    if (!this.#layout.integral) return false;
    let [whole, moved] = [0, 0];
    for (let step = 0; step < this.#input.steps; step++) {
      const common = commonFactor(this.#windows, step);
      for (const windows of this.#windows) {
        const factor = windows.factors[step] as number;
        if (factor === 0) continue;
        const [from, to] = rowsAt(windows, step);
        whole += to - from;
        if (factor !== common) moved += to - from;
      }
    }
    for (const { member } of this.#windows) moved += 2 * member.deltas.source.rows.length;
    return moved < whole;
  }
}

/** Sums of the rows in the windows of one step after the other. */
class MovingSum {
  readonly #layout: DenseLayout;
  readonly #windows: readonly Windows[];
  /** All rows in the present windows, without factors. */
  readonly #held: Float64Array;
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;

  constructor(layout: DenseLayout, windows: readonly Windows[]) {
    this.#layout = layout;
    this.#windows = windows;
    this.#held = new Float64Array(layout.cells);
    this.#from = new Uint32Array(windows.length);
    this.#to = new Uint32Array(windows.length);
  }

  at(step: number): Sums {
    const common = commonFactor(this.#windows, step);
    let corrected: Float64Array | undefined;
    for (let i = 0; i < this.#windows.length; i++) this.#move(this.#windows[i] as Windows, i, step);
    for (const windows of this.#windows) {
      const factor = windows.factors[step] as number;
      if (factor === 0 || factor === common) continue;
      corrected ??= this.#held.map((count) => count * common);
      this.#layout.add(corrected, windows.member.deltas.source, rowsAt(windows, step), factor - common);
    }
    return corrected === undefined ? { cells: this.#held, factor: common } : { cells: corrected, factor: 1 };
  }

  /** Windows only move forward, so what stays is the end of the old one and the start of the new one. */
  #move(windows: Windows, i: number, step: number): void {
    const { source } = windows.member.deltas;
    const [heldFrom, heldTo] = [this.#from[i] as number, this.#to[i] as number];
    const [from, to] = windows.factors[step] === 0 ? [0, 0] : rowsAt(windows, step);
    const stays = from < to && from < heldTo && heldFrom < heldTo;
    this.#layout.add(this.#held, source, [heldFrom, stays ? from : heldTo], -1);
    this.#layout.add(this.#held, source, [stays ? heldTo : from, to], 1);
    this.#from[i] = from;
    this.#to[i] = to;
  }
}

function rowsAt({ member, fromPoint, toPoint }: Windows, step: number): [from: number, to: number] {
  return [member.deltas.rowsUpTo(fromPoint[step] as number), member.deltas.rowsUpTo(toPoint[step] as number)];
}

/** The factor that most members have at a step, found by voting (Boyer and Moore); any will do where none has half. */
function commonFactor(all: readonly Windows[], step: number): number {
  let [candidate, votes] = [0, 0];
  for (const { factors } of all) {
    const factor = factors[step] as number;
    if (factor === 0) continue;
    if (votes === 0) candidate = factor;
    votes += factor === candidate ? 1 : -1;
  }
  return candidate;
}

function pointSumsOf({ source: { columns, rows, ends } }: CumulativeHistograms): Float64Array {
  const sums = new Float64Array(ends.length);
  let row = 0;
  for (let point = 0; point < ends.length; point++) {
    let sum = 0;
    for (; row < (ends[point] as number); row++) sum += columns.sums[rows[row] as number] as number;
    sums[point] = sum;
  }
  return sums;
}
