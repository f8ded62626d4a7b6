/** `and`, `or`, `unless`: samples of one side are kept by whether the other side has a match at the same time. */
import type { Binary } from './ast.ts';
import { matchKey } from './matching.ts';
import { type Column, joinEqual, newColumn, put, sampleAt, type Value } from './vector.ts';

export function setOperation(expr: Binary, left: readonly Column[], right: readonly Column[]): Value {
  const keyOf = matchKey(expr.matching);
  const presence = (columns: readonly Column[]): Map<string, Uint8Array> => {
    const byKey = new Map<string, Uint8Array>();
    for (const { labels, present } of columns) {
      const key = keyOf(labels);
      const known = byKey.get(key);
      byKey.set(key, known === undefined ? present : known.map((there, step) => there | (present[step] as number)));
    }
    return byKey;
  };
  const filter = (columns: readonly Column[], others: Map<string, Uint8Array>, wanted: 0 | 1): Column[] =>
    columns.map((column) => keep(column, others.get(keyOf(column.labels)), wanted));
  switch (expr.operator) {
    case 'and':
      return { type: 'vector', columns: filter(left, presence(right), 1) };
    case 'unless':
      return { type: 'vector', columns: filter(left, presence(right), 0) };
    default:
      return { type: 'vector', columns: joinEqual([...left, ...filter(right, presence(left), 0)], expr) };
  }
}

/** The column's samples at the steps where the other side is there (wanted 1) or is not (wanted 0). */
function keep(column: Column, others: Uint8Array | undefined, wanted: 0 | 1): Column {
  const result = newColumn(column.labels, column.values.length);
  for (let step = 0; step < column.values.length; step++) {
    if ((others?.[step] ?? 0) === wanted) put(result, step, sampleAt(column, step));
  }
  return result;
}
