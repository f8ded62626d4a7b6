/**
 * One binary operation on two samples. A comparison without `bool` yields the kept sample or nothing. Histograms can be
 * added, subtracted, scaled and compared for equality; every other pair of types yields nothing and an info.
 */
import {
  addHistograms,
  divideHistogram,
  fitOf,
  histogramsEqual,
  resetsCollide,
  scaleHistogram,
  subtractHistograms,
} from '../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { trimHistogram } from '../histogram/trim.ts';
import type { Annotations } from './annotation.ts';
import {
  type ArithmeticOperator,
  type Binary,
  type BinaryOperator,
  type ComparisonOperator,
  isComparison,
  isTrimOperator,
} from './ast.ts';

export type Sample = number | ExponentialHistogram;

export interface Operands {
  readonly left: Sample;
  readonly right: Sample;
  /** What a comparison that holds yields. */
  readonly kept: Sample;
  readonly annotations: Annotations;
}

export function operate(expr: Binary, { left, right, kept, annotations }: Operands): Sample | undefined {
  const { operator, bool } = expr;
  if (typeof left === 'number' && typeof right === 'number') {
    if (isComparison(operator)) return verdict(compare(operator, left, right), bool, kept);
    if (!isTrimOperator(operator)) return arithmetic(operator as ArithmeticOperator, left, right);
  } else if (typeof left !== 'number' && typeof right !== 'number') {
    if ((operator === '+' || operator === '-') && !canOperate(expr, { left, right, annotations })) return undefined;
    if (operator === '+') return addHistograms(left, right);
    if (operator === '-') return subtractHistograms(left, right);
    if (operator === '==') return verdict(histogramsEqual(left, right), bool, kept);
    if (operator === '!=') return verdict(!histogramsEqual(left, right), bool, kept);
  } else if (typeof left !== 'number' && typeof right === 'number') {
    if (operator === '*') return scaleHistogram(left, right);
    if (operator === '/') return divideHistogram(left, right);
    if (operator === '</') return trimHistogram(left, right, 'below');
    if (operator === '>/') return trimHistogram(left, right, 'above');
  } else if (typeof left === 'number' && typeof right !== 'number' && operator === '*') {
    return scaleHistogram(right, left);
  }
  const message = `incompatible sample types encountered for binary operator "${operator}": ${kindOf(left)} ${operator} ${kindOf(right)}`;
  annotations.info(message, expr);
  return undefined;
}

function canOperate(
  expr: Binary,
  { left, right, annotations }: { left: ExponentialHistogram; right: ExponentialHistogram; annotations: Annotations },
): boolean {
  const { operator } = expr;
  const fit = fitOf(left, right);
  if (fit === 'incompatible') {
    annotations.warn(`incompatible bucket layout encountered for binary operator ${operator}`, expr);
    return false;
  }
  const name = operator === '+' ? 'addition' : 'subtraction';
  if (fit === 'reconciled') annotations.info(`mismatched custom buckets were reconciled during ${name}`, expr);
  if (resetsCollide([left, right])) annotations.warn(`conflicting counter resets during histogram ${name}`, expr);
  return true;
}

/** Two floats; a comparison that fails yields nothing, one that holds keeps the float. Not for trimming. */
export function operateFloats(
  { operator, bool }: Binary,
  left: number,
  right: number,
  kept: number,
): number | undefined {
  if (!isComparison(operator)) return arithmetic(operator as ArithmeticOperator, left, right);
  const holds = compare(operator, left, right);
  return bool ? Number(holds) : holds ? kept : undefined;
}

export function operateScalars(operator: BinaryOperator, left: number, right: number): number {
  if (isComparison(operator)) return Number(compare(operator, left, right));
  return arithmetic(operator as ArithmeticOperator, left, right);
}

function kindOf(sample: Sample): string {
  return typeof sample === 'number' ? 'float' : 'histogram';
}

function verdict(holds: boolean, bool: boolean, kept: Sample): Sample | undefined {
  if (bool) return Number(holds);
  return holds ? kept : undefined;
}

function arithmetic(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '^':
      return power(left, right);
    case 'atan2':
      return Math.atan2(left, right);
  }
}

/** C's pow where JavaScript differs: 1 to any power is 1, and -1 to an infinite power is 1. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}

function compare(operator: ComparisonOperator, left: number, right: number): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '>':
      return left > right;
    case '<':
      return left < right;
    case '>=':
      return left >= right;
    case '<=':
      return left <= right;
  }
}
