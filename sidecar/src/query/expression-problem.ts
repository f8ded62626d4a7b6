/**
 * What is wrong with an expression while it is written: the first error of syntax or type, else what we advise against,
 * each with its place in the text. Grafana's macros and dashboard variables are replaced by stand-ins of their own length,
 * so that places stay. A variable outside quotes and brackets may stand for anything; such a text is not judged.
 */
import { adviseOn, parse, PromqlError, type Expr } from '@tapewatch/core';

export interface ExpressionProblem {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  /** Offsets in UTF-16 units; `to` is exclusive and lies behind `from`. */
  readonly from: number;
  readonly to: number;
}

export function problemsOf(expr: string): readonly ExpressionProblem[] {
  const text = withStandIns(expr);
  if (text === undefined || text.replace(/#.*/g, '').trim() === '') return [];
  let parsed: Expr;
  try {
    parsed = parse(text);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    return [{ severity: 'error', message: error.message, ...visible(error, expr) }];
  }
  const problems: ExpressionProblem[] = [];
  adviseOn(parsed, {
    advise: (severity, message, span) => problems.push({ severity, message, ...visible(span, expr) }),
  });
  return problems;
}

const STRING = `"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|\`[^\`]*\``;
const VARIABLE = String.raw`\$\w+|\$\{[^}]*\}|\[\[\w+(?::\w+)?\]\]`;
const PIECES = new RegExp(`${STRING}|#.*|${VARIABLE}|[[\\]]`, 'gs');

/** Undefined where a variable stands for a piece of the expression itself. */
function withStandIns(expr: string): string | undefined {
  let brackets = 0;
  let isUnknown = false;
  const text = expr.replace(PIECES, (piece) => {
    if (piece === '[') brackets++;
    else if (piece === ']') brackets--;
    const isVariable = piece.startsWith('$') || piece.startsWith('[[');
    if (!isVariable) return piece;
    if (brackets === 0 && !/^\$\{?__(?:interval|rate_interval|range)/.test(piece)) isUnknown = true;
    const standIn = /_m?s\}?$/.test(piece) ? '1' : '1m';
    return standIn.padEnd(piece.length);
  });
  return isUnknown ? undefined : text;
}

/** An end of input has no width, and a few errors no place: something is marked all the same. */
function visible({ from, to }: { readonly from: number; readonly to: number }, text: string) {
  if (to > from) return { from, to: Math.min(to, text.length) };
  if (from === 0) return { from: 0, to: text.length };
  const start = Math.min(from, text.length - 1);
  return { from: start, to: start + 1 };
}
