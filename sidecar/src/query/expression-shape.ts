/**
 * What the syntax of an expression says about its values: their unit, and whether they are rates, increments or values as
 * stored. A guess is never made: where two units meet or a function is unknown, the unit is undefined.
 */
import { parser } from '@prometheus-io/lezer-promql';
import { grafanaUnit, perSecondUnit } from './unit.ts';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

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

const KEEPS_UNIT = new Set([
  ...[
    'abs',
    'ceil',
    'floor',
    'round',
    'clamp',
    'clamp_min',
    'clamp_max',
    'sort',
    'sort_desc',
    'last_over_time',
    'scalar',
  ],
  ...['avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'quantile_over_time', 'stddev_over_time'],
  ...['label_replace', 'label_join', 'delta', 'idelta', 'histogram_sum'],
  ...['predict_linear', 'mad_over_time', 'vector', 'first_over_time'],
]);
const COUNTS = new Set(['histogram_count', 'count_over_time', 'changes', 'resets']);
const INCREMENTS = new Set(['increase', 'delta', 'idelta']);
const RATES = new Set(['rate', 'irate', 'deriv']);
const UNIT_AGGREGATIONS = new Set(['sum', 'avg', 'min', 'max', 'topk', 'bottomk', 'quantile', 'stddev', 'limitk']);
const UNKNOWN: ExpressionShape = { unit: undefined, observationUnit: undefined, shape: 'stored' };
const OF_OBSERVATIONS = new Set(['histogram_quantile', 'histogram_avg', 'histogram_stddev']);

export function shapeOf(expr: string, unitOf: UnitOf): ExpressionShape {
  const root = parser.parse(expr).topNode.firstChild;
  return root === null ? UNKNOWN : visit(root, expr, unitOf);
}

function visit(node: SyntaxNode, text: string, unitOf: UnitOf): ExpressionShape {
  switch (node.name) {
    case 'VectorSelector': {
      const identifier = node.getChild('Identifier');
      const unit = identifier === null ? undefined : unitOf(text.slice(identifier.from, identifier.to));
      const known = unit === undefined ? undefined : grafanaUnit(unit);
      return { unit: known, observationUnit: known, shape: 'stored' };
    }
    case 'ParenExpr':
    case 'UnaryExpr':
    case 'OffsetExpr':
    case 'StepInvariantExpr':
    case 'SubqueryExpr':
    case 'MatrixSelector':
      return visitInner(node, text, unitOf);
    case 'AggregateExpr': {
      const operation = node.getChild('AggregateOp');
      const inner = lastArgument(node, text, unitOf);
      const name = operation === null ? '' : text.slice(operation.from, operation.to).toLowerCase();
      return UNIT_AGGREGATIONS.has(name) ? inner : { ...inner, unit: name === 'count' ? 'short' : undefined };
    }
    case 'FunctionCall':
      return visitCall(node, text, unitOf);
    case 'BinaryExpr':
      return visitBinary(node, text, unitOf);
    default:
      return UNKNOWN;
  }
}

function visitInner(node: SyntaxNode, text: string, unitOf: UnitOf): ExpressionShape {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    const shape = visit(child, text, unitOf);
    if (shape !== UNKNOWN) return shape;
  }
  return UNKNOWN;
}

function lastArgument(call: SyntaxNode, text: string, unitOf: UnitOf): ExpressionShape {
  let found = UNKNOWN;
  const body = call.getChild('FunctionCallBody');
  for (let child = body?.firstChild ?? null; child !== null; child = child.nextSibling) {
    const shape = visit(child, text, unitOf);
    if (shape !== UNKNOWN) found = shape;
  }
  return found;
}

function visitCall(node: SyntaxNode, text: string, unitOf: UnitOf): ExpressionShape {
  const identifier = node.getChild('FunctionIdentifier');
  const name = identifier === null ? '' : text.slice(identifier.from, identifier.to);
  const inner = lastArgument(node, text, unitOf);
  if (RATES.has(name)) return { ...inner, unit: perSecondUnit(inner.unit), shape: 'rate' };
  if (name === 'increase') return { ...inner, shape: 'increment' };
  if (OF_OBSERVATIONS.has(name)) return { ...inner, unit: inner.observationUnit };
  if (COUNTS.has(name)) return { ...inner, unit: inner.shape === 'rate' ? 'cps' : 'short' };
  if (name === 'histogram_fraction') return { ...inner, unit: 'percentunit' };
  if (!KEEPS_UNIT.has(name)) return { ...inner, unit: undefined };
  return INCREMENTS.has(name) ? { ...inner, shape: 'increment' } : inner;
}

function visitBinary(node: SyntaxNode, text: string, unitOf: UnitOf): ExpressionShape {
  const { firstChild: left, lastChild: right } = node;
  if (left === null || right === null || node.getChild('BoolModifier') !== null) return UNKNOWN;
  const a = visit(left, text, unitOf);
  const keepsLeft = ['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'EqlC', 'Neq', 'And', 'Unless'].some(
    (n) => node.getChild(n) !== null,
  );
  if (keepsLeft) return a;
  const b = visit(right, text, unitOf);
  const sameUnit = ['Add', 'Sub', 'Or'].some((name) => node.getChild(name) !== null) && a.unit === b.unit;
  return { ...a, unit: sameUnit ? a.unit : undefined };
}
