/**
 * Results of a statement as typed arrays, copied out of the engine's vectors chunk by chunk: no value a row. Every
 * column must be free of NULL and have the type that is asked for; statements cast where needed.
 */
import duckdb from '@duckdb/node-bindings';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBMaterializedResult } from '@duckdb/node-api';
import type { HistogramColumns } from '@tapewatch/core';
import { TapewatchError } from '../../errors.ts';
import type { Parameters } from './sql.ts';

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u32: Uint32Array,
  i32: Int32Array,
  f64: Float64Array,
  i64: BigInt64Array,
} as const;

type Plain = keyof typeof ARRAYS;
type ArrayOf<T extends Plain> = InstanceType<(typeof ARRAYS)[T]>;
/** A number a row, or a list of numbers a row. */
export type ColumnType = Plain | `${Plain}[]`;

export interface ListColumn<T extends Plain = Plain> {
  readonly offsets: Uint32Array;
  readonly items: ArrayOf<T>;
}

type ColumnOf<T extends ColumnType> = T extends `${infer P extends Plain}[]`
  ? ListColumn<P>
  : T extends Plain
    ? ArrayOf<T>
    : never;

export type ColumnsOf<T extends readonly ColumnType[]> = { readonly [I in keyof T]: ColumnOf<T[I]> };

export async function readColumns<const T extends readonly ColumnType[]>(
  connection: DuckDBConnection,
  sql: string,
  types: T,
  parameters?: Parameters,
): Promise<ColumnsOf<T>> {
  const result = await connection.run(sql, parameters?.values, parameters?.types);
  const chunks = await chunksOf(result);
  const rows = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0);
  return types.map((type, index) => {
    const parts = partsOf(chunks, index);
    return type.endsWith('[]')
      ? readLists(parts, rows, ARRAYS[type.slice(0, -2) as Plain])
      : readPlain(parts, rows, ARRAYS[type as Plain]);
  }) as unknown as ColumnsOf<T>;
}

/**
 * Shows the rows chunk by chunk while the engine makes the next one, in the order in which they are stored when nothing but a scan
 * makes them. The columns are views that end with the call. Throws `StreamEnded` after fewer rows than were counted before: the
 * engine ends a stream in which it failed like one that is complete.
 */
export async function streamColumns<const T extends readonly Plain[]>(
  connection: DuckDBConnection,
  sql: string,
  types: T,
  { rows, visit, parameters }: Streamed<T>,
): Promise<void> {
  const result = await connection.stream(sql, parameters?.values, parameters?.types);
  let next = result.fetchChunk();
  for (let left = rows; ;) {
    const chunk = await next;
    if (chunk === null || chunk.rowCount === 0) {
      if (left > 0) throw new StreamEnded(rows - left, rows);
      return;
    }
    left -= chunk.rowCount;
    next = result.fetchChunk();
    // Whoever stops at an error of `visit` does not wait for it.
    next.catch(() => undefined);
    visit(types.map((type, index) => viewOf(chunk, index, ARRAYS[type])) as unknown as ColumnsOf<T>);
  }
}

/** Streamed is faster; whole tells why it cannot be had. */
export type ReadWay = 'streamed' | 'whole';

/** As `streamColumns`; whole, all rows are shown at once. */
export async function passColumns<const T extends readonly Plain[]>(
  connection: DuckDBConnection,
  sql: string,
  types: T,
  { way, ...streamed }: Streamed<T> & { readonly way: ReadWay },
): Promise<void> {
  if (way === 'streamed') return streamColumns(connection, sql, types, streamed);
  streamed.visit(await readColumns(connection, sql, types, streamed.parameters));
}

interface Streamed<T extends readonly Plain[]> {
  readonly rows: number;
  readonly visit: (columns: ColumnsOf<T>) => void;
  readonly parameters?: Parameters;
}

/** Whoever asks for the rows whole learns why. */
export class StreamEnded extends TapewatchError {
  constructor(read: number, rows: number) {
    super('store.unavailable', `the engine ended a read after ${read} of ${rows} rows`);
  }
}

/** As `readColumns`, of a statement whose rows were counted before: the engine holds none of them. */
export async function readCounted<const T extends readonly Plain[]>(
  connection: DuckDBConnection,
  sql: string,
  types: T,
  { rows, parameters }: { readonly rows: number; readonly parameters: Parameters },
): Promise<ColumnsOf<T>> {
  const columns = types.map((type) => new ARRAYS[type](rows));
  let at = 0;
  await streamColumns(connection, sql, types, {
    ...{ rows, parameters },
    visit: (views) => {
      const parts = views as unknown as readonly Float64Array[];
      columns.forEach((column, i) => (column as Float64Array).set(parts[i] as Float64Array, at));
      at += parts[0]?.length ?? 0;
    },
  });
  return columns as unknown as ColumnsOf<T>;
}

