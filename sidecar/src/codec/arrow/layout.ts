/**
 * What each column of an Arrow schema means (docs/wire.md, "Arrow"): `value` and `time` are numbers, `name`, `kind`,
 * `unit` and `help` describe, any other column of text is a label, any other column at all is passed over. Nested columns
 * would shift the buffers of those behind them: they are refused. Read with the format's generated classes, since
 * some writers number their dictionaries anew in each message, so that a schema is not always one that was seen before.
 */
import { DictionaryEncoding } from 'apache-arrow/fb/dictionary-encoding';
import { Field } from 'apache-arrow/fb/field';
import { FloatingPoint } from 'apache-arrow/fb/floating-point';
import { Int } from 'apache-arrow/fb/int';
import { Message } from 'apache-arrow/fb/message';
import { Schema } from 'apache-arrow/fb/schema';
import { Timestamp } from 'apache-arrow/fb/timestamp';
import { Type } from 'apache-arrow/fb/type';
import { ByteBuffer } from 'flatbuffers';
import { Fault, shown } from '../problem.ts';
import type { NanosPerUnit } from '../stamp.ts';
import { COLUMNS_MAX } from './limit.ts';

export type NumberType =
  'float64' | 'float32' | 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';

export type Role = 'name' | 'kind' | 'unit' | 'help' | 'label' | 'value' | 'time' | 'other';

export interface Column {
  readonly name: string;
  readonly role: Role;
  /** How many buffers it has, which says where the next column's begin. */
  readonly buffers: number;
  /** Text: how wide its offsets are; 0 for what is no text. */
  readonly offsetBytes: 0 | 4 | 8;
  /** Dictionary columns: the type of the indexes, and the dictionary. */
  readonly indexType?: NumberType;
  readonly dictionary?: string;
  readonly numberType?: NumberType;
  /** Of a time. */
  readonly nanosPerUnit?: NanosPerUnit;
}

export interface Layout {
  readonly columns: readonly Column[];
  readonly texts: readonly { readonly column: Column; readonly index: number }[];
  readonly value: number;
  /** Position of the column, -1 where there is none. */
  readonly time: number;
  /** Names and roles of the text columns: what tells layouts apart in the cache of series. */
  readonly signature: string;
  /** Width of the offsets of each dictionary by its id. */
  readonly dictionaries: ReadonlyMap<string, 4 | 8>;
}

const DESCRIBING: ReadonlySet<string> = new Set(['name', 'kind', 'unit', 'help']);
const NANOS_PER_UNIT: readonly NanosPerUnit[] = [1_000_000_000, 1_000_000, 1_000, 1];
/** Buffers of the types that are passed over. */
const PASSED_OVER: ReadonlyMap<Type, number> = new Map([
  [Type.Null, 0],
  [Type.Bool, 2],
  [Type.Int, 2],
  [Type.FloatingPoint, 2],
  [Type.Decimal, 2],
  [Type.Date, 2],
  [Type.Time, 2],
  [Type.Timestamp, 2],
  [Type.Interval, 2],
  [Type.Duration, 2],
  [Type.FixedSizeBinary, 2],
  [Type.Binary, 3],
  [Type.LargeBinary, 3],
]);

/** `metadata`: the message that holds the schema. */
export function layoutOf(metadata: Uint8Array): Layout | Fault {
  const schema = Message.getRootAsMessage(new ByteBuffer(metadata)).header(new Schema()) as Schema | null;
  const count = schema?.fieldsLength() ?? 0;
  if (schema === null || count > COLUMNS_MAX) {
    return new Fault('schema', `the schema has ${count} columns; at most ${COLUMNS_MAX} are allowed`);
  }
  const columns: Column[] = [];
  const field = new Field();
  for (let index = 0; index < count; index++) {
    const column = schema.fields(index, field) === null ? undefined : columnOf(field, index);
    if (column === undefined || column instanceof Fault) return column ?? new Fault('syntax', `no column ${index}`);
    columns.push(column);
  }
  return layoutOfColumns(columns);
}

