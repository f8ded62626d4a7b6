/** Reading the arguments of a call by position; the type check has made sure that the types are right. */
import { withoutParens, type Expr, type VectorSelector } from '../ast.ts';
import { METRIC_NAME } from '../../model/labels.ts';
import { Labels } from '../../model/labels.ts';
import type { Column } from '../vector.ts';
import type { CallContext } from './definition.ts';

export function scalarArgument(context: CallContext, index: number): Float64Array {
  const value = evaluateArgument(context, index);
  if (value.type !== 'scalar') throw new TypeError(`argument ${index} of ${context.call.name} is no scalar`);
  return value.values;
}

export function vectorArgument(context: CallContext, index: number): readonly Column[] {
  const value = evaluateArgument(context, index);
  if (value.type !== 'vector') throw new TypeError(`argument ${index} of ${context.call.name} is no vector`);
  return value.columns;
}

export function stringArgument(context: CallContext, index: number): string {
  const value = evaluateArgument(context, index);
  if (value.type !== 'string') throw new TypeError(`argument ${index} of ${context.call.name} is no string`);
  return value.value;
}

export function argumentAt(context: CallContext, index: number): Expr {
  const expr = context.call.args[index];
  if (expr === undefined) throw new TypeError(`${context.call.name} has no argument ${index}`);
  return expr;
}

function evaluateArgument(context: CallContext, index: number) {
  return context.evaluate(argumentAt(context, index));
}

/** Labels that a selector pins down by exactly one equality: what `absent` can say about the missing series. */
export function labelsOfSelector(expr: Expr): Labels {
  const inner = withoutParens(expr);
  const selector: VectorSelector | undefined =
    inner.kind === 'selector' ? inner : inner.kind === 'matrix' ? inner.selector : undefined;
  const pinned = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, operator, value } of selector?.matchers ?? []) {
    if (name === METRIC_NAME) continue;
    if (operator === '=' && !seen.has(name)) pinned.set(name, value);
    else pinned.delete(name);
    seen.add(name);
  }
  return Labels.from(pinned);
}
