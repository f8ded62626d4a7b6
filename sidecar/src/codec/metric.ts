/**
 * One JSON metric into the sink. Plain numbers take a hand-checked way without zod; whatever it does not know at once
 * goes through the schema, which also words the error. A property test holds the two ways equal.
 */
import { SPAN_ID_MAX_CHARACTERS, TRACE_ID_MAX_CHARACTERS, type WireMetric, wireMetric } from '@tapewatch/contract';
import type { DecodeContext, SampleSink, SeriesRef } from '../ports.ts';
import { type LabelInterner, tooManyLabels, type WireLabels } from './label-interner.ts';
import { LABELS_MAX } from './limit.ts';
import { Fault, type ProblemList } from './problem.ts';
import { schemaFault } from './schema-fault.ts';
import { putServiceMessage, serviceMessageOf } from './service-message.ts';
import type { StampReader } from './stamp.ts';
import { traceLabels } from './trace-label.ts';
import { histogramFromWire } from './wire-histogram.ts';

const UNIT_MAX_CHARACTERS = 64;
const HELP_MAX_CHARACTERS = 4096;

/** What an item needs besides itself. */
export interface MetricOutlet {
  readonly context: DecodeContext;
  readonly interner: LabelInterner;
  readonly stamp: StampReader;
  readonly sink: SampleSink;
  readonly problems: ProblemList;
}

interface Raw {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly value?: unknown;
  readonly time?: unknown;
  readonly labels?: unknown;
  readonly unit?: unknown;
  readonly help?: unknown;
  readonly trace_id?: unknown;
  readonly span_id?: unknown;
}

/** The sample is in the sink, or what is wrong with the item is returned. */
export function putMetric(item: unknown, outlet: MetricOutlet): Fault | undefined {
  if (fastMetric(item as Raw | null, outlet)) return undefined;
  const fault = crowdedFault(item as Raw | null);
  if (fault !== undefined) return fault;
  const message = serviceMessageOf(item);
  return message === undefined ? checkedMetric(item, outlet) : putServiceMessage(message, outlet);
}

/** Before the schema looks at every label: a refusal must not cost what a thousand good items do. */
function crowdedFault(item: Raw | null): Fault | undefined {
  if (typeof item !== 'object' || typeof item?.labels !== 'object' || Array.isArray(item.labels)) return undefined;
  let count = 0;
  for (const _ in item.labels) {
    if (++count > LABELS_MAX) return tooManyLabels(typeof item.name === 'string' ? item.name : '');
  }
  return undefined;
}

/** True when the item was a plain, valid number sample and is in the sink; else nothing has happened. */
export function fastMetric(item: Raw | null, { context, interner, stamp, sink }: MetricOutlet): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const { name, type = 'gauge', value, time, labels: own, unit, help, trace_id: trace, span_id: span } = item;
  if (typeof name !== 'string' || typeof value !== 'number' || !Number.isFinite(value)) return false;
  if (type !== 'gauge' && type !== 'counter' && type !== 'observation') return false;
  if ('histogram' in item || !fastTime(time, stamp)) return false;
  if (own !== undefined && (typeof own !== 'object' || own === null || Array.isArray(own))) return false;
  if (unit !== undefined && (typeof unit !== 'string' || unit.length > UNIT_MAX_CHARACTERS)) return false;
  if (help !== undefined && (typeof help !== 'string' || help.length > HELP_MAX_CHARACTERS)) return false;
  if (!isId(trace, TRACE_ID_MAX_CHARACTERS) || !isId(span, SPAN_ID_MAX_CHARACTERS)) return false;
  const identity = { name, labels: own as WireLabels | undefined, kind: type, unit, help } as const;
  const ref = interner.ref(identity, context.labels, sink);
  if (ref instanceof Fault) return false;
  sink.number(ref, stamp.seconds, stamp.nanos, value);
  putExemplar(ref, value, { trace, span }, { stamp, sink });
  return true;
}

function isId(id: unknown, maxCharacters: number): id is string | null | undefined {
  return id === undefined || id === null || (typeof id === 'string' && id.length <= maxCharacters);
}

/** The sample just put, as the exemplar of its series, when it came with an id. */
function putExemplar(
  ref: SeriesRef,
  value: number,
  { trace, span }: Readonly<Record<'trace' | 'span', string | null | undefined>>,
  { stamp, sink }: Pick<MetricOutlet, 'stamp' | 'sink'>,
): void {
  if (trace === undefined && span === undefined) return;
  const labels = traceLabels(trace ?? '', span ?? '');
  if (labels !== undefined) sink.exemplar(ref, { seconds: stamp.seconds, nanos: stamp.nanos, value, labels });
}

function fastTime(time: unknown, stamp: StampReader): boolean {
  if (time === undefined) {
    stamp.receipt();
    return true;
  }
  if (typeof time !== 'number' && (typeof time !== 'string' || time.length > 64)) return false;
  return stamp.parse(time) === undefined;
}

/** The way through the schema; exported for the proof that the fast way agrees with it. */
export function checkedMetric(item: unknown, outlet: MetricOutlet): Fault | undefined {
  const parsed = wireMetric.safeParse(item);
  if (!parsed.success) return schemaFault(parsed.error, item);
  const metric = parsed.data;
  const { stamp } = outlet;
  if (metric.time === undefined) stamp.receipt();
  const fault = metric.time === undefined ? undefined : stamp.parse(metric.time);
  // The record as it came: zod leaves out `__proto__`, which must be refused rather than forgotten.
  return fault ?? put(metric, (item as Raw).labels as WireLabels | undefined, outlet);
}

function put(metric: WireMetric, labels: WireLabels | undefined, outlet: MetricOutlet): Fault | undefined {
  const { context, interner, stamp, sink } = outlet;
  const histogram = metric.type === 'histogram' ? histogramOf(metric) : undefined;
  if (histogram instanceof Fault) return histogram;
  const { name, type: kind, unit, help } = metric;
  const ref = interner.ref({ name, labels, kind, unit, help }, context.labels, sink);
  if (ref instanceof Fault) return ref;
  if (histogram !== undefined) sink.histogram(ref, stamp.seconds, stamp.nanos, histogram);
  else {
    const value = numberOf(metric.value as number | string);
    sink.number(ref, stamp.seconds, stamp.nanos, value);
    putExemplar(ref, value, { trace: metric.trace_id, span: metric.span_id }, outlet);
  }
  return undefined;
}

function histogramOf(metric: WireMetric): ReturnType<typeof histogramFromWire> {
  if (metric.histogram !== undefined) return histogramFromWire(metric.histogram);
  return new Fault('schema', 'histogram: required for type histogram, got nothing');
}

function numberOf(value: number | string): number {
  if (typeof value === 'number') return value;
  return value === 'NaN' ? NaN : value.startsWith('-') ? -Infinity : Infinity;
}
