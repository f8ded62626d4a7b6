/**
 * A service's message about itself, such as `{"system_metrics": {"timestamp": ..., "service_name": ..., "metrics": {...}}}`, to
 * one series a field (docs/wire.md, "Messages of services"). A bad field loses only itself; an unknown number becomes a
 * gauge of its own name, so that a new indicator needs no change here; unknown text is counted.
 */
import {
  SERVICE_FIELDS,
  SERVICE_LABELS,
  SERVICE_MESSAGES,
  type ServiceField,
  serviceMetricName,
  type ServiceMessage,
} from '@tapewatch/contract';
import { asMetricName } from './line-series.ts';
import type { MetricOutlet } from './metric.ts';
import { Fault, shown } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

/** Fields of one message, and keys of one field. */
const FIELDS_MAX = 1_024;
const GROUPS = ['metrics', 'jvm_metrics'] as const;

const BY_PLACE: ReadonlyMap<string, ServiceField> = new Map(
  SERVICE_FIELDS.map((field) => [`${field.message}.${field.group}.${field.field}`, field]),
);

/** The one message that an object holds; undefined when it is something else. */
export function serviceMessageOf(item: unknown): { readonly kind: ServiceMessage; readonly body: Json } | undefined {
  if (!isObject(item) || 'name' in item) return undefined;
  const keys = Object.keys(item);
  const kind = SERVICE_MESSAGES.find((name) => name === keys[0]);
  const body = kind === undefined || keys.length > 1 ? undefined : item[kind];
  return kind === undefined || !isObject(body) ? undefined : { kind, body };
}

/** Puts every field; the fault is one of the message as a whole. */
export function putServiceMessage(
  { kind, body }: { readonly kind: ServiceMessage; readonly body: Json },
  outlet: MetricOutlet,
): Fault | undefined {
  const { timestamp, ...rest } = body;
  if (timestamp === undefined) outlet.stamp.receipt();
  else if (typeof timestamp !== 'string' && typeof timestamp !== 'number') {
    return new Fault('time', `${kind}.timestamp: expected text or a number, got ${shown(timestamp)}`);
  } else {
    const fault = outlet.stamp.parse(timestamp);
    if (fault !== undefined) return fault;
  }
  if (!isObject(body['metrics'])) {
    return new Fault('schema', `${kind}.metrics: expected an object of numbers, got ${shown(body['metrics'])}`);
  }
  new MessageReader(kind, outlet, labelsOf(kind, rest)).read(rest);
  return undefined;
}

function labelsOf(kind: ServiceMessage, rest: Json): Record<string, string> {
  const labels: Record<string, string> = { source: kind.replace(/_metrics$/, '') };
  for (const [field, label] of Object.entries(SERVICE_LABELS)) {
    const text = rest[field];
    if (typeof text === 'string') labels[label] = text;
  }
  return labels;
}

class MessageReader {
  readonly #kind: ServiceMessage;
  readonly #outlet: MetricOutlet;
  readonly #labels: Readonly<Record<string, string>>;
  #fields = 0;

  constructor(kind: ServiceMessage, outlet: MetricOutlet, labels: Readonly<Record<string, string>>) {
    this.#kind = kind;
    this.#outlet = outlet;
    this.#labels = labels;
  }

  read(rest: Json): void {
    for (const group of GROUPS) {
      const fields = rest[group];
      if (isObject(fields)) for (const [field, value] of Object.entries(fields)) this.#field(group, field, value);
    }
    for (const [field, value] of Object.entries(rest)) {
      if (isGroup(field) || Object.hasOwn(SERVICE_LABELS, field)) continue;
      this.#field('', field, value);
    }
  }

  #field(group: string, field: string, value: unknown): void {
    if (++this.#fields > FIELDS_MAX) {
      if (this.#fields === FIELDS_MAX + 1) this.#refuse(field, `more than ${FIELDS_MAX} fields`, value);
      return;
    }
    const known = BY_PLACE.get(`${this.#kind}.${group}.${field}`);
    const { name, kind, unit, keyLabel } = known ?? {
      name: asMetricName(serviceMetricName(group, field)),
      kind: 'gauge' as const,
      unit: undefined,
      keyLabel: 'key',
    };
    if (typeof value === 'number' || typeof value === 'boolean') {
      this.#number({ name, kind, unit, labels: this.#labels }, field, Number(value));
    } else if (isObject(value) && keyLabel !== undefined) {
      for (const [key, number] of Object.entries(value).slice(0, FIELDS_MAX)) {
        const labels = { ...this.#labels, [keyLabel]: key };
        if (typeof number === 'number') this.#number({ name, kind, unit, labels }, field, number);
        else this.#refuse(`${field}.${key}`, 'expected a number', number);
      }
      if (Object.keys(value).length > FIELDS_MAX) this.#refuse(field, `more than ${FIELDS_MAX} keys`, value);
    } else if (typeof value === 'string' && known === undefined) this.#countText(field);
    else this.#refuse(field, 'expected a number', value);
  }

  #number(
    series: {
      readonly name: string;
      readonly kind: 'gauge' | 'counter';
      readonly unit: string | undefined;
      readonly labels: Readonly<Record<string, string>>;
    },
    field: string,
    value: number,
  ): void {
    const { interner, context, sink, stamp, problems } = this.#outlet;
    if (!Number.isFinite(value)) return this.#refuse(field, 'expected a finite number', value);
    const ref = interner.ref(series, context.labels, sink);
    if (ref instanceof Fault) problems.add(ref, field);
    else sink.number(ref, stamp.seconds, stamp.nanos, value);
  }

  #refuse(field: string, expected: string, value: unknown): void {
    const detail = `${this.#kind}: ${shown(field)}: ${expected}, got ${shown(value)}`;
    this.#outlet.problems.add(new Fault('schema', detail), field.slice(0, 256));
  }

  #countText(field: string): void {
    this.#outlet.problems.add(new Fault('non_numeric', `${this.#kind}: ${shown(field)} is text`), field.slice(0, 256));
  }
}

function isGroup(field: string): boolean {
  return (GROUPS as readonly string[]).includes(field);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
