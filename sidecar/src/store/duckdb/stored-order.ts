/**
 * Rows in the order in which they are stored, without sorting them: the engine keeps that order through scans, filters and
 * joins with small tables, as a rule, and nothing promises it. So the order is looked at, and only where it is lost the
 * statement runs again and sorts, which takes several times as long as reading.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Parameters } from './sql.ts';
import { readColumns, type ColumnsOf, type ColumnType } from './vector-read.ts';

/** The statement's last column is the number of the row (`rowid`) as a double. */
export async function readStored<const T extends readonly ColumnType[]>(
  connection: DuckDBConnection,
  sql: string,
  types: readonly [...T, 'f64'],
  parameters?: Parameters,
): Promise<ColumnsOf<[...T, 'f64']>> {
  const read = (text: string) => readColumns<readonly [...T, 'f64']>(connection, text, types, parameters);
  const columns = await read(sql);
  return isAscending(columns.at(-1) as Float64Array) ? columns : read(`${sql} ORDER BY ${types.length}`);
}

export function isAscending(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[i - 1] as number)) return false;
  return true;
}
