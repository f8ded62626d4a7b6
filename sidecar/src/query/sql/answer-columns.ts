/** Chunks of a DuckDB answer into plain columns, as they come, with a bound of their size. */
import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { SqlColumn } from './protocol.ts';

const NUMBERS: ReadonlySet<DuckDBTypeId> = new Set([
  ...[DuckDBTypeId.TINYINT, DuckDBTypeId.SMALLINT, DuckDBTypeId.INTEGER, DuckDBTypeId.BIGINT, DuckDBTypeId.HUGEINT],
  ...[
    DuckDBTypeId.UTINYINT,
    DuckDBTypeId.USMALLINT,
    DuckDBTypeId.UINTEGER,
    DuckDBTypeId.UBIGINT,
    DuckDBTypeId.UHUGEINT,
  ],
  ...[DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE, DuckDBTypeId.DECIMAL],
]);
const TIMES: ReadonlySet<DuckDBTypeId> = new Set([
  ...[DuckDBTypeId.TIMESTAMP, DuckDBTypeId.TIMESTAMP_S, DuckDBTypeId.TIMESTAMP_MS, DuckDBTypeId.TIMESTAMP_NS],
  ...[DuckDBTypeId.TIMESTAMP_TZ, DuckDBTypeId.DATE],
]);
const NANOS_A_DAY = 86_400_000_000_000n;
/** A cell that is no text. */
const CELL_BYTES = 8;

export class AnswerColumns {
  readonly columns: SqlColumn[];
  #bytes = 0;

  constructor(names: readonly string[], types: readonly DuckDBType[]) {
    this.columns = names.map((name, i) => {
      const { typeId } = types[i] as DuckDBType;
      if (NUMBERS.has(typeId)) return { name, type: 'number', values: [] };
      if (TIMES.has(typeId)) return { name, type: 'time', values: [] };
      if (typeId === DuckDBTypeId.BOOLEAN) return { name, type: 'boolean', values: [] };
      return { name, type: 'string', values: [] };
    });
  }

  /** Of all cells so far, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One column of a chunk, at most `count` rows of it. */
  add(column: number, values: readonly DuckDBValue[], count: number): void {
    const into = this.columns[column] as SqlColumn;
    for (let row = 0; row < count; row++) this.#put(into, values[row] ?? null);
  }

  #put(into: SqlColumn, value: DuckDBValue): void {
    this.#bytes += CELL_BYTES;
    switch (into.type) {
      case 'number':
        return void into.values.push(numberOf(value));
      case 'time':
        return void into.values.push(nanosOf(value));
      case 'boolean':
        return void into.values.push(typeof value === 'boolean' ? value : null);
      case 'string': {
        const text = value === null ? null : String(value);
        this.#bytes += text?.length ?? 0;
        into.values.push(text);
      }
    }
  }
}

function numberOf(value: DuckDBValue): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof DuckDBDecimalValue ? value.toDouble() : null;
}

/** Infinite stamps, which the engine knows, are no times. */
function nanosOf(value: DuckDBValue): bigint | null {
  const nanos = exactNanos(value);
  return nanos === null || nanos >= 2n ** 63n || nanos < -(2n ** 63n) ? null : nanos;
}

function exactNanos(value: DuckDBValue): bigint | null {
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros * 1_000n;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1_000_000n;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds * 1_000_000_000n;
  return value instanceof DuckDBDateValue ? BigInt(value.days) * NANOS_A_DAY : null;
}
