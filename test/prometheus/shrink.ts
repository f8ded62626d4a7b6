/** The smallest part of an expression on which the engines still differ, so that a report shows the cause. */
import type { EvaluationRange } from '@tapewatch/core';
import type { Difference } from './explanation.ts';
import { partsOf } from './parts.ts';

type Compare = (expr: string, range: EvaluationRange) => Promise<Difference | undefined>;

/** Its parts agree; so what the expression does with them is where the engines differ. */
export async function smallestDifference(difference: Difference, compare: Compare): Promise<Difference> {
  let smallest = difference;
  for (let found: Difference | undefined = difference; found !== undefined;) {
    smallest = found;
    found = await firstDiffering(smallest, compare);
  }
  return smallest;
}

async function firstDiffering({ expr, range }: Difference, compare: Compare): Promise<Difference | undefined> {
  for (const part of partsOf(expr, range)) {
    const found = await compare(part.expr, part.range);
    if (found !== undefined) return found;
  }
  return undefined;
}
