/**
 * Builds the tables of docs/promql.md from the engine's own registry. The page holds each between
 * `<!-- table:NAME -->` markers; the drift test compares, or rewrites with TAPEWATCH_UPDATE=1.
 */
import { type FunctionSignature, functionSignatures } from '@tapewatch/core';

/** Markdown by table name. */
export function referenceTables(): Map<string, string> {
  const all = functionSignatures();
  const calls = (status: FunctionSignature['status']): FunctionSignature[] =>
    all.filter((one) => one.kind === 'function' && one.status === status);
  return new Map([
    ['stable', table(calls('stable'))],
    ['experimental', table(calls('experimental'))],
    ['ours', table(calls('ours'))],
    ['aggregations', table(all.filter(({ kind }) => kind === 'aggregation'))],
  ]);
}

function table(signatures: readonly FunctionSignature[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rows = signatures.map(({ signature, doc }) => line([`\`${signature}\``, doc]));
  return [line(['signature', 'meaning']), line(['---', '---']), ...rows].join('\n');
}

/** The page with every table replaced by the present one; throws on a marker without a table. */
export function withTables(page: string): string {
  const tables = referenceTables();
  return page.replace(
    /(<!-- table:(\S+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, open: string, name: string, end: string) => {
      const found = tables.get(name);
      if (found === undefined) throw new Error(`docs/promql.md names table:${name}, which reference.ts does not build`);
      return `${open}\n${found}\n\n${end}`;
    },
  );
}
