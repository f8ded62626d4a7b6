/**
 * How many observations stand behind one unit of a histogram's count in the value of an expression: 1 for a selector,
 * an increase or a sum of them; the seconds of the range for a rate. Undefined where that cannot be told from the query
 * (averages, scalings, subqueries).
 */
import { durationMs, type Expr, withoutParens } from './ast.ts';
import type { EvaluationRange } from './result.ts';

/** Aggregations that add their histograms or hand them on. */
const ADDING = new Set(['sum', 'topk', 'bottomk', 'limitk', 'limit_ratio']);
/** Functions whose result counts what their first argument counts. */
const KEEPING = new Set(['label_replace', 'label_join', 'info', 'sort_by_label', 'sort_by_label_desc']);
const COUNTING = new Set(['increase', 'delta', 'last_over_time', 'first_over_time', 'sum_over_time']);

export function observationsPerCount(expr: Expr, range: EvaluationRange): number | undefined {
  const inner = withoutParens(expr);
  switch (inner.kind) {
    case 'selector':
      return 1;
    case 'aggregate':
      return ADDING.has(inner.operation) ? observationsPerCount(inner.expr, range) : undefined;
    case 'binary':
      return ['and', 'or', 'unless'].includes(inner.operator) ? observationsPerCount(inner.left, range) : undefined;
    case 'call': {
      const [first] = inner.args;
      const argument = first === undefined ? undefined : withoutParens(first);
      if (argument === undefined) return undefined;
      if (KEEPING.has(inner.name)) return observationsPerCount(argument, range);
      if (argument.kind !== 'matrix') return undefined;
      if (inner.name === 'rate') return durationMs(argument.range, range) / 1000;
      return COUNTING.has(inner.name) ? 1 : undefined;
    }
    default:
      return undefined;
  }
}
