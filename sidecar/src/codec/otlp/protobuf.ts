/**
 * `ExportMetricsServiceRequest` from protobuf, field by field (numbers of opentelemetry-proto 1.x). Throws on bytes that
 * are no protobuf; the caller turns that into a problem. Unknown fields are skipped, as the format demands.
 */
import { ProtobufReader } from '../protobuf/reader.ts';
import {
  emptyExemplar,
  emptyMetric,
  emptyPoint,
  type OtlpBuckets,
  type OtlpKind,
  type OtlpMetric,
  type OtlpPoint,
  type OtlpResource,
  type OtlpTime,
} from './model.ts';

/** Nested attribute values past this depth are left out. */
const DEPTH_MAX = 16;

export type Pairs = [string, string][];

interface ResourceParts<T> {
  readonly attributes: Pairs;
  readonly parts: T[];
}

export function requestOfProtobuf(bytes: Uint8Array): OtlpResource[] {
  return readResources(bytes, readMetric).map(({ attributes, parts }) => ({ attributes, metrics: parts }));
}

/** The parts of a request by resource: metrics, or spans. Their messages have the same numbers down to the part. */
export function readResources<T>(bytes: Uint8Array, readPart: (reader: ProtobufReader) => T): ResourceParts<T>[] {
  const resources: ResourceParts<T>[] = [];
  const reader = new ProtobufReader(bytes);
  reader.fields((tag) => {
    if (tag === 1) resources.push(readResource(reader, readPart));
  });
  return resources;
}

function readResource<T>(reader: ProtobufReader, readPart: (reader: ProtobufReader) => T): ResourceParts<T> {
  const attributes: Pairs = [];
  const parts: T[] = [];
  reader.message((tag) => {
    if (tag === 1) {
      reader.message((inner) => {
        if (inner === 1) readAttribute(reader, attributes);
      });
    } else if (tag === 2) {
      reader.message((inner) => {
        if (inner === 2) parts.push(readPart(reader));
      });
    }
  });
  return { attributes, parts };
}

const KINDS: Readonly<Record<number, OtlpKind>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponential',
  11: 'summary',
};

function readMetric(reader: ProtobufReader): OtlpMetric {
  const metric = emptyMetric();
  reader.message((tag) => {
    const kind = KINDS[tag];
    if (tag === 1) metric.name = reader.string();
    else if (tag === 2) metric.description = reader.string();
    else if (tag === 3) metric.unit = reader.string();
    else if (kind !== undefined) {
      metric.kind = kind;
      readData(reader, metric, kind);
    }
  });
  return metric;
}

function readData(reader: ProtobufReader, metric: OtlpMetric, kind: OtlpKind): void {
  reader.message((tag) => {
    if (tag === 1) metric.points.push(READ_POINT[kind](reader));
    else if (tag === 2) metric.temporality = reader.varint();
    else if (tag === 3) metric.monotonic = reader.varint() !== 0;
  });
}

const READ_POINT: Readonly<Record<OtlpKind, (reader: ProtobufReader) => OtlpPoint>> = {
  gauge: readNumber,
  sum: readNumber,
  histogram: readHistogram,
  exponential: readExponential,
  summary: readSummary,
};

function readNumber(reader: ProtobufReader): OtlpPoint {
  const point = emptyPoint();
  const attributes: Pairs = [];
  reader.message((tag) => {
    if (tag === 7) readAttribute(reader, attributes);
    else if (tag === 2) point.start = fixedTime(reader);
    else if (tag === 3) point.time = fixedTime(reader);
    else if (tag === 4) point.value = reader.double();
    else if (tag === 5) readExemplar(reader, point);
    else if (tag === 6) point.value = reader.sfixed64();
    else if (tag === 8) point.flags = reader.varint();
  });
  return { ...point, attributes };
}

function readHistogram(reader: ProtobufReader): OtlpPoint {
  const point = emptyPoint();
  const attributes: Pairs = [];
  reader.message((tag) => {
    if (tag === 9) readAttribute(reader, attributes);
    else if (tag === 2) point.start = fixedTime(reader);
    else if (tag === 3) point.time = fixedTime(reader);
    else if (tag === 4) point.count = reader.fixed64();
    else if (tag === 5) point.sum = reader.double();
    else if (tag === 6) reader.packedFixed64(point.bucketCounts);
    else if (tag === 7) reader.packedDouble(point.explicitBounds);
    else if (tag === 8) readExemplar(reader, point);
    else if (tag === 10) point.flags = reader.varint();
    else if (tag === 11) point.min = reader.double();
    else if (tag === 12) point.max = reader.double();
  });
  return { ...point, attributes };
}

