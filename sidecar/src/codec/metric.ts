/**
 * One JSON metric to a sample. Plain numbers take a hand-checked way without zod (the hot path); whatever it does not
 * know at once goes through the schema, which also words the error. A property test holds the two ways equal.
 */
import { type WireMetric, wireMetric } from '@tapewatch/contract';
import { type Labels, type Nanos, nanos, type NumberSample, type Sample } from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import type { LabelInterner, WireLabels } from './label-interner.ts';
import { Fault } from './problem.ts';
import { schemaFault } from './schema-fault.ts';
import { histogramFromWire } from './wire-histogram.ts';
import { parseWireTime } from './wire-time.ts';

const UNIT_MAX_CHARACTERS = 64;
const HELP_MAX_CHARACTERS = 4096;

interface Raw {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly value?: unknown;
  readonly time?: unknown;
  readonly labels?: unknown;
  readonly unit?: unknown;
  readonly help?: unknown;
}

export function decodeMetric(item: unknown, context: DecodeContext, interner: LabelInterner): Sample | Fault {
  return fastMetric(item as Raw | null, context, interner) ?? checkedMetric(item, context, interner);
}

/** The sample, or undefined when the item is anything but a plain, valid number sample. */
export function fastMetric(
  item: Raw | null,
  context: DecodeContext,
  interner: LabelInterner,
): NumberSample | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { name, type = 'gauge', value, time, labels: own, unit, help } = item;
  if (typeof name !== 'string' || typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (type !== 'gauge' && type !== 'counter' && type !== 'observation') return undefined;
  if ('histogram' in item) return undefined;
  const timeNanos = fastTime(time, context.receivedNanos);
  if (timeNanos === undefined) return undefined;
  if (own !== undefined && (typeof own !== 'object' || own === null || Array.isArray(own))) return undefined;
  const labels = interner.intern(name, own as WireLabels | undefined, context.labels);
  if (labels instanceof Fault) return undefined;
  if (unit === undefined && help === undefined) return { kind: type, labels, timeNanos, value };
  if (unit !== undefined && (typeof unit !== 'string' || unit.length > UNIT_MAX_CHARACTERS)) return undefined;
  if (help !== undefined && (typeof help !== 'string' || help.length > HELP_MAX_CHARACTERS)) return undefined;
  return { kind: type, labels, timeNanos, value, ...described(unit, help) };
}

function fastTime(time: unknown, receivedNanos: bigint): Nanos | undefined {
  if (time === undefined) return nanos(receivedNanos);
  if (typeof time !== 'number' && (typeof time !== 'string' || time.length > 64)) return undefined;
  const parsed = parseWireTime(time, receivedNanos);
  return parsed instanceof Fault ? undefined : parsed;
}

/** The way through the schema; exported for the proof that the fast way agrees with it. */
export function checkedMetric(item: unknown, context: DecodeContext, interner: LabelInterner): Sample | Fault {
  const parsed = wireMetric.safeParse(item);
  if (!parsed.success) return schemaFault(parsed.error, item);
  const metric = parsed.data;
  const timeNanos =
    metric.time === undefined ? nanos(context.receivedNanos) : parseWireTime(metric.time, context.receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  // The record as it came: zod leaves out `__proto__`, which must be refused rather than forgotten.
  const own = (item as Raw).labels as WireLabels | undefined;
  const labels = interner.intern(metric.name, own, context.labels);
  return labels instanceof Fault ? labels : sampleOf(metric, labels, timeNanos);
}

function sampleOf(metric: WireMetric, labels: Labels, timeNanos: Nanos): Sample | Fault {
  const rest = described(metric.unit, metric.help);
  if (metric.type !== 'histogram') {
    return { kind: metric.type, labels, timeNanos, value: numberOf(metric.value as number | string), ...rest };
  }
  if (metric.histogram === undefined) return new Fault('schema', 'histogram: required for type histogram, got nothing');
  const histogram = histogramFromWire(metric.histogram);
  return histogram instanceof Fault ? histogram : { kind: 'histogram', labels, timeNanos, histogram, ...rest };
}

function numberOf(value: number | string): number {
  if (typeof value === 'number') return value;
  return value === 'NaN' ? NaN : value.startsWith('-') ? -Infinity : Infinity;
}

function described(unit: string | undefined, help: string | undefined): { unit?: string; help?: string } {
  return { ...(unit === undefined ? {} : { unit }), ...(help === undefined ? {} : { help }) };
}
