/**
 * Aggregations that choose among a group's own series at each time: `topk`, `bottomk` by value (NaN last, ties to the
 * earlier label set), `limitk` and `limit_ratio` by label set. Chosen series keep their labels.
 */
import type { Labels } from '../model/labels.ts';
import type { AggregateInput, Group } from './aggregate.ts';
import type { Annotations } from './annotation.ts';
import type { Aggregate } from './ast.ts';
import { PromqlError } from './error.ts';
import { formatFloat } from './literal.ts';
import { type Column, newColumn, put, sampleAt } from './vector.ts';
import { sampleOffset } from './xxhash.ts';

type RankInput = Omit<AggregateInput, 'param'> & { readonly param: Float64Array };

export function choose(expr: Aggregate, groups: readonly Group[], input: RankInput): Column[] {
  const params = paramsOf(expr, input.param, input.annotations);
  const results: Column[] = [];
  for (const { members } of groups) {
    // Only for series that are ever chosen, in the order in which they first are: an instant vector shows it.
    const chosen = new Map<number, Column>();
    for (let step = 0; step < input.steps; step++) {
      for (const index of chosenAt(expr, { members, step, param: params[step] as number, input })) {
        const member = members[index] as Column;
        const column = chosen.get(index) ?? newColumn(member.labels, input.steps);
        chosen.set(index, column);
        put(column, step, sampleAt(member, step));
      }
    }
    results.push(...chosen.values());
  }
  return results;
}

function paramsOf({ operation, param }: Aggregate, values: Float64Array, annotations: Annotations): Float64Array {
  const isRatio = operation === 'limit_ratio';
  const span = param ?? { from: 0, to: 0 };
  for (const value of values) {
    if (Number.isNaN(value)) {
      throw new PromqlError('execution', isRatio ? 'Ratio value is NaN' : 'Parameter value is NaN', span);
    }
    if (!isRatio && Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) >= 2 ** 63) {
      throw new PromqlError('execution', `Scalar value ${value} overflows int64`, span);
    }
  }
  if (!isRatio) return values;
  return values.map((value) => {
    const capped = Math.max(-1, Math.min(1, value));
    if (capped !== value) {
      const message = `ratio value should be between -1 and 1, got ${formatFloat(value)}, capping to ${capped}`;
      annotations.warn(message, span);
    }
    return capped;
  });
}

interface Choice {
  readonly members: readonly Column[];
  readonly step: number;
  readonly param: number;
  readonly input: RankInput;
}

/** Indexes of the chosen members, best first. */
function chosenAt(expr: Aggregate, { members, step, param, input }: Choice): number[] {
  const present: number[] = [];
  for (let i = 0; i < members.length; i++) if ((members[i] as Column).present[step] === 1) present.push(i);
  const count = Math.max(0, Math.trunc(param));
  if (expr.operation === 'limitk') return present.slice(0, count);
  if (expr.operation === 'limit_ratio')
    return param === 0 ? [] : present.filter((i) => isInShare(members[i] as Column, param));
  const floats = present.filter((i) => (members[i] as Column).histograms?.[step] === undefined);
  if (floats.length < present.length) {
    input.annotations.info(`ignored histogram in ${expr.operation} aggregation`, expr.expr);
  }
  const sign = expr.operation === 'topk' ? -1 : 1;
  const valueOf = (i: number): number => (members[i] as Column).values[step] as number;
  const order = (a: number, b: number): number => {
    const [x, y] = [valueOf(a), valueOf(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return x === y ? 0 : sign * (x - y);
  };
  if (count > MAX_INSERTED || count >= floats.length) return floats.sort(order).slice(0, count);
  return firstBy(floats, count, order);
}

/** Up to so many best ones are kept by insertion, which looks at every series once; more are sorted. */
const MAX_INSERTED = 32;

/** The first `count` in order; of equal ones the earlier. */
function firstBy(items: readonly number[], count: number, order: (a: number, b: number) => number): number[] {
  const best: number[] = [];
  for (const item of items) {
    if (best.length === count && (count === 0 || order(item, best[count - 1] as number) >= 0)) continue;
    let at = best.length;
    while (at > 0 && order(item, best[at - 1] as number) < 0) at--;
    best.splice(at, 0, item);
    if (best.length > count) best.pop();
  }
  return best;
}

/** A ratio r >= 0 takes the series whose offset falls below r, a negative one exactly those that 1 + r leaves out. */
function isInShare({ labels }: Column, ratio: number): boolean {
  const offset = offsetOf(labels);
  return ratio >= 0 ? offset < ratio : offset >= 1 + ratio;
}

const offsets = new WeakMap<Labels, number>();

function offsetOf(labels: Labels): number {
  const known = offsets.get(labels);
  if (known !== undefined) return known;
  const offset = sampleOffset(labels);
  offsets.set(labels, offset);
  return offset;
}
