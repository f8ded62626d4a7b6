/**
 * Which metrics an expression reads, so that a rule is evaluated when one of them has news. A selector without an exact
 * name may read any metric; then the answer is `any`.
 */
import type { Expr } from '../promql/ast.ts';
import { METRIC_NAME } from '../model/labels.ts';

export type InputNames = ReadonlySet<string> | 'any';

export function inputNames(expr: Expr): InputNames {
  const names = new Set<string>();
  return collect(expr, names) ? names : 'any';
}

/** False when a selector could read anything. */
function collect(expr: Expr, names: Set<string>): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true;
    case 'selector': {
      const exact = expr.matchers.find(({ name, operator }) => name === METRIC_NAME && operator === '=');
      if (exact !== undefined) names.add(exact.value);
      return exact !== undefined;
    }
    case 'matrix':
      return collect(expr.selector, names);
    case 'subquery':
    case 'unary':
    case 'paren':
      return collect(expr.expr, names);
    case 'aggregate':
      return collect(expr.expr, names) && (expr.param === undefined || collect(expr.param, names));
    case 'binary':
      return collect(expr.left, names) && collect(expr.right, names);
    case 'call':
      return expr.args.every((argument) => collect(argument, names));
  }
}
