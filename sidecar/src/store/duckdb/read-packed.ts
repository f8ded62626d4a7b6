/**
 * Event rows out of the engine's vectors as columns, chunk by chunk: no value and no object a row. A text of up to twelve
 * bytes lies in the vector itself, and most columns have few distinct ones, so a small table finds those again by their
 * sixteen bytes; longer ones are read from where the vector points to.
 */
import duckdb from '@duckdb/node-bindings';
import {
  DuckDBListType,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBType,
  BIGINT,
  DOUBLE,
  UBIGINT,
  VARCHAR,
} from '@duckdb/node-api';
import type { EventTable } from '@tapewatch/core';
import { camelCase, columnNames, EVENT_COLUMNS, fromValue } from './event-columns.ts';
import { NO_TEXT, type EventValues, type PackedEvents } from './packed-events.ts';
import type { Parameters } from './sql.ts';
import { chunksOf, readLists, partsOf, readPlain, type Part } from './vector-read.ts';

/** The statement selects the table's columns in their order. */
export async function readPacked(
  connection: DuckDBConnection,
  { table, sql, parameters }: { readonly table: EventTable; readonly sql: string; readonly parameters?: Parameters },
): Promise<PackedEvents> {
  const result = await connection.run(sql, parameters?.values, parameters?.types);
  return packedFrom(table, await chunksOf(result));
}

/** The first columns are the table's, or those of them that are named, in their order; there may be more. */
export function packedFrom(
  table: EventTable,
  chunks: readonly DuckDBDataChunk[],
  names: readonly string[] = columnNames(table),
): PackedEvents {
  const rowCount = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
  const chosen = EVENT_COLUMNS[table].filter(([name]) => names.includes(name));
  const columns = chosen.map(([name, type], index) => ({
    field: camelCase(name),
    ...readValues(chunks, { index, type, rowCount }),
  }));
  return { table, rowCount, columns };
}

interface Wanted {
  readonly index: number;
  readonly type: DuckDBType;
  readonly rowCount: number;
}

function readValues(chunks: readonly DuckDBDataChunk[], { index, type, rowCount }: Wanted): EventValues {
  const parts = partsOf(chunks, index);
  if (type === DOUBLE || type === BIGINT || type === UBIGINT) {
    const plain = readPlain(parts, rowCount, type === DOUBLE ? Float64Array : BigInt64Array);
    const items = type === UBIGINT ? new BigUint64Array(plain.buffer) : (plain as Float64Array | BigInt64Array);
    const isNull = nullsOf(parts, rowCount);
    return { kind: 'numbers', items, ...(isNull && { isNull }) };
  }
  if (type === VARCHAR) return readTexts(parts, rowCount);
  if (type instanceof DuckDBListType && type.valueType === DOUBLE) {
    const { offsets, items } = readLists(parts, rowCount, Float64Array);
    return { kind: 'lists', offsets, items: items as Float64Array };
  }
  const values = chunks.flatMap((chunk) => chunk.getColumnValues(index).map(fromValue));
  return { kind: 'values', values };
}

/** Undefined when nothing is NULL. */
function nullsOf(parts: readonly Part[], rowCount: number): Uint8Array | undefined {
  let isNull: Uint8Array | undefined;
  let at = 0;
  for (const { vector, rows } of parts) {
    const bits = validityOf(vector, rows);
    if (bits !== undefined) {
      for (let row = 0; row < rows; row++) {
        if (isSet(bits, row)) continue;
        isNull ??= new Uint8Array(rowCount);
        isNull[at + row] = 1;
      }
    }
    at += rows;
  }
  return isNull;
}

/** One bit a row, 0 for NULL; undefined when the engine keeps none because nothing is NULL. */
function validityOf(vector: duckdb.Vector, rows: number): Uint8Array | undefined {
  const bits = rows === 0 ? undefined : duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
  return bits === undefined || bits === null || bits.length === 0 ? undefined : bits;
}

function isSet(bits: Uint8Array, row: number): boolean {
  return ((bits[row >> 3] as number) & (1 << (row & 7))) !== 0;
}

export function readTexts(parts: readonly Part[], rowCount: number): EventValues & { readonly kind: 'texts' } {
  const codes = new Uint32Array(rowCount);
  const known = new KnownTexts();
  let at = 0;
  for (const { vector, rows } of parts) {
    if (rows === 0) continue;
    known.open(duckdb.vector_get_data(vector, rows * TEXT_BYTES));
    const bits = validityOf(vector, rows);
    for (let row = 0; row < rows; row++, at++)
      codes[at] = bits === undefined || isSet(bits, row) ? known.codeOf(row) : NO_TEXT;
  }
  return { kind: 'texts', codes, texts: known.texts };
}

const TEXT_BYTES = 16;
/** Texts up to here lie in the vector. */
const INLINE_BYTES = 12;
/** Of texts that are looked for again; a power of two. */
const SLOTS = 512;
const NOT_ASCII = 0x80808080;

/** Distinct texts by code, nearly: one that was pushed out of its slot has a second code. */
class KnownTexts {
  readonly texts: string[] = [];
  readonly #slots = new Uint32Array(SLOTS * 5);
  #words = new Uint32Array(0);
  #bytes = Buffer.alloc(0);

  open(data: Uint8Array): void {
    const copy = data.slice();
    this.#words = new Uint32Array(copy.buffer);
    this.#bytes = Buffer.from(copy.buffer);
  }

  codeOf(row: number): number {
    const words = this.#words;
    const at = row * 4;
    const [size, a, b, c] = [
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    ];
    if (size > INLINE_BYTES) return this.texts.push(this.#pointed(row, size)) - 1;
    const hash = Math.imul(a ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ size, 0x9e3779b1);
    const slot = ((hash >>> 16) & (SLOTS - 1)) * 5;
    const slots = this.#slots;
    const isKnown = slots[slot] === size && slots[slot + 1] === a && slots[slot + 2] === b && slots[slot + 3] === c;
    // Codes are kept plus one: 0 is an empty slot.
    if (isKnown && (slots[slot + 4] as number) > 0) return (slots[slot + 4] as number) - 1;
    const code = this.texts.push(this.#inline(row, size, ((a | b | c) & NOT_ASCII) === 0)) - 1;
    [slots[slot], slots[slot + 1], slots[slot + 2], slots[slot + 3], slots[slot + 4]] = [size, a, b, c, code + 1];
    return code;
  }

  #inline(row: number, size: number, isAscii: boolean): string {
    const start = row * TEXT_BYTES + 4;
    return this.#bytes.toString(isAscii ? 'latin1' : 'utf8', start, start + size);
  }

  #pointed(row: number, size: number): string {
    const buffer = this.#words.buffer as ArrayBuffer;
    return Buffer.from(duckdb.get_data_from_pointer(buffer, row * TEXT_BYTES + 8, size)).toString('utf8');
  }
}