function viewOf(chunk: DuckDBDataChunk, index: number, type: AnyArray): ArrayOf<Plain> {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
  const bytes = duckdb.vector_get_data(vector, chunk.rowCount * type.BYTES_PER_ELEMENT);
  const { buffer, byteOffset } = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new type(buffer as ArrayBuffer, byteOffset, chunk.rowCount);
}

/** Chunks that are taken at once: each takes microseconds, but asking for it in the background wakes a thread. */
const MAX_CHUNKS_AT_ONCE = 64;

export async function chunksOf(result: DuckDBMaterializedResult): Promise<DuckDBDataChunk[]> {
  const { chunkCount } = result;
  if (chunkCount > MAX_CHUNKS_AT_ONCE) return result.fetchAllChunks();
  return Array.from({ length: chunkCount }, (_, i) => result.getChunk(i));
}

/** The vectors of one column. */
export function partsOf(chunks: readonly DuckDBDataChunk[], index: number): Part[] {
  return chunks.map((chunk) => ({
    vector: duckdb.data_chunk_get_vector(chunk.chunk, index),
    rows: chunk.rowCount,
  }));
}

/** A chunk's vector. */
export interface Part {
  readonly vector: duckdb.Vector;
  readonly rows: number;
}

type AnyArray = (typeof ARRAYS)[Plain];

export function readPlain(parts: readonly Part[], rows: number, type: AnyArray): ArrayOf<Plain> {
  const column = new type(rows);
  const bytes = new Uint8Array(column.buffer);
  let at = 0;
  for (const part of parts) {
    const size = part.rows * type.BYTES_PER_ELEMENT;
    if (size > 0) bytes.set(duckdb.vector_get_data(part.vector, size), at);
    at += size;
  }
  return column;
}

export function readLists(parts: readonly Part[], rows: number, type: AnyArray): ListColumn {
  const offsets = new Uint32Array(rows + 1);
  const children: Uint8Array[] = [];
  const width = type.BYTES_PER_ELEMENT;
  let row = 0;
  for (const part of parts) {
    if (part.rows === 0) continue;
    const entries = wordsOf(duckdb.vector_get_data(part.vector, part.rows * 16));
    const size = duckdb.list_vector_get_size(part.vector);
    const child = size === 0 ? EMPTY : duckdb.vector_get_data(duckdb.list_vector_get_child(part.vector), size * width);
    // Lists that lie end to end are copied at once.
    let [from, to] = [0, 0];
    for (let i = 0; i < part.rows; i++, row++) {
      const [start, length] = [entries[i * 4] as number, entries[i * 4 + 2] as number];
      offsets[row + 1] = (offsets[row] as number) + length;
      if (length === 0) continue;
      if (start !== to) {
        if (to > from) children.push(child.subarray(from * width, to * width));
        from = start;
      }
      to = start + length;
    }
    if (to > from) children.push(child.subarray(from * width, to * width));
  }
  const items = new type(offsets[rows] as number);
  const bytes = new Uint8Array(items.buffer);
  let at = 0;
  for (const child of children) {
    bytes.set(child, at);
    at += child.length;
  }
  return { offsets, items };
}

const EMPTY = new Uint8Array(0);

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}

/** Types of the columns of HISTOGRAM_SQL. */
export const HISTOGRAM_TYPES = [
  ...(['f64', 'f64', 'f64', 'f64', 'i8', 'f64', 'f64', 'f64', 'f64', 'f64'] as const),
  ...(['i32[]', 'f64[]', 'i32[]', 'f64[]', 'f64[]'] as const),
] as const;

export function histogramColumnsFrom(columns: ColumnsOf<typeof HISTOGRAM_TYPES>): HistogramColumns {
  const [counts, sums, mins, maxs, scales, zeroThresholds, zeroCounts, nanCounts, up, down, ...lists] = columns;
  const [positiveIndexes, positiveCounts, negativeIndexes, negativeCounts, bounds] = lists;
  return {
    ...{ counts, sums, mins, maxs, scales, zeroThresholds, zeroCounts, nanCounts },
    positiveInfinityCounts: up,
    negativeInfinityCounts: down,
    positive: { offsets: positiveIndexes.offsets, indexes: positiveIndexes.items, counts: positiveCounts.items },
    negative: { offsets: negativeIndexes.offsets, indexes: negativeIndexes.items, counts: negativeCounts.items },
    customBounds: { offsets: bounds.offsets, values: bounds.items },
  };
}