function readExponential(reader: ProtobufReader): OtlpPoint {
  const point = emptyPoint();
  const attributes: Pairs = [];
  reader.message((tag) => {
    if (tag === 1) readAttribute(reader, attributes);
    else if (tag === 2) point.start = fixedTime(reader);
    else if (tag === 3) point.time = fixedTime(reader);
    else if (tag === 4) point.count = reader.fixed64();
    else if (tag === 5) point.sum = reader.double();
    else if (tag === 6) point.scale = reader.svarint();
    else if (tag === 7) point.zeroCount = reader.fixed64();
    else if (tag === 8) point.positive = readBuckets(reader);
    else if (tag === 9) point.negative = readBuckets(reader);
    else if (tag === 10) point.flags = reader.varint();
    else if (tag === 11) readExemplar(reader, point);
    else if (tag === 12) point.min = reader.double();
    else if (tag === 13) point.max = reader.double();
    else if (tag === 14) point.zeroThreshold = reader.double();
  });
  return { ...point, attributes };
}

function readSummary(reader: ProtobufReader): OtlpPoint {
  const point = emptyPoint();
  const attributes: Pairs = [];
  reader.message((tag) => {
    if (tag === 7) readAttribute(reader, attributes);
    else if (tag === 2) point.start = fixedTime(reader);
    else if (tag === 3) point.time = fixedTime(reader);
    else if (tag === 4) point.count = reader.fixed64();
    else if (tag === 5) point.sum = reader.double();
    else if (tag === 8) point.flags = reader.varint();
    else if (tag === 6) {
      const entry = { quantile: 0, value: 0 };
      reader.message((inner) => {
        if (inner === 1) entry.quantile = reader.double();
        else if (inner === 2) entry.value = reader.double();
      });
      point.quantiles.push(entry);
    }
  });
  return { ...point, attributes };
}

function readBuckets(reader: ProtobufReader): OtlpBuckets {
  const buckets: OtlpBuckets = { offset: 0, bucketCounts: [] };
  reader.message((tag) => {
    if (tag === 1) buckets.offset = reader.svarint();
    else if (tag === 2) reader.packedVarint(buckets.bucketCounts);
  });
  return buckets;
}

function readExemplar(reader: ProtobufReader, point: OtlpPoint): void {
  const exemplar = emptyExemplar();
  const attributes: Pairs = [];
  reader.message((tag) => {
    if (tag === 2) exemplar.time = fixedTime(reader);
    else if (tag === 3) exemplar.value = reader.double();
    else if (tag === 4) exemplar.spanId = Buffer.from(reader.bytes()).toString('hex');
    else if (tag === 5) exemplar.traceId = Buffer.from(reader.bytes()).toString('hex');
    else if (tag === 6) exemplar.value = reader.sfixed64();
    else if (tag === 7) readAttribute(reader, attributes);
  });
  (point.exemplars ??= []).push({ ...exemplar, attributes });
}

export function fixedTime(reader: ProtobufReader): OtlpTime {
  const low = reader.fixed32();
  return { high: reader.fixed32(), low };
}

export function readAttribute(reader: ProtobufReader, into: Pairs): void {
  let key = '';
  let value: unknown = '';
  reader.message((tag) => {
    if (tag === 1) key = reader.string();
    else if (tag === 2) value = readAny(reader, 0);
  });
  into.push([key, attributeText(value)]);
}

function readAny(reader: ProtobufReader, depth: number): unknown {
  let value: unknown = '';
  reader.message((tag) => {
    if (tag === 1) value = reader.string();
    else if (tag === 2) value = reader.varint() !== 0;
    else if (tag === 3) value = reader.int64();
    else if (tag === 4) value = reader.double();
    else if (tag === 7) value = Buffer.from(reader.bytes()).toString('base64');
    else if (depth >= DEPTH_MAX) value = '';
    else if (tag === 5) value = readList(reader, depth);
    else if (tag === 6) value = readMap(reader, depth);
  });
  return value;
}

function readList(reader: ProtobufReader, depth: number): unknown[] {
  const list: unknown[] = [];
  reader.message((tag) => {
    if (tag === 1) list.push(readAny(reader, depth + 1));
  });
  return list;
}

function readMap(reader: ProtobufReader, depth: number): Record<string, unknown> {
  const map = Object.create(null) as Record<string, unknown>;
  reader.message((tag) => {
    if (tag !== 1) return;
    let key = '';
    reader.message((inner) => {
      if (inner === 1) key = reader.string();
      else if (inner === 2) map[key] = readAny(reader, depth + 1);
    });
  });
  return map;
}

/** As Prometheus writes a pdata value as text. */
export function attributeText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
