/**
 * Binary operations between scalars and vectors, with PromQL's matching of label sets. Arithmetic and comparisons join
 * each pair of matching series, set operators keep or drop whole samples. Source: Prometheus documentation, "Operators",
 * and promql/engine.go (VectorBinop, resultMetric).
 */
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import type { Annotations } from './annotation.ts';
import { type Binary, isComparison, isSetOperator, isTrimOperator } from './ast.ts';
import { PromqlError } from './error.ts';
import { labelOrder } from './function/sort.ts';
import { quote } from './literal.ts';
import { matchKey } from './matching.ts';
import { operate, operateFloats, operateScalars, type Sample } from './operator.ts';
import { setOperation } from './set-operator.ts';
import { type Column, isEmpty, joinEqual, newColumn, put, sampleAt, type Value } from './vector.ts';

export interface BinaryInput {
  readonly left: Value;
  readonly right: Value;
  readonly steps: number;
  readonly annotations: Annotations;
}

const MANY_TO_MANY = 'many-to-many matching not allowed: matching labels must be unique on one side';
const AMBIGUOUS_ONE = 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)';
const AMBIGUOUS_MANY = 'multiple matches for labels: grouping labels must ensure unique matches';

export function binary(expr: Binary, { left, right, steps, annotations }: BinaryInput): Value {
  if (left.type === 'scalar' && right.type === 'scalar') {
    const values = left.values.map((value, step) => operateScalars(expr.operator, value, right.values[step] as number));
    return { type: 'scalar', values };
  }
  if (left.type === 'vector' && right.type === 'vector') {
    if (isSetOperator(expr.operator)) return setOperation(expr, left.columns, right.columns);
    return { type: 'vector', columns: new Join(expr, { steps, annotations }).run(left.columns, right.columns) };
  }
  if (left.type === 'vector' && right.type === 'scalar') {
    return withScalar(expr, annotations, { columns: left.columns, scalar: right.values, scalarOnRight: true });
  }
  if (left.type === 'scalar' && right.type === 'vector') {
    return withScalar(expr, annotations, { columns: right.columns, scalar: left.values, scalarOnRight: false });
  }
  throw new PromqlError('parse', 'binary expression must contain only scalar and instant vector types', expr);
}

function dropsName({ operator, bool }: Binary): boolean {
  return bool || !(isComparison(operator) || isTrimOperator(operator));
}

function withScalar(
  expr: Binary,
  annotations: Annotations,
  { columns, scalar, scalarOnRight }: { columns: readonly Column[]; scalar: Float64Array; scalarOnRight: boolean },
): Value {
  const results = columns.map((column) => {
    const result = newColumn(dropsName(expr) ? column.labels.withoutMetricName() : column.labels, scalar.length);
    if (column.histograms === undefined && !isTrimOperator(expr.operator)) {
      for (let step = 0; step < scalar.length; step++) {
        if (column.present[step] === 0) continue;
        const [value, other] = [column.values[step] as number, scalar[step] as number];
        put(result, step, operateFloats(expr, scalarOnRight ? value : other, scalarOnRight ? other : value, value));
      }
      return result;
    }
    for (let step = 0; step < scalar.length; step++) {
      const sample = sampleAt(column, step);
      if (sample === undefined) continue;
      const other = scalar[step] as number;
      const [left, right] = scalarOnRight ? [sample, other] : [other, sample];
      // A comparison keeps the vector's sample, whichever side it stands on.
      put(result, step, operate(expr, { left, right, kept: sample, annotations }));
    }
    return result;
  });
  return { type: 'vector', columns: joinEqual(results, expr) };
}

interface Group {
  readonly many: Column[];
  readonly one: Column[];
}

class Join {
  readonly #expr: Binary;
  readonly #steps: number;
  readonly #annotations: Annotations;
  readonly #swapped: boolean;
  readonly #results = new Map<string, Column>();

  constructor(expr: Binary, { steps, annotations }: { steps: number; annotations: Annotations }) {
    this.#expr = expr;
    this.#steps = steps;
    this.#annotations = annotations;
    this.#swapped = expr.matching.cardinality === 'one-to-many';
  }

