/** Order of an instant vector: by value (NaN last) or by labels in natural order (numbers inside text by value). */
import type { LabelPair, Labels } from '../../model/labels.ts';
import type { Column, Value } from '../vector.ts';
import { stringArgument, vectorArgument } from './arguments.ts';
import type { CallContext, FunctionDefinition } from './definition.ts';

const INEFFECTIVE = 'sort is ineffective for range queries since results are always ordered by labels';

export const sortFunctions: readonly FunctionDefinition[] = [
  byValue('sort', 'Sorts by value, ascending. Instant queries only.', (a, b) => a - b),
  byValue('sort_desc', 'Sorts by value, descending. Instant queries only.', (a, b) => b - a),
  byLabel('sort_by_label', 'Sorts by the values of the labels in natural order, ascending. Instant queries only.', 1),
  byLabel('sort_by_label_desc', 'Sorts by the values of the labels in natural order, descending.', -1),
];

function byValue(name: string, doc: string, compare: (a: number, b: number) => number): FunctionDefinition {
  return {
    name,
    doc,
    args: [{ name: 'v', type: 'vector' }],
    returns: 'vector',
    evaluate(context) {
      const columns = vectorArgument(context, 0);
      if (!isInstant(context)) return { type: 'vector', columns };
      const floats = columns.filter((column) => column.present[0] === 1 && column.histograms?.[0] === undefined);
      return sorted(
        floats,
        (a, b) =>
          nanLast(a.values[0] as number, b.values[0] as number) ??
          compare(a.values[0] as number, b.values[0] as number),
      );
    },
  };
}

function nanLast(a: number, b: number): number | undefined {
  if (!Number.isNaN(a) && !Number.isNaN(b)) return undefined;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function byLabel(name: string, doc: string, sign: 1 | -1): FunctionDefinition {
  return {
    name,
    doc,
    args: [
      { name: 'v', type: 'vector' },
      { name: 'label', type: 'string', optional: true, variadic: true },
    ],
    returns: 'vector',
    evaluate(context) {
      const names = context.call.args.slice(1).map((_, i) => stringArgument(context, i + 1));
      const columns = vectorArgument(context, 0);
      if (!isInstant(context)) return { type: 'vector', columns };
      return sorted(columns, (a, b) => {
        for (const label of names) {
          const order = naturalOrder(a.labels.get(label), b.labels.get(label));
          if (order !== 0) return sign * order;
        }
        return sign * labelOrder(a.labels, b.labels);
      });
    },
  };
}

function isInstant(context: CallContext): boolean {
  const instant = context.query.stepMs === 0;
  if (!instant) context.annotations.warn(INEFFECTIVE, context.call);
  return instant && context.grid.steps === 1;
}

function sorted(columns: readonly Column[], compare: (a: Column, b: Column) => number): Value {
  return { type: 'vector', columns: [...columns].sort(compare) };
}

/** Digit runs compare as numbers, everything else by code unit. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i] as string, right[i] as string];
    if (x === y) continue;
    const numeric = /^\d/.test(x) && /^\d/.test(y);
    const difference = numeric ? Number(x) - Number(y) : 0;
    if (difference !== 0) return difference;
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/** Prometheus's order of label sets: pair by pair, name before value. */
export function labelOrder(a: Labels, b: Labels): number {
  if (a === b) return 0;
  const [left, right] = [a.pairs, b.pairs];
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const x = left[i] as LabelPair;
    const y = right[i] as LabelPair;
    if (x[0] !== y[0]) return x[0] < y[0] ? -1 : 1;
    if (x[1] !== y[1]) return x[1] < y[1] ? -1 : 1;
  }
  return left.length - right.length;
}