function layoutOfColumns(columns: readonly Column[]): Layout | Fault {
  const twice = columns.find(({ name }, index) => columns.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) return new Fault('schema', `column ${shown(twice.name)} stands twice in the schema`);
  const value = columns.findIndex(({ role }) => role === 'value');
  if (value < 0) return new Fault('schema', 'the schema has no column "value" of numbers');
  if (!columns.some(({ role }) => role === 'name'))
    return new Fault('schema', 'the schema has no column "name" of text');
  const texts = columns.flatMap((column, index) =>
    column.offsetBytes !== 0 && column.role !== 'other' ? [{ column, index }] : [],
  );
  const dictionaries = new Map<string, 4 | 8>();
  for (const { dictionary, offsetBytes } of columns) {
    if (dictionary !== undefined && offsetBytes !== 0) dictionaries.set(dictionary, offsetBytes);
  }
  const signature = JSON.stringify(texts.map(({ column }) => column.name));
  return { columns, texts, value, time: columns.findIndex(({ role }) => role === 'time'), signature, dictionaries };
}

function columnOf(field: Field, index: number): Column | Fault {
  const name = String(field.name() ?? '');
  if (name.length > 1_024) return new Fault('schema', `the name of column ${index} is longer than 1024 characters`);
  const type = field.typeType();
  if (field.childrenLength() > 0) {
    return new Fault('schema', `column ${index} is nested; use float64, int64, timestamp, utf8 or dictionary<utf8>`);
  }
  const offsetBytes = type === Type.Utf8 ? 4 : type === Type.LargeUtf8 ? 8 : 0;
  const encoding = field.dictionary(new DictionaryEncoding());
  if (encoding !== null) {
    const indexes = encoding.indexType(new Int());
    const indexType = indexes === null ? 'int32' : integerType(indexes);
    if (offsetBytes === 0 || indexType === undefined || indexType.endsWith('64')) return unreadable(name, type);
    return { name, role: textRole(name), buffers: 2, offsetBytes, indexType, dictionary: String(encoding.id()) };
  }
  if (offsetBytes !== 0) return { name, role: textRole(name), buffers: 3, offsetBytes };
  if (name === 'value') return valueColumn(field, name, type);
  if (name === 'time') return timeColumn(field, name, type);
  const buffers = PASSED_OVER.get(type);
  return buffers === undefined ? unreadable(name, type) : { name, role: 'other', buffers, offsetBytes: 0 };
}

function valueColumn(field: Field, name: string, type: Type): Column | Fault {
  const plain = { name, role: 'value', buffers: 2, offsetBytes: 0 } as const;
  if (type === Type.Int) {
    const numberType = integerType(field.type(new Int()) as Int);
    return numberType === undefined ? unreadable(name, type) : { ...plain, numberType };
  }
  if (type !== Type.FloatingPoint) return unreadable(name, type);
  const precision: number = (field.type(new FloatingPoint()) as FloatingPoint).precision();
  if (precision !== 1 && precision !== 2) return unreadable(name, type);
  return { ...plain, numberType: precision === 2 ? 'float64' : 'float32' };
}

function timeColumn(field: Field, name: string, type: Type): Column | Fault {
  const plain = { name, role: 'time', buffers: 2, offsetBytes: 0, numberType: 'int64' } as const;
  if (type === Type.Timestamp) {
    const nanosPerUnit = NANOS_PER_UNIT[(field.type(new Timestamp()) as Timestamp).unit()];
    return nanosPerUnit === undefined ? unreadable(name, type) : { ...plain, nanosPerUnit };
  }
  const isWide = type === Type.Int && integerType(field.type(new Int()) as Int)?.endsWith('int64') === true;
  return isWide ? { ...plain, nanosPerUnit: 1 } : unreadable(name, type);
}

function integerType(type: Int): NumberType | undefined {
  const bits = type.bitWidth();
  return [8, 16, 32, 64].includes(bits) ? (`${type.isSigned() ? '' : 'u'}int${bits}` as NumberType) : undefined;
}

function textRole(name: string): Role {
  if (name === 'value' || name === 'time') return 'other';
  return DESCRIBING.has(name) ? (name as Role) : 'label';
}

function unreadable(name: string, type: Type): Fault {
  return new Fault(
    'schema',
    `column ${shown(name)} of type ${Type[type] ?? type} is not read; use float64, int64, timestamp, utf8 or dictionary<utf8>`,
  );
}
