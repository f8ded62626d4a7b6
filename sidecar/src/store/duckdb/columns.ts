/**
 * Rows into a table by the fast path: data chunks through an appender, inside the connection's transaction. A column
 * is a type and a function from row number to value, so nothing is copied into rows first.
 */
import { DuckDBDataChunk, type DuckDBConnection, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';

/** DuckDB's vector size: the most rows a chunk can hold. */
const CHUNK_ROWS = 2_048;

export interface Column {
  readonly type: DuckDBType;
  readonly at: (row: number) => DuckDBValue;
}

/** Appends `rowCount` rows; columns in the order of the table. `catalog` is `temp` for temporary tables. */
export async function appendColumns(
  connection: DuckDBConnection,
  { table, catalog }: { table: string; catalog?: 'temp' },
  { columns, rowCount }: { columns: readonly Column[]; rowCount: number },
): Promise<void> {
  if (rowCount === 0) return;
  const types = columns.map(({ type }) => type);
  const appender = await connection.createAppender(table, null, catalog ?? null);
  try {
    for (let start = 0; start < rowCount; start += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, rowCount - start);
      const chunk = DuckDBDataChunk.create(types, rows);
      columns.forEach(({ at }, index) => {
        const vector = chunk.getColumnVector(index);
        for (let row = 0; row < rows; row++) vector.setItem(row, at(start + row));
        vector.flush();
      });
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } catch (error) {
    // Closing would flush what is left, fail again, and hide why.
    appender.clear();
    throw error;
  } finally {
    appender.closeSync();
  }
}
