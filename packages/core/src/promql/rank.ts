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
import { type Column, isEmpty, newColumn, put, sampleAt } from './vector.ts';
import { sampleOffset } from './xxhash.ts';

type RankInput = Omit<AggregateInput, 'param'> & { readonly param: Float64Array };

export function choose(expr: Aggregate, groups: readonly Group[], input: RankInput): Column[] {
  const params = paramsOf(expr, input.param, input.annotations);
  const results: Column[] = [];
  for (const { members } of groups) {
    const chosen = members.map((member) => newColumn(member.labels, input.steps));
    let order: number[] = members.map((_, i) => i);
    for (let step = 0; step < input.steps; step++) {
      order = chosenAt(expr, { members, step, param: params[step] as number, input });
      for (const index of order) {
        put(chosen[index] as Column, step, sampleAt(members[index] as Column, step));
      }
    }
    // An instant vector shows the chosen series in their order.
    const listed = input.steps === 1 ? order.map((index) => chosen[index] as Column) : chosen;
    results.push(...listed.filter((column) => !isEmpty(column)));
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
  const present = members.map((_, i) => i).filter((i) => (members[i] as Column).present[step] === 1);
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
  floats.sort((a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)];
    const nans = Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return nans !== 0 || Number.isNaN(x) ? nans : x === y ? 0 : sign * (x - y);
  });
  return floats.slice(0, count);
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
