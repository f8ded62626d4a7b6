/**
 * What a rule's expression measures, in words that a reader of the alert knows: the metric, and the number that it is
 * compared with. Of several conditions the first counts: `a > 3 and b > 1` measures `a` against 3.
 */
import { METRIC_NAME } from '../model/labels.ts';
import { isComparison, isSetOperator, withoutParens, type Expr } from '../promql/ast.ts';

export interface Measured {
  /** The first metric that is read; undefined where no selector names one. */
  readonly metric: string | undefined;
  /** Undefined where nothing is compared with a number. */
  readonly threshold: number | undefined;
}

export function measuredBy(expr: Expr): Measured {
  const inner = withoutParens(expr);
  if (inner.kind === 'binary' && isSetOperator(inner.operator)) return measuredBy(inner.left);
  if (inner.kind !== 'binary' || !isComparison(inner.operator))
    return { metric: metricOf(inner), threshold: undefined };
  const [left, right] = [numberOf(inner.left), numberOf(inner.right)];
  // A number on the left is the threshold only where the other side is none.
  if (right === undefined && left !== undefined) return { metric: metricOf(inner.right), threshold: left };
  return { metric: metricOf(inner.left), threshold: right };
}

function numberOf(expr: Expr): number | undefined {
  const inner = withoutParens(expr);
  if (inner.kind === 'number') return inner.value;
  if (inner.kind !== 'unary') return undefined;
  const value = numberOf(inner.expr);
  return value === undefined || inner.operator === '+' ? value : -value;
}

/** In the order of the text. */
function metricOf(expr: Expr): string | undefined {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return undefined;
    case 'selector':
      return expr.matchers.find(({ name, operator }) => name === METRIC_NAME && operator === '=')?.value;
    case 'matrix':
      return metricOf(expr.selector);
    case 'subquery':
    case 'unary':
    case 'paren':
      return metricOf(expr.expr);
    case 'aggregate':
      return metricOf(expr.expr);
    case 'binary':
      return metricOf(expr.left) ?? metricOf(expr.right);
    case 'call':
      for (const argument of expr.args) {
        const metric = metricOf(argument);
        if (metric !== undefined) return metric;
      }
      return undefined;
  }
}
