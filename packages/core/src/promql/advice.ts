/**
 * What we say of a query beyond Prometheus: that it averages percentiles, which gives no percentile of anything. Found
 * in the query alone: quantiles that are computed there, metrics named like percentiles (`..._p99`), selectors of a
 * `quantile` label. Aggregations of series with such a label are found while they are evaluated (aggregate.ts).
 */
import type { TextSpan } from './error.ts';
import { METRIC_NAME } from '../model/labels.ts';
import { type Expr, type VectorSelector, withoutParens } from './ast.ts';

/** Aggregations whose result over percentiles is none. The largest p99 is still the p99 of one series. */
export const AVERAGING = new Set<string>(['avg', 'sum', 'quantile', 'stddev', 'stdvar']);
const AVERAGING_OVER_TIME = /^(?:avg|sum|quantile|stddev|stdvar|mad)_over_time$/;
const PERCENTILE_NAME = /_(?:p\d{1,3}(?:_\d+)?|median|percentile|quantile)(?:_|$)/i;
const QUANTILES = new Set(['histogram_quantile', 'histogram_quantiles', 'quantile_over_time']);
/** Label of the series of a summary. */
export const QUANTILE_LABEL = 'quantile';

const REMEDY = 'aggregate the histograms first, as in histogram_quantile(0.99, sum by (venue) (rate(x[5m])))';

export function percentileAdvice(operation: string, what: string): string {
  return `${operation} of percentiles is no percentile (${what}); ${REMEDY}`;
}

export interface Adviser {
  advise(severity: 'warning' | 'info', message: string, span: TextSpan): void;
}

/** Warns at each place where an expression averages percentiles. */
export function adviseOn(expr: Expr, adviser: Adviser): void {
  visit(expr, adviser);
}

function visit(expr: Expr, adviser: Adviser): void {
  const averaged = averagedBy(expr);
  const what = averaged === undefined ? undefined : percentileIn(averaged.of);
  if (averaged !== undefined && what !== undefined) {
    adviser.advise('warning', percentileAdvice(averaged.by, what), expr);
  }
  for (const child of childrenOf(expr)) visit(child, adviser);
}

/** What an expression averages, and under which name. */
function averagedBy(expr: Expr): { by: string; of: Expr } | undefined {
  if (expr.kind === 'aggregate' && AVERAGING.has(expr.operation)) return { by: expr.operation, of: expr.expr };
  if (expr.kind !== 'call' || !AVERAGING_OVER_TIME.test(expr.name)) return undefined;
  const of = expr.args.find(({ kind }) => kind === 'matrix' || kind === 'subquery');
  return of === undefined ? undefined : { by: expr.name, of };
}

/** The percentile that the values of an expression are, in words; undefined when they are none as far as one can see. */
function percentileIn(expr: Expr): string | undefined {
  const inner = withoutParens(expr);
  switch (inner.kind) {
    case 'selector':
      return percentileSelected(inner);
    case 'matrix':
      return percentileSelected(inner.selector);
    case 'subquery':
    case 'unary':
      return percentileIn(inner.expr);
    case 'call': {
      if (QUANTILES.has(inner.name)) return inner.name;
      const [first] = inner.args;
      return /^label_|^clamp|^round$|_over_time$/.test(inner.name) && first !== undefined
        ? percentileIn(first)
        : undefined;
    }
    case 'aggregate':
      return inner.operation === 'quantile'
        ? 'quantile'
        : AVERAGING.has(inner.operation)
          ? undefined
          : percentileIn(inner.expr);
    case 'binary':
      return percentileIn(inner.left) ?? percentileIn(inner.right);
    default:
      return undefined;
  }
}

function percentileSelected({ matchers }: VectorSelector): string | undefined {
  const name = matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.operator === '=')?.value ?? '';
  if (PERCENTILE_NAME.test(name)) return name;
  const byLabel = matchers.some((matcher) => matcher.name === QUANTILE_LABEL && matcher.value !== '');
  return byLabel ? `${name === '' ? 'series' : name} with the label ${QUANTILE_LABEL}` : undefined;
}

function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
    case 'binary':
      return [expr.left, expr.right];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr];
    default:
      return [];
  }
}
