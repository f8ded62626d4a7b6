/**
 * Rows from typed arrays straight into the engine's vectors, 2,048 at a time, through an appender inside the
 * connection's transaction: no JavaScript value a row. A list column is its entries (offset, length) and a child vector.
 * Appenders and chunks are native memory that only a garbage collection gives back, so a connection keeps one pair a table:
 * made anew for each commit they held some hundred megabytes.
 */
import duckdb from '@duckdb/node-bindings';
import { DuckDBDataChunk, LIST, type DuckDBAppender, type DuckDBConnection, type DuckDBType } from '@duckdb/node-api';

const CHUNK_ROWS = 2_048;

type Numbers = Uint8Array | Int8Array | Uint32Array | Int32Array | Float64Array | BigInt64Array | BigUint64Array;

/**
 * A column: one number a row, or a list of items between a row's offset and the next. `width` numbers make one value (default 1);
 * `validity` has a bit a row, 0 for NULL; `long` are texts, by row, that do not fit into the 16 bytes of the engine's string.
 */
export type PackedColumn =
  | {
      readonly type: DuckDBType;
      readonly items: Numbers;
      readonly width?: number;
      readonly validity?: Uint8Array;
      readonly long?: readonly (readonly [row: number, text: string])[];
    }
  | { readonly type: DuckDBType; readonly items: Numbers; readonly offsets: Uint32Array };

interface Feed {
  readonly appender: DuckDBAppender;
  readonly chunk: DuckDBDataChunk;
}

/** By table; there are as many as the schema has tables. */
const feeds = new WeakMap<DuckDBConnection, Map<string, Feed>>();

/** Appends all rows; columns in the order of the table, with exactly the width of its types. */
export async function appendPacked(
  connection: DuckDBConnection,
  table: string,
  { columns, rowCount, catalog }: { columns: readonly PackedColumn[]; rowCount: number; catalog?: 'temp' },
): Promise<void> {
  if (rowCount === 0) return;
  const { appender, chunk } = await feedOf(connection, { table, catalog }, columns);
  try {
    for (let start = 0; start < rowCount; start += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, rowCount - start);
      chunk.reset();
      columns.forEach((column, index) => {
        const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
        if ('offsets' in column) copyLists(vector, column, { start, rows });
        else copyValues(vector, column, { start, rows });
      });
      chunk.rowCount = rows;
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } catch (error) {
    // What it still holds must not come with the rows of a later transaction.
    feeds.get(connection)?.delete(table);
    appender.clear();
    throw error;
  }
}

async function feedOf(
  connection: DuckDBConnection,
  { table, catalog }: { table: string; catalog: 'temp' | undefined },
  columns: readonly PackedColumn[],
): Promise<Feed> {
  let byTable = feeds.get(connection);
  if (byTable === undefined) feeds.set(connection, (byTable = new Map()));
  let feed = byTable.get(table);
  if (feed === undefined) {
    const types = columns.map((column) => ('offsets' in column ? LIST(column.type) : column.type));
    feed = {
      appender: await connection.createAppender(table, null, catalog ?? null),
      chunk: DuckDBDataChunk.create(types),
    };
    byTable.set(table, feed);
  }
  return feed;
}

/** Before the connection is closed, when nothing is under way on it. */
export function closeFeeds(connection: DuckDBConnection): void {
  for (const { appender } of feeds.get(connection)?.values() ?? []) appender.closeSync();
  feeds.delete(connection);
}

function copy(vector: duckdb.Vector, items: Numbers, { start, count }: { start: number; count: number }): void {
  const { buffer, byteOffset, BYTES_PER_ELEMENT: bytes } = items;
  duckdb.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset + start * bytes, count * bytes);
}

function copyValues(
  vector: duckdb.Vector,
  { items, width = 1, validity, long = [] }: Exclude<PackedColumn, { readonly offsets: Uint32Array }>,
  { start, rows }: { start: number; rows: number },
): void {
  copy(vector, items, { start: start * width, count: rows * width });
  if (validity !== undefined) {
    duckdb.vector_ensure_validity_writable(vector);
    const { buffer, byteOffset } = validity;
    // A chunk begins at a whole number of bytes.
    duckdb.copy_data_to_vector_validity(vector, 0, buffer as ArrayBuffer, byteOffset + start / 8, Math.ceil(rows / 8));
  }
  for (const [row, text] of long) {
    if (row >= start && row < start + rows) duckdb.vector_assign_string_element(vector, row - start, text);
  }
}

/** The entries of a chunk's lists: pairs of 64-bit numbers, of which the low words suffice. */
const entries = new Uint32Array(CHUNK_ROWS * 4);

function copyLists(
  vector: duckdb.Vector,
  { items, offsets }: { items: Numbers; offsets: Uint32Array },
  { start, rows }: { start: number; rows: number },
): void {
  const from = offsets[start] as number;
  const count = (offsets[start + rows] as number) - from;
  for (let row = 0; row < rows; row++) {
    const begin = offsets[start + row] as number;
    entries[row * 4] = begin - from;
    entries[row * 4 + 2] = (offsets[start + row + 1] as number) - begin;
  }
  duckdb.list_vector_reserve(vector, count);
  duckdb.list_vector_set_size(vector, count);
  if (count > 0) copy(duckdb.list_vector_get_child(vector), items, { start: from, count });
  duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, rows * 16);
}

/**
 * Seconds and nanoseconds as 64-bit nanoseconds, without a BigInt a row: the product is made of two 32-bit words, and
 * only where the second changes.
 */
export function nanosOf(seconds: Uint32Array, nanos?: Uint32Array | Float64Array): BigInt64Array {
  const stamps = new BigInt64Array(seconds.length);
  const words = new Uint32Array(stamps.buffer);
  let [second, lowWord, highWord] = [-1, 0, 0];
  for (let i = 0; i < seconds.length; i++) {
    if (seconds[i] !== second) {
      second = seconds[i] as number;
      // second = a * 2^16 + b, so that both products stay below 2^53.
      const high = (second >>> 16) * 1e9;
      const sum = (high % 65_536) * 65_536 + (second & 0xffff) * 1e9;
      lowWord = sum % WORD;
      highWord = Math.floor(high / 65_536) + Math.floor(sum / WORD);
    }
    const low = nanos === undefined ? lowWord : lowWord + (nanos[i] as number);
    words[i * 2] = low;
    words[i * 2 + 1] = low < WORD ? highWord : highWord + Math.floor(low / WORD);
  }
  return stamps;
}

const WORD = 2 ** 32;
