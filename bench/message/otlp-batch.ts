/** A batch as an OTLP `ExportMetricsServiceRequest`: one resource, a gauge for each name, as the protocol's own files say. */
import protobuf from 'protobufjs';
import type { Item } from '../templates.ts';
import { PLACEHOLDER } from './stamp.ts';

/** The part of opentelemetry/proto/metrics/v1/metrics.proto that gauges need, by its field numbers. */
const REQUEST = protobuf
  .parse(
    `syntax = "proto3";
    message Request { repeated ResourceMetrics resource_metrics = 1; }
    message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
    message Resource { repeated KeyValue attributes = 1; }
    message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
    message Scope { string name = 1; }
    message Metric { string name = 1; Gauge gauge = 5; }
    message Gauge { repeated Point data_points = 1; }
    message Point { fixed64 time_unix_nano = 3; double as_double = 4; repeated KeyValue attributes = 7; }
    message KeyValue { string key = 1; Value value = 2; }
    message Value { string string_value = 1; }`,
  )
  .root.lookupType('Request');

export function otlpJsonBatch(items: readonly Item[]): Buffer {
  return Buffer.from(JSON.stringify(requestOf(items)));
}

export function otlpBatch(items: readonly Item[]): Buffer {
  return Buffer.from(REQUEST.encode(REQUEST.fromObject(requestOf(items))).finish());
}

/** Gauges: the stream's `kinds` say which of them are observations, as they do for line protocol. */
function requestOf(items: readonly Item[]): Record<string, unknown> {
  const names = [...new Set(items.map(({ series }) => series.name))];
  const metrics = names.map((name) => ({
    name,
    gauge: { dataPoints: items.filter(({ series }) => series.name === name).map(pointOf) },
  }));
  const resource = { attributes: attributesOf({ 'service.name': 'bench' }) };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'bench' }, metrics }] }] };
}

function pointOf({ series, value }: Item): object {
  return { timeUnixNano: PLACEHOLDER, asDouble: value, attributes: attributesOf(series.labels) };
}

function attributesOf(labels: Readonly<Record<string, string>>): object[] {
  return Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}
