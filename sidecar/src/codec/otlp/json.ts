/**
 * OTLP's JSON encoding: camelCase keys, 64-bit integers as text or number, enumerations as numbers (names are taken
 * too). Lenient where the specification is: unknown keys are ignored. What is not of the shape is absent.
 */
import { attributeText } from './protobuf.ts';
import {
  type Attributes,
  emptyMetric,
  emptyPoint,
  type OtlpBuckets,
  type OtlpExemplar,
  type OtlpMetric,
  type OtlpPoint,
  type OtlpResource,
  type OtlpTime,
} from './model.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Nested attribute values past this depth are left out. */
const DEPTH_MAX = 16;
const DATA = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential'],
  ['summary', 'summary'],
] as const;

export function requestOfJson(document: unknown): OtlpResource[] {
  return listOf(objectOf(document)['resourceMetrics']).map((resource) => ({
    attributes: attributesOf(objectOf(resource['resource'])['attributes']),
    metrics: listOf(resource['scopeMetrics']).flatMap((scope) => listOf(scope['metrics']).map(metricOf)),
  }));
}

function metricOf(json: Json): OtlpMetric {
  const metric = emptyMetric();
  metric.name = textOf(json['name']);
  metric.description = textOf(json['description']);
  metric.unit = textOf(json['unit']);
  for (const [key, kind] of DATA) {
    if (json[key] === undefined) continue;
    const data = objectOf(json[key]);
    metric.kind = kind;
    metric.temporality = temporalityOf(data['aggregationTemporality']);
    metric.monotonic = data['isMonotonic'] === true;
    metric.points = listOf(data['dataPoints']).map(pointOf);
  }
  return metric;
}

function pointOf(json: Json): OtlpPoint {
  const optional = (key: 'sum' | 'min' | 'max' | 'zeroThreshold'): object =>
    json[key] === undefined ? {} : { [key]: numberOf(json[key]) };
  const value = json['asDouble'] ?? json['asInt'];
  return {
    ...emptyPoint(),
    attributes: attributesOf(json['attributes']),
    time: timeOf(json['timeUnixNano']),
    start: timeOf(json['startTimeUnixNano']),
    flags: numberOf(json['flags'] ?? 0),
    ...(value === undefined ? {} : { value: numberOf(value) }),
    count: numberOf(json['count'] ?? 0),
    ...optional('sum'),
    ...optional('min'),
    ...optional('max'),
    bucketCounts: numbersOf(json['bucketCounts']),
    explicitBounds: numbersOf(json['explicitBounds']),
    scale: numberOf(json['scale'] ?? 0),
    zeroCount: numberOf(json['zeroCount'] ?? 0),
    ...optional('zeroThreshold'),
    ...(json['positive'] === undefined ? {} : { positive: bucketsOf(objectOf(json['positive'])) }),
    ...(json['negative'] === undefined ? {} : { negative: bucketsOf(objectOf(json['negative'])) }),
    quantiles: listOf(json['quantileValues']).map((entry) => ({
      quantile: numberOf(entry['quantile'] ?? 0),
      value: numberOf(entry['value'] ?? 0),
    })),
    ...(json['exemplars'] === undefined ? {} : { exemplars: listOf(json['exemplars']).map(exemplarOf) }),
  };
}

function exemplarOf(json: Json): OtlpExemplar {
  const value = json['asDouble'] ?? json['asInt'];
  return {
    attributes: attributesOf(json['filteredAttributes']),
    time: timeOf(json['timeUnixNano']),
    value: value === undefined ? undefined : numberOf(value),
    traceId: textOf(json['traceId']),
    spanId: textOf(json['spanId']),
  };
}

function bucketsOf(json: Json): OtlpBuckets {
  return { offset: numberOf(json['offset'] ?? 0), bucketCounts: numbersOf(json['bucketCounts']) };
}

export function attributesOf(json: unknown): Attributes {
  return listOf(json).map((pair) => [textOf(pair['key']), attributeText(anyOf(objectOf(pair['value']), 0))]);
}

function anyOf(json: Json, depth: number): unknown {
  if (depth > DEPTH_MAX) return '';
  if (json['arrayValue'] !== undefined) {
    return listOf(objectOf(json['arrayValue'])['values']).map((value) => anyOf(value, depth + 1));
  }
  if (json['kvlistValue'] !== undefined) {
    const pairs = listOf(objectOf(json['kvlistValue'])['values']);
    return Object.fromEntries(pairs.map((pair) => [textOf(pair['key']), anyOf(objectOf(pair['value']), depth + 1)]));
  }
  const value =
    json['stringValue'] ?? json['boolValue'] ?? json['intValue'] ?? json['doubleValue'] ?? json['bytesValue'];
  return value === undefined || typeof value === 'object' ? '' : value;
}

function temporalityOf(value: unknown): number {
  if (value === 'AGGREGATION_TEMPORALITY_DELTA') return 1;
  return value === 'AGGREGATION_TEMPORALITY_CUMULATIVE' ? 2 : numberOf(value ?? 0);
}

export function timeOf(value: unknown): OtlpTime {
  return typeof value === 'string' || typeof value === 'number' ? value : 0;
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : typeof value === 'string' && value.length <= 64 ? Number(value) : NaN;
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.map(numberOf) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}
