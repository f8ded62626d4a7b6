/**
 * Which reads of a plan need distributions as cumulative histograms. `rate` and `increase` look at what was added and at
 * nothing else; what had been counted before is then not worked out, which is most of the work of handing data over.
 */
import { withoutParens, type Expr, type Plan, type VectorSelector } from '@tapewatch/core';

const READS_DELTAS = new Set(['rate', 'increase']);

/** For each of the plan's selects. */
export function cumulativeReads({ expr, selects, indexes }: Plan): boolean[] {
  const deltasOnly = new Set<VectorSelector>();
  collect(expr, deltasOnly);
  const cumulative = selects.map(() => false);
  for (const [selector, index] of indexes) if (!deltasOnly.has(selector)) cumulative[index] = true;
  return cumulative;
}

function collect(expr: Expr, into: Set<VectorSelector>): void {
  switch (expr.kind) {
    case 'call': {
      const inner = expr.args[0] === undefined ? undefined : withoutParens(expr.args[0]);
      if (READS_DELTAS.has(expr.name) && inner?.kind === 'matrix' && inner.selector.extension !== 'smoothed') {
        into.add(inner.selector);
      }
      for (const arg of expr.args) collect(arg, into);
      return;
    }
    case 'binary':
      collect(expr.left, into);
      return collect(expr.right, into);
    case 'aggregate':
      if (expr.param !== undefined) collect(expr.param, into);
      return collect(expr.expr, into);
    case 'subquery':
    case 'unary':
    case 'paren':
      return collect(expr.expr, into);
    default:
      return;
  }
}