  /** Columns of the result. The "one" side is the right one unless `group_right` swaps them. */
  run(left: readonly Column[], right: readonly Column[]): Column[] {
    const keyOf = matchKey(this.#expr.matching);
    const groups = new Map<string, Group>();
    const groupOf = (labels: Labels): Group => {
      const key = keyOf(labels);
      const group = groups.get(key) ?? { many: [], one: [] };
      groups.set(key, group);
      return group;
    };
    const [many, one] = this.#swapped ? [right, left] : [left, right];
    for (const column of one) groupOf(column.labels).one.push(column);
    for (const column of many) groupOf(column.labels).many.push(column);
    const joins = this.#stepsToJoin(left, right);
    for (const group of groups.values()) {
      if (this.#isPlainPair(group)) {
        this.#joinPair(group.many[0] as Column, group.one[0] as Column);
        continue;
      }
      for (let step = 0; step < this.#steps; step++) if (joins(step)) this.#joinAt(group, step);
    }
    return joinEqual([...this.#results.values()], this.#expr);
  }

  /** A side without any sample at a time has nothing to match, and ambiguities of the other one do not matter then. */
  #stepsToJoin(left: readonly Column[], right: readonly Column[]): (step: number) => boolean {
    const { fillLeft, fillRight } = this.#expr.matching;
    const fills = fillLeft !== undefined || fillRight !== undefined;
    const [leftThere, rightThere] = [left, right].map((columns) => presenceOf(columns, this.#steps));
    return (step) => fills || (leftThere?.[step] === 1 && rightThere?.[step] === 1);
  }

  /** One series of floats on each side: the usual case, where nothing can be ambiguous at any time. */
  #isPlainPair({ many, one }: Group): boolean {
    const { operator, matching } = this.#expr;
    if (many.length !== 1 || one.length !== 1 || isTrimOperator(operator)) return false;
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) return false;
    return many[0]?.histograms === undefined && one[0]?.histograms === undefined;
  }

  #joinPair(many: Column, one: Column): void {
    const labels = this.#labels(many.labels, one.labels);
    const known = this.#results.get(labels.key);
    const column = known ?? newColumn(labels, this.#steps);
    const [left, right] = this.#swapped ? [one, many] : [many, one];
    for (let step = 0; step < this.#steps; step++) {
      if (many.present[step] === 0 || one.present[step] === 0) continue;
      const value = left.values[step] as number;
      const result = operateFloats(this.#expr, value, right.values[step] as number, value);
      if (result === undefined) continue;
      if (column.present[step] === 1) throw new PromqlError('execution', AMBIGUOUS_MANY, this.#expr);
      column.present[step] = 1;
      column.values[step] = result;
    }
    if (known === undefined && !isEmpty(column)) this.#results.set(labels.key, column);
  }

  #joinAt({ many, one }: Group, step: number): void {
    // As in Prometheus, with group_right too the left value fills the "many" side.
    const { fillLeft: fillMany, fillRight: fillOne } = this.#expr.matching;
    const single = this.#singleAt(one, step);
    const oneSample = single === undefined ? fillOne : sampleAt(single, step);
    if (oneSample === undefined) return;
    const isOneToOne = this.#expr.matching.cardinality === 'one-to-one';
    const seen = new Set<string>();
    for (const column of many) {
      const sample = sampleAt(column, step);
      if (sample === undefined) continue;
      const labels = this.#labels(column.labels, single?.labels ?? this.#shared(column.labels));
      if (seen.size > 0 && isOneToOne) throw new PromqlError('execution', AMBIGUOUS_ONE, this.#expr);
      if (seen.has(labels.key)) throw new PromqlError('execution', AMBIGUOUS_MANY, this.#expr);
      seen.add(labels.key);
      this.#put(labels, step, { many: sample, one: oneSample });
    }
    if (seen.size > 0 || fillMany === undefined || single === undefined) return;
    this.#put(this.#labels(this.#shared(single.labels), single.labels), step, { many: fillMany, one: oneSample });
  }

  readonly #sharedCache = new Map<Labels, Labels>();

  /** The labels that both sides must share: all that is known of a sample that a fill value stands for. */
  #shared(of: Labels): Labels {
    const known = this.#sharedCache.get(of);
    if (known !== undefined) return known;
    const { on, labels } = this.#expr.matching;
    const shared = on ? of.only(labels) : of.without([...labels, METRIC_NAME]);
    this.#sharedCache.set(of, shared);
    return shared;
  }

  #singleAt(one: readonly Column[], step: number): Column | undefined {
    const present = one.filter((column) => column.present[step] === 1);
    if (present.length < 2) return present[0];
    const [a, b] = present.map(({ labels }) => labels).sort(labelOrder) as [Labels, Labels];
    const group = this.#shared(a);
    const side = this.#swapped ? 'left' : 'right';
    const message = `found duplicate series for the match group ${shown(group)} on the ${side} hand-side of the operation: [${shown(a)}, ${shown(b)}];${MANY_TO_MANY}`;
    throw new PromqlError('execution', message, this.#expr);
  }

  #put(labels: Labels, step: number, { many, one }: { many: Sample; one: Sample }): void {
    const [left, right] = this.#swapped ? [one, many] : [many, one];
    const result = operate(this.#expr, { left, right, kept: left, annotations: this.#annotations });
    if (result === undefined) return;
    let column = this.#results.get(labels.key);
    if (column === undefined) {
      column = newColumn(labels, this.#steps);
      this.#results.set(labels.key, column);
    }
    if (column.present[step] === 1) throw new PromqlError('execution', AMBIGUOUS_MANY, this.#expr);
    put(column, step, result);
  }

  readonly #labelCache = new Map<Labels, Map<Labels | undefined, Labels>>();

  #labels(many: Labels, one: Labels | undefined): Labels {
    const byOne = this.#labelCache.get(many) ?? new Map<Labels | undefined, Labels>();
    this.#labelCache.set(many, byOne);
    const known = byOne.get(one) ?? this.#resultLabels(many, one);
    byOne.set(one, known);
    return known;
  }

  #resultLabels(many: Labels, one: Labels | undefined): Labels {
    const { cardinality, on, labels, include } = this.#expr.matching;
    let result = dropsName(this.#expr) ? many.withoutMetricName() : many;
    if (cardinality === 'one-to-one') result = on ? result.only(labels) : result.without(labels);
    for (const name of include) result = result.with(name, one?.get(name) ?? '');
    return result;
  }
}

function presenceOf(columns: readonly Column[], steps: number): Uint8Array {
  const there = new Uint8Array(steps);
  for (const { present } of columns) for (let step = 0; step < steps; step++) if (present[step] === 1) there[step] = 1;
  return there;
}

function shown(labels: Labels): string {
  return `{${labels.pairs.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`;
}
