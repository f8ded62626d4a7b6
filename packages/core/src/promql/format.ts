/**
 * An expression as text again, as Prometheus's `format_query` writes it: one space around operators, clauses before the
 * brackets, matchers in the order in which they were written. Long expressions are broken at their brackets.
 * `parse(formatExpr(expr))` is `expr` again, but for positions.
 */
import { METRIC_NAME } from '../model/labels.ts';
import type { Aggregate, At, Binary, Duration, Expr, Matching, VectorSelector } from './ast.ts';
import { formatFloat, quote } from './literal.ts';

/** Longest line that is not broken, as in Prometheus. */
const MAX_LINE = 100;
const INDENT = '  ';

export function formatExpr(expr: Expr, indent = ''): string {
  const flat = `${indent}${inline(expr)}`;
  if (flat.length <= MAX_LINE) return flat;
  const inner = indent + INDENT;
  switch (expr.kind) {
    case 'paren':
      return `${indent}(\n${formatExpr(expr.expr, inner)}\n${indent})`;
    case 'call':
      return `${indent}${expr.name}(\n${lines(expr.args, inner)}\n${indent})`;
    case 'aggregate':
      return `${indent}${aggregateHead(expr)} (\n${lines(argumentsOf(expr), inner)}\n${indent})`;
    case 'binary':
      return `${formatExpr(expr.left, inner)}\n${indent}${operatorOf(expr)}\n${formatExpr(expr.right, inner)}`;
    case 'unary':
      return `${indent}${expr.operator}${formatExpr(expr.expr, indent).trimStart()}`;
    default:
      return flat;
  }
}

function lines(args: readonly Expr[], indent: string): string {
  return args.map((arg) => formatExpr(arg, indent)).join(',\n');
}

function inline(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      // A plus sign would be read as an operator.
      return formatFloat(expr.value).replace('+', '');
    case 'string':
      return quote(expr.value);
    case 'paren':
      return `(${inline(expr.expr)})`;
    case 'unary':
      return `${expr.operator}${inline(expr.expr)}`;
    case 'selector':
      return selectorText(expr, '');
    case 'matrix':
      return selectorText(expr.selector, `[${durationText(expr.range)}]`);
    case 'subquery': {
      const step = expr.step === undefined ? '' : durationText(expr.step);
      return `${inline(expr.expr)}[${durationText(expr.range)}:${step}]${shiftText(expr)}`;
    }
    case 'call':
      return `${expr.name}(${expr.args.map(inline).join(', ')})`;
    case 'aggregate':
      return `${aggregateHead(expr)} (${argumentsOf(expr).map(inline).join(', ')})`;
    case 'binary':
      return `${inline(expr.left)} ${operatorOf(expr)} ${inline(expr.right)}`;
  }
}

function argumentsOf({ param, expr }: Aggregate): readonly Expr[] {
  return param === undefined ? [expr] : [param, expr];
}

function aggregateHead({ operation, grouping, without }: Aggregate): string {
  if (without) return `${operation} without ${labelList(grouping)}`;
  return grouping.length === 0 ? operation : `${operation} by ${labelList(grouping)}`;
}

function operatorOf({ operator, bool, matching }: Binary): string {
  return [operator, bool ? 'bool' : '', matchingText(matching), fillText(matching)]
    .filter((part) => part !== '')
    .join(' ');
}

function matchingText({ cardinality, on, labels, include }: Matching): string {
  const grouped = cardinality === 'many-to-one' ? 'group_left' : cardinality === 'one-to-many' ? 'group_right' : '';
  if (!on && labels.length === 0 && grouped === '') return '';
  const clause = `${on ? 'on' : 'ignoring'} ${labelList(labels)}`;
  return grouped === '' ? clause : `${clause} ${grouped} ${labelList(include)}`;
}

function fillText({ fillLeft, fillRight }: Matching): string {
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return `fill (${formatFloat(fillLeft)})`;
  const left = fillLeft === undefined ? '' : `fill_left (${formatFloat(fillLeft)})`;
  const right = fillRight === undefined ? '' : `fill_right (${formatFloat(fillRight)})`;
  return [left, right].filter((part) => part !== '').join(' ');
}

function labelList(labels: readonly string[]): string {
  return `(${labels.map(labelText).join(', ')})`;
}

function labelText(label: string): string {
  return /^[a-zA-Z_]\w*$/.test(label) ? label : quote(label);
}

function selectorText(selector: VectorSelector, range: string): string {
  const [first, ...others] = selector.matchers;
  const named = selector.named === true && first !== undefined;
  const matchers = (named ? others : selector.matchers).map(
    ({ name, operator, value }) => `${name === METRIC_NAME ? name : labelText(name)}${operator}${quote(value)}`,
  );
  const name = named ? first.value : '';
  const braces = named && matchers.length === 0 ? '' : `{${matchers.join(',')}}`;
  const extension = selector.extension === undefined ? '' : ` ${selector.extension}`;
  return `${name}${braces}${range}${extension}${shiftText(selector)}`;
}

function shiftText({ at, offset }: { readonly at?: At; readonly offset?: Duration }): string {
  const moment = at === undefined ? '' : at.kind === 'time' ? ` @ ${(at.ms / 1000).toFixed(3)}` : ` @ ${at.kind}()`;
  if (offset === undefined) return moment;
  const text = durationText(offset);
  return `${moment} offset ${offset.kind === 'operation' ? `(${text})` : text}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

function durationText(duration: Duration): string {
  switch (duration.kind) {
    case 'ms':
      return millisecondsText(duration.ms);
    case 'step':
    case 'range':
      return `${duration.kind}()`;
    case 'negate':
      return `-${operandText(duration.value)}`;
    case 'operation': {
      const [left, right] = [duration.left, duration.right];
      if (duration.operator === 'min_of' || duration.operator === 'max_of') {
        return `${duration.operator}(${durationText(left)}, ${durationText(right)})`;
      }
      return `${operandText(left)} ${duration.operator} ${operandText(right)}`;
    }
  }
}

function operandText(duration: Duration): string {
  const isPlain = duration.kind !== 'operation' || duration.operator === 'min_of' || duration.operator === 'max_of';
  return isPlain ? durationText(duration) : `(${durationText(duration)})`;
}

function millisecondsText(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.abs(ms);
  let text = ms < 0 ? '-' : '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}
