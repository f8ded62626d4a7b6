/**
 * Tables as Grafana data frames: Arrow IPC files with Grafana's metadata on the schema (`name`, `refId`, `meta`) and on
 * each field (`labels`, `config`), as grafana-plugin-sdk-go's data.UnmarshalArrowFrame reads them. Times are nanosecond
 * timestamps without a zone, numbers nullable doubles (NaN and infinities stay what they are).
 */
import type { Table, TableField, TableStat } from '@tapewatch/core';
import {
  Binary,
  Bool,
  Field,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampNanosecond,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow';

export interface FrameContext {
  readonly refId: string;
  /** `ds/<uid>/<path>` of live points that follow the history. */
  readonly channel?: string;
}

export function encodeFrame(table: Table, context: FrameContext): Uint8Array {
  const fields = table.fields.map(
    (field) => new Field(field.name, arrowType(field), true, new Map(Object.entries(fieldMetadata(field)))),
  );
  const metadata = new Map([
    ['name', table.name],
    ['refId', context.refId],
    ['meta', JSON.stringify(frameMeta(table, context.channel))],
  ]);
  const schema = new Schema(fields, metadata);
  const length = table.fields[0]?.values.length ?? 0;
  const struct = makeData({ type: new Struct(fields), length, nullCount: 0, children: table.fields.map(columnOf) });
  return RecordBatchFileWriter.writeAll([new RecordBatch(schema, struct)]).toUint8Array(true);
}

function arrowType({ type }: TableField): DataType {
  switch (type) {
    case 'time':
      return new TimestampNanosecond();
    case 'number':
      return new Float64();
    case 'string':
      return new Utf8();
    // Grafana's SDK takes bytes for JSON.
    case 'json':
      return new Binary();
    case 'boolean':
      return new Bool();
  }
}

function columnOf(field: TableField): Data {
  switch (field.type) {
    case 'time':
      return timeColumn(field.values);
    case 'number':
      return numberColumn(field.values);
    case 'string':
      return vectorFromArray(field.values, new Utf8()).data[0] as Data;
    case 'json': {
      const bytes = field.values.map((text) => (text === null ? null : new TextEncoder().encode(text)));
      return vectorFromArray(bytes, new Binary()).data[0] as Data;
    }
    case 'boolean':
      return vectorFromArray(field.values, new Bool()).data[0] as Data;
  }
}

/** Series of one chart share their stamps. */
const timeColumns = new WeakMap<readonly (bigint | null)[], Data>();

function timeColumn(values: readonly (bigint | null)[]): Data {
  const known = timeColumns.get(values);
  if (known !== undefined) return known;
  const made = makeTimeColumn(values);
  timeColumns.set(values, made);
  return made;
}

function makeTimeColumn(values: readonly (bigint | null)[]): Data {
  const data = BigInt64Array.from(values, (value) => value ?? 0n);
  return makeData({ type: new TimestampNanosecond(), length: values.length, data, ...validity(values) });
}

function numberColumn(values: readonly (number | null)[] | Float64Array): Data {
  const type = new Float64();
  if (values instanceof Float64Array) return makeData({ type, length: values.length, data: values, nullCount: 0 });
  const data = Float64Array.from(values, (value) => value ?? 0);
  return makeData({ type, length: values.length, data, ...validity(values) });
}

/** Arrow's bitmap: bit i of byte i/8 is set where the value is present. */
function validity(values: readonly unknown[]): { nullCount: number; nullBitmap?: Uint8Array } {
  let nullCount = 0;
  for (const value of values) if (value === null) nullCount++;
  if (nullCount === 0) return { nullCount };
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries())
    if (value !== null) nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  return { nullCount, nullBitmap };
}

/** Grafana's FrameMeta. Empty members are left out, as the Go SDK does. */
function frameMeta(table: Table, channel: string | undefined): Record<string, unknown> {
  return {
    type: table.kind,
    typeVersion: table.version,
    ...(table.notices.length > 0 ? { notices: table.notices } : {}),
    ...(channel === undefined ? {} : { channel }),
    ...(table.visualisation === undefined ? {} : { preferredVisualisationType: table.visualisation }),
    ...(table.executedQuery === '' ? {} : { executedQueryString: table.executedQuery }),
    ...(table.topic === undefined ? {} : { dataTopic: table.topic }),
    ...(table.stats === undefined ? {} : { stats: table.stats.map(statOf) }),
  };
}

function statOf({ name, value, unit }: TableStat): Record<string, unknown> {
  return { displayName: name, value, ...(unit === undefined ? {} : { unit }) };
}

function fieldMetadata(field: TableField): Record<string, string> {
  const config = fieldConfig(field);
  return {
    name: field.name,
    ...(field.labels === undefined ? {} : { labels: JSON.stringify(field.labels.toRecord()) }),
    ...(Object.keys(config).length === 0 ? {} : { config: JSON.stringify(config) }),
  };
}

/** `displayNameFromDS`, not `displayName`, so that a user's override still wins. */
function fieldConfig(field: TableField): Record<string, unknown> {
  return {
    ...(field.displayName === undefined ? {} : { displayNameFromDS: field.displayName }),
    ...(field.unit === undefined ? {} : { unit: field.unit }),
    ...(field.decimals === undefined ? {} : { decimals: field.decimals }),
    ...(field.width === undefined ? {} : { custom: { width: field.width } }),
    ...(field.description === undefined ? {} : { description: field.description }),
    ...(field.intervalMs === undefined ? {} : { interval: field.intervalMs }),
  };
}
