/**
 * The expression tree of PromQL, as typed as the language is. Modifiers (`offset`, `@`, ranges) are stored on the node
 * that they belong to; durations stay expressions, because `step()` and `range()` are known only when a query runs.
 */
import type { Matcher } from '../model/matcher.ts';
import type { TextSpan } from './error.ts';
import type { EvaluationRange } from './result.ts';

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

export type Duration =
  | { readonly kind: 'ms'; readonly ms: number }
  | { readonly kind: 'step' }
  | { readonly kind: 'range' }
  | { readonly kind: 'negate'; readonly value: Duration }
  | {
      readonly kind: 'operation';
      readonly operator: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of';
      readonly left: Duration;
      readonly right: Duration;
    };

export type At = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'start' | 'end' };

interface Shifted {
  readonly offset?: Duration;
  readonly at?: At;
}

export interface NumberLiteral extends TextSpan {
  readonly kind: 'number';
  readonly value: number;
}

export interface StringLiteral extends TextSpan {
  readonly kind: 'string';
  readonly value: string;
}

/**
 * How a selector reaches beyond its window: `anchored` takes the sample before its start for the value there, `smoothed`
 * interpolates at both ends.
 */
export type Extension = 'anchored' | 'smoothed';

export interface VectorSelector extends TextSpan, Shifted {
  readonly kind: 'selector';
  readonly matchers: readonly Matcher[];
  readonly extension?: Extension;
  /** The metric name stands before the braces. */
  readonly named?: true;
}

export interface MatrixSelector extends TextSpan {
  readonly kind: 'matrix';
  readonly selector: VectorSelector;
  readonly range: Duration;
}

export interface Subquery extends TextSpan, Shifted {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly range: Duration;
  /** Absent: the default evaluation interval. */
  readonly step?: Duration;
}

export interface Call extends TextSpan {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
}

export const AGGREGATIONS = [
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export interface Aggregate extends TextSpan {
  readonly kind: 'aggregate';
  readonly operation: Aggregation;
  readonly param?: Expr;
  readonly expr: Expr;
  /** `by` keeps these labels; `without` keeps all others. No clause is `by ()`. */
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOperator = '==' | '!=' | '>' | '<' | '>=' | '<=';
export type SetOperator = 'and' | 'or' | 'unless';
/** `</` keeps what a native histogram has below a value, `>/` what it has above. */
export type TrimOperator = '</' | '>/';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator | TrimOperator;

export interface Matching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  /** True: match on `labels` only. False: on all labels except those. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels taken over from the "one" side. */
  readonly include: readonly string[];
  /** Value that stands for a missing sample of that side. */
  readonly fillLeft?: number;
  readonly fillRight?: number;
}

export interface Binary extends TextSpan {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
  readonly bool: boolean;
  readonly matching: Matching;
}

export interface Unary extends TextSpan {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly expr: Expr;
}

export interface Paren extends TextSpan {
  readonly kind: 'paren';
  readonly expr: Expr;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren;

export function withoutParens(expr: Expr): Exclude<Expr, Paren> {
  let inner = expr;
  while (inner.kind === 'paren') inner = inner.expr;
  return inner;
}

export function isComparison(operator: BinaryOperator): operator is ComparisonOperator {
  return ['==', '!=', '>', '<', '>=', '<='].includes(operator);
}

export function isTrimOperator(operator: BinaryOperator): operator is TrimOperator {
  return operator === '</' || operator === '>/';
}

export function isSetOperator(operator: BinaryOperator): operator is SetOperator {
  return operator === 'and' || operator === 'or' || operator === 'unless';
}

/** Milliseconds of a duration in a given query; plain numbers inside a duration are seconds. */
export function durationMs(duration: Duration, range: EvaluationRange): number {
  return Math.round(durationSeconds(duration, range) * 1000);
}

function durationSeconds(duration: Duration, range: EvaluationRange): number {
  switch (duration.kind) {
    case 'ms':
      return duration.ms / 1000;
    case 'step':
      return range.stepMs / 1000;
    case 'range':
      return (range.endMs - range.startMs) / 1000;
    case 'negate':
      return -durationSeconds(duration.value, range);
    case 'operation':
      return operate(duration.operator, durationSeconds(duration.left, range), durationSeconds(duration.right, range));
  }
}

function operate(operator: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of', a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '^':
      return a ** b;
    case 'min_of':
      return Math.min(a, b);
    case 'max_of':
      return Math.max(a, b);
  }
}
