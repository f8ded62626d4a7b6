/**
 * Query text to expression tree, on Prometheus's own Lezer grammar. The grammar knows function names as tokens; names
 * that only our registry has are let in through its identifier specializer. Two things the grammar leaves to the editor
 * are put right here: postfix modifiers bind to the nearest operand, and `-2 ^ 2` is -(2 ^ 2).
 */
import type { SyntaxNode, Tree } from '@lezer/common';
import { builtinFunctions, type FunctionRegistry } from './function/registry.ts';
import { AGGREGATIONS, type Expr } from './ast.ts';
import { checkTypes } from './check.ts';
import { positionOf, PromqlError } from './error.ts';
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
  refuseSyntaxErrors(tree, text, functions);
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

function refuseSyntaxErrors(tree: Tree, text: string, functions: FunctionRegistry): void {
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
      const name = text.startsWith('(', node.from)
        ? /([a-zA-Z_]\w*)\s*$/.exec(text.slice(0, node.from))?.[1]
        : undefined;
      if (name !== undefined && !functions.has(name)) {
        const message = `unknown function with name "${name}"${suggestion(name, functions)}`;
        throw new PromqlError('parse', message, { from: node.from - name.length, to: node.from });
      }
      const open = what === 'end of input' ? lastOpenBracket(text) : undefined;
      const remedy = open === undefined ? '' : `; the bracket ${text[open]} at ${positionOf(text, open)} is not closed`;
      throw new PromqlError('parse', `unexpected ${what}${remedy}`, {
        from: node.from,
        to: Math.max(node.to, node.from),
      });
    },
    leave() {
      depth--;
    },
  });
}

/** Offset of the innermost bracket that is still open; strings are passed over. */
function lastOpenBracket(text: string): number | undefined {
  const open: number[] = [];
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[([{]|[)\]}]/gs)) {
    if ('([{'.includes(token)) open.push(index);
    else if (')]}'.includes(token)) open.pop();
  }
  return open.at(-1);
}

/** The function whose name is nearest, when it is a slip away. */
function suggestion(name: string, functions: FunctionRegistry): string {
  let best: { name: string; distance: number } | undefined;
  for (const known of [...functions.keys(), ...AGGREGATIONS]) {
    const distance = editDistance(name.toLowerCase(), known);
    if (distance <= MAX_SLIP && (best === undefined || distance < best.distance)) best = { name: known, distance };
  }
  return best === undefined ? '' : `; did you mean "${best.name}"?`;
}

/** Letters changed, added or left out for which another name is suggested. */
const MAX_SLIP = 2;

/** Levenshtein's distance, by one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
