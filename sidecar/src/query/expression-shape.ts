/**
 * What an expression says about its values: their unit, and whether they are rates, increments or values as stored.
 * A guess is never made: where two units meet or a function is unknown, the unit is undefined.
 */
import {
  isComparison,
  METRIC_NAME,
  parse,
  type Aggregation,
  type Binary,
  type Call,
  type Expr,
  type VectorSelector,
} from '@tapewatch/core';
import { grafanaUnit, perSecondUnit } from './unit.ts';

export type ValueShape = 'rate' | 'increment' | 'stored';

export interface ExpressionShape {
  /** A Grafana unit id, of the value. */
  readonly unit: string | undefined;
  /** Of one observation: what the buckets of a histogram are measured in, whether it is a rate or not. */
  readonly observationUnit: string | undefined;
  readonly shape: ValueShape;
}

/** The unit of a metric as its publisher states it; undefined when it is not known. */
export type UnitOf = (metricName: string) => string | undefined;

const UNKNOWN: ExpressionShape = { unit: undefined, observationUnit: undefined, shape: 'stored' };
const RATES = new Set(['rate', 'irate', 'deriv']);
const INCREMENTS = new Set(['increase', 'delta', 'idelta']);
const COUNTS = new Set(['histogram_count', 'count_over_time', 'changes', 'resets']);
const OF_OBSERVATIONS = new Set(['histogram_quantile', 'histogram_avg', 'histogram_stddev']);
const KEEPS_UNIT = new Set([
  ...['abs', 'ceil', 'floor', 'round', 'clamp', 'clamp_min', 'clamp_max', 'sort', 'sort_desc', 'scalar', 'vector'],
  ...['avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'quantile_over_time', 'stddev_over_time'],
  ...['last_over_time', 'first_over_time', 'mad_over_time', 'predict_linear', 'label_replace', 'label_join'],
  'histogram_sum',
]);
const UNIT_AGGREGATIONS: ReadonlySet<Aggregation> = new Set<Aggregation>([
  ...(['sum', 'avg', 'min', 'max', 'topk', 'bottomk', 'quantile', 'stddev', 'limitk', 'limit_ratio'] as const),
]);

/** An expression that does not parse has no known unit. */
export function shapeOf(expr: string, unitOf: UnitOf): ExpressionShape {
  try {
    return visit(parse(expr), unitOf);
  } catch {
    return UNKNOWN;
  }
}

function visit(expr: Expr, unitOf: UnitOf): ExpressionShape {
  switch (expr.kind) {
    case 'selector':
      return ofSelector(expr, unitOf);
    case 'matrix':
      return ofSelector(expr.selector, unitOf);
    case 'paren':
    case 'unary':
    case 'subquery':
      return visit(expr.expr, unitOf);
    case 'aggregate': {
      const inner = visit(expr.expr, unitOf);
      if (UNIT_AGGREGATIONS.has(expr.operation)) return inner;
      return { ...inner, unit: expr.operation === 'count' ? 'short' : undefined };
    }
    case 'call':
      return ofCall(expr, unitOf);
    case 'binary':
      return ofBinary(expr, unitOf);
    case 'number':
    case 'string':
      return UNKNOWN;
  }
}

function ofSelector({ matchers }: VectorSelector, unitOf: UnitOf): ExpressionShape {
  const named = matchers.find(({ name, operator }) => name === METRIC_NAME && operator === '=');
  const stated = named === undefined ? undefined : unitOf(named.value);
  const unit = stated === undefined ? undefined : grafanaUnit(stated);
  return { unit, observationUnit: unit, shape: 'stored' };
}

/** The values of a call come from its vector or range argument. */
function ofCall({ name, args }: Call, unitOf: UnitOf): ExpressionShape {
  const source = args.find(({ kind }) => kind !== 'number' && kind !== 'string');
  const inner = source === undefined ? UNKNOWN : visit(source, unitOf);
  if (RATES.has(name)) return { ...inner, unit: perSecondUnit(inner.unit), shape: 'rate' };
  if (INCREMENTS.has(name)) return { ...inner, shape: 'increment' };
  if (COUNTS.has(name)) return { ...inner, unit: inner.shape === 'rate' ? 'cps' : 'short' };
  if (OF_OBSERVATIONS.has(name)) return { ...inner, unit: inner.observationUnit };
  if (name === 'histogram_fraction') return { ...inner, unit: 'percentunit' };
  return KEEPS_UNIT.has(name) ? inner : { ...inner, unit: undefined };
}

function ofBinary({ operator, left, right, bool }: Binary, unitOf: UnitOf): ExpressionShape {
  if (bool) return UNKNOWN;
  const a = visit(left, unitOf);
  if (isComparison(operator) || operator === 'and' || operator === 'unless') return a;
  const b = visit(right, unitOf);
  const keeps = (operator === '+' || operator === '-' || operator === 'or') && a.unit === b.unit;
  return { ...a, unit: keeps ? a.unit : undefined };
}
