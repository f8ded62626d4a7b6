/** The operands of an expression that can be asked for themselves: their text, and the times at which they are read. */
import { durationMs, type EvaluationRange, type Expr, parse } from '@tapewatch/core';

export interface Part {
  readonly expr: string;
  readonly range: EvaluationRange;
}

/** How far before the query a subquery of the generator may begin: its range and its offset. */
const SUBQUERY_REACH_MS = 1_200_000;
const DEFAULT_STEP_MS = 60_000;

export function partsOf(text: string, range: EvaluationRange): Part[] {
  try {
    const whole = parse(text);
    return operandsOf(whole, range)
      .filter(([{ kind }]) => !['matrix', 'subquery', 'string', 'number'].includes(kind))
      .map(([{ from, to }, at]) => ({ expr: text.slice(from, to), range: at }))
      .filter((part) => part.expr !== text);
  } catch {
    // What cannot be parsed is its own smallest part.
    return [];
  }
}

function operandsOf(expr: Expr, range: EvaluationRange): (readonly [Expr, EvaluationRange])[] {
  switch (expr.kind) {
    case 'call':
      return expr.args.flatMap((arg) => operandsOfArgument(arg, range));
    case 'binary':
      return [
        [expr.left, range],
        [expr.right, range],
      ];
    case 'aggregate':
    case 'unary':
      return [[expr.expr, range]];
    case 'paren':
      return operandsOf(expr.expr, range).length > 0 ? [[expr.expr, range]] : [];
    default:
      return [];
  }
}

/** What stands in a subquery is read at the subquery's own times. */
function operandsOfArgument(arg: Expr, range: EvaluationRange): (readonly [Expr, EvaluationRange])[] {
  if (arg.kind === 'matrix') return [[arg.selector, range]];
  if (arg.kind !== 'subquery') return [[arg, range]];
  const stepMs = arg.step === undefined ? DEFAULT_STEP_MS : durationMs(arg.step, range);
  const startMs = Math.floor((range.startMs - SUBQUERY_REACH_MS) / stepMs) * stepMs;
  return [[arg.expr, { startMs, endMs: range.endMs, stepMs }]];
}
