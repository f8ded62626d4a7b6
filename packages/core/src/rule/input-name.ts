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

/** Functions whose value changes, or whose answer appears, while nothing comes in. */
const BY_TIME = /^(absent|absent_over_time|time|timestamp|hour|minute|day_of_\w+|days_in_month|month|year)$/;

/** True when time alone can change the result so that the rule must be looked at without news: on silence, on dates. */
export function goesByTime(expr: Expr): boolean {
  const names = inputNames(expr);
  return (names !== 'any' && names.size === 0) || callsByTime(expr);
}

function callsByTime(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
    case 'matrix':
      return false;
    case 'subquery':
    case 'unary':
    case 'paren':
      return callsByTime(expr.expr);
    case 'aggregate':
      return callsByTime(expr.expr) || (expr.param !== undefined && callsByTime(expr.param));
    case 'binary':
      return callsByTime(expr.left) || callsByTime(expr.right);
    case 'call':
      return BY_TIME.test(expr.name) || expr.args.some(callsByTime);
  }
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
