/**
 * The common aggregations over groups of floats, series by series instead of step by step: each series' values are read
 * in one run, and nothing is allocated but the result. Sums are compensated (Neumaier) as everywhere else.
 */
import type { Aggregation } from './ast.ts';
import type { Group } from './aggregate.ts';
import { type Column, newColumn } from './vector.ts';

type Add = (result: Column, value: number, step: number) => void;

/** Undefined when there are histograms in the group, or for another aggregation. */
export function reduceFloats(operation: Aggregation, group: Group, steps: number): Column | undefined {
  const make = REDUCTIONS[operation];
  if (make === undefined || group.members.some(({ histograms }) => histograms !== undefined)) return undefined;
  const result = newColumn(group.labels, steps);
  const { add, end } = make(steps);
  for (const { values, present } of group.members) {
    for (let step = 0; step < steps; step++) {
      if (present[step] === 0) continue;
      add(result, values[step] as number, step);
      result.present[step] = 1;
    }
  }
  end?.(result);
  return result;
}

interface Reduction {
  readonly add: Add;
  readonly end?: (result: Column) => void;
}

const REDUCTIONS: Partial<Record<Aggregation, (steps: number) => Reduction>> = {
  sum: compensated,
  count: () => ({
    add: ({ values }, _, step) => {
      values[step] = (values[step] as number) + 1;
    },
  }),
  min: () => extreme((value, best) => value < best),
  max: () => extreme((value, best) => value > best),
};

function compensated(steps: number): Reduction {
  const compensations = new Float64Array(steps);
  return {
    add({ values }, value, step) {
      const sum = values[step] as number;
      const total = sum + value;
      if (total === Infinity || total === -Infinity) compensations[step] = 0;
      else {
        const lost = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
        compensations[step] = (compensations[step] as number) + lost;
      }
      values[step] = total;
    },
    end({ values }) {
      for (let step = 0; step < steps; step++) {
        const sum = values[step] as number;
        if (Number.isFinite(sum)) values[step] = sum + (compensations[step] as number);
      }
    },
  };
}

/** NaN only when all are NaN. */
function extreme(better: (value: number, best: number) => boolean): Reduction {
  return {
    add({ values, present }, value, step) {
      const best = values[step] as number;
      if (present[step] === 0 || Number.isNaN(best) || better(value, best)) values[step] = value;
    },
  };
}
