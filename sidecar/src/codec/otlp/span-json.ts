/** Spans in OTLP's JSON encoding: ids in hexadecimal, enumerations as numbers (names are taken too). Lenient as for metrics. */
import { attributesOf, type Json, listOf, numberOf, objectOf, textOf, timeOf } from './json.ts';
import type { OtlpResourceSpans, OtlpSpan } from './model.ts';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUSES = ['UNSET', 'OK', 'ERROR'];

export function isTracesRequest(document: unknown): boolean {
  return objectOf(document)['resourceSpans'] !== undefined;
}

export function spansOfJson(document: unknown): OtlpResourceSpans[] {
  return listOf(objectOf(document)['resourceSpans']).map((resource) => ({
    attributes: attributesOf(objectOf(resource['resource'])['attributes']),
    spans: listOf(resource['scopeSpans']).flatMap((scope) => listOf(scope['spans']).map(spanOf)),
  }));
}

function spanOf(json: Json): OtlpSpan {
  const status = objectOf(json['status']);
  return {
    traceId: textOf(json['traceId']),
    spanId: textOf(json['spanId']),
    parentSpanId: textOf(json['parentSpanId']),
    name: textOf(json['name']),
    kind: enumOf(json['kind'], 'SPAN_KIND_', KINDS),
    start: timeOf(json['startTimeUnixNano']),
    end: timeOf(json['endTimeUnixNano']),
    attributes: attributesOf(json['attributes']),
    status: enumOf(status['code'], 'STATUS_CODE_', STATUSES),
    statusMessage: textOf(status['message']),
  };
}

function enumOf(value: unknown, prefix: string, names: readonly string[]): number {
  if (typeof value !== 'string') return numberOf(value ?? 0);
  const at = names.indexOf(value.startsWith(prefix) ? value.slice(prefix.length) : value);
  return at === -1 ? numberOf(value) : at;
}
