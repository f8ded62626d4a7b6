/** The operands of an expression that can be asked for themselves, as text. */
import { type Expr, parse } from '@tapewatch/core';

export function partsOf(text: string): string[] {
  try {
    const whole = parse(text);
    return childrenOf(whole)
      .filter(({ kind }) => kind !== 'matrix' && kind !== 'subquery' && kind !== 'string' && kind !== 'number')
      .map(({ from, to }) => text.slice(from, to))
      .filter((part) => part !== text);
  } catch {
    // What cannot be parsed is its own smallest part.
    return [];
  }
}

function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'call':
      return expr.args.flatMap((arg) =>
        arg.kind === 'subquery' ? [arg.expr] : arg.kind === 'matrix' ? [arg.selector] : [arg],
      );
    case 'aggregate':
      return [expr.expr];
    case 'binary':
      return [expr.left, expr.right];
    case 'subquery':
    case 'unary':
      return [expr.expr];
    case 'paren':
      return childrenOf(expr.expr).length > 0 ? [expr.expr] : [];
    default:
      return [];
  }
}
