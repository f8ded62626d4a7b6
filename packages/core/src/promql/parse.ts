/**
 * Query text to expression tree, on Prometheus's own Lezer grammar. The grammar knows function names as tokens; names
 * that only our registry has are let in through its identifier specializer. Two things the grammar leaves to the editor
 * are put right here: postfix modifiers bind to the nearest operand, and `-2 ^ 2` is -(2 ^ 2).
 */
import type { SyntaxNode, Tree } from '@lezer/common';
import { builtinFunctions, type FunctionRegistry } from './function/registry.ts';
import type { Expr } from './ast.ts';
import { checkTypes } from './check.ts';
import { PromqlError } from './error.ts';
import { Converter } from './convert.ts';
import { parserFor } from './grammar.ts';

/** Longest query text that is read, in UTF-16 units. */
export const MAX_QUERY_LENGTH = 100_000;
/** Deepest nesting of the syntax tree; keeps recursion away from the stack's end. */
export const MAX_QUERY_DEPTH = 500;

export interface ParseOptions {
  readonly functions?: FunctionRegistry;
}

/** Parses and checks types. Throws `PromqlError` of kind `parse` that names what is wrong and where. */
export function parse(query: string, options: ParseOptions = {}): Expr {
  const functions = options.functions ?? builtinFunctions;
  if (query.length > MAX_QUERY_LENGTH) {
    const message = `query of ${query.length} characters is longer than ${MAX_QUERY_LENGTH}; shorten it`;
    throw new PromqlError('parse', message);
  }
  const text = withoutBarePoints(query);
  const tree = parserFor(functions).parse(text);
  refuseSyntaxErrors(tree, text);
  const top = firstExpression(tree.topNode);
  if (top === undefined) throw new PromqlError('parse', 'no expression found in input');
  const expr = new Converter(text).expression(top);
  checkTypes(expr, functions);
  return expr;
}

/** The grammar does not know `2.`; the point becomes a space, so that positions stay. Strings are left alone. */
function withoutBarePoints(text: string): string {
  const pattern = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|(?<![\w.])(\d+)\.(?![\w.])/gs;
  return text.replace(pattern, (whole, digits?: string) => (digits === undefined ? whole : `${digits} `));
}

function firstExpression(node: SyntaxNode): SyntaxNode | undefined {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') return child;
  }
  return undefined;
}

function refuseSyntaxErrors(tree: Tree, text: string): void {
  let depth = 0;
  tree.iterate({
    enter(node) {
      depth++;
      if (depth > MAX_QUERY_DEPTH) {
        throw new PromqlError('parse', `query is nested deeper than ${MAX_QUERY_DEPTH} levels`, node);
      }
      if (!node.type.isError) return;
      const seen = text.slice(node.from, Math.max(node.to, node.from)).trim();
      const next = seen === '' ? text.slice(node.from).trim().split(/\s/)[0] : seen;
      if (text.trim() === '') throw new PromqlError('parse', 'no expression found in input');
      const what = next === '' || next === undefined ? 'end of input' : JSON.stringify(next.slice(0, 40));
      throw new PromqlError('parse', `unexpected ${what}`, { from: node.from, to: Math.max(node.to, node.from) });
    },
    leave() {
      depth--;
    },
  });
}
