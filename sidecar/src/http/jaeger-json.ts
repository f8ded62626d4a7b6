/**
 * Traces in Jaeger's JSON: microseconds, typed tags, and a process for each service and host. What OpenTelemetry says of a
 * span is told by the tags that its translation to Jaeger names (`span.kind`, `otel.status_code`, `error`).
 */
import type { JaegerSpan, JaegerTag, JaegerTrace } from '@tapewatch/contract';
import type { Trace, TraceRow, TraceTag } from '../ports.ts';

/** Undefined when there are no rows. */
export function jaegerTraceOf(trace: Trace): JaegerTrace | undefined {
  const [first] = trace;
  if (first === undefined) return undefined;
  const processes = new Map<string, { readonly id: string; readonly row: TraceRow }>();
  const spans = trace.map((row) => {
    const key = JSON.stringify([row.serviceName, row.serviceTags]);
    const process = processes.get(key) ?? { id: `p${processes.size + 1}`, row };
    processes.set(key, process);
    return spanOf(row, process.id);
  });
  const told = [...processes.values()].map(({ id, row: { serviceName, serviceTags } }) => {
    return [id, { serviceName, tags: serviceTags.map(tagOf) }] as const;
  });
  return { traceID: first.traceID, spans, processes: Object.fromEntries(told), warnings: null };
}

function spanOf(row: TraceRow, processID: string): JaegerSpan {
  const { traceID, spanID, parentSpanID, operationName, startTime, duration, tags, logs } = row;
  return {
    ...{ traceID, spanID, operationName, processID, warnings: null },
    references: parentSpanID === '' ? [] : [{ refType: 'CHILD_OF', traceID, spanID: parentSpanID }],
    startTime: microseconds(startTime),
    duration: microseconds(duration),
    tags: [...statusTags(row), ...tags.map(tagOf)],
    logs: logs.map(({ timestamp, fields }) => ({ timestamp: microseconds(timestamp), fields: fields.map(tagOf) })),
  };
}

const STATUS_OK = 1;
const STATUS_ERROR = 2;

function statusTags({ kind, statusCode, statusMessage }: TraceRow): JaegerTag[] {
  const tags: JaegerTag[] = kind === 'unspecified' ? [] : [{ key: 'span.kind', type: 'string', value: kind }];
  if (statusCode === STATUS_OK) tags.push({ key: 'otel.status_code', type: 'string', value: 'OK' });
  if (statusCode !== STATUS_ERROR) return tags;
  tags.push({ key: 'otel.status_code', type: 'string', value: 'ERROR' }, { key: 'error', type: 'bool', value: true });
  if (statusMessage !== '') tags.push({ key: 'otel.status_description', type: 'string', value: statusMessage });
  return tags;
}

function tagOf({ key, value }: TraceTag): JaegerTag {
  if (typeof value === 'string') return { key, type: 'string', value };
  return { key, type: Number.isSafeInteger(value) ? 'int64' : 'float64', value };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1_000);
}
