/** A business event to its row: every key that is no column is context, and becomes a label. */
import { type WireEvent, wireEvent } from '@tapewatch/contract';
import { type BusinessEvent, fingerprintText, nanos } from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import { LABEL_NAME_MAX_BYTES, LABEL_VALUE_MAX_BYTES, LABELS_MAX } from './limit.ts';
import { Fault } from './problem.ts';
import { parseWireTime } from './wire-time.ts';

const COLUMNS: ReadonlySet<string> = new Set(Object.keys(wireEvent.shape));

/** A context with what is remembered of the message that is being read. */
export interface MessageContext extends DecodeContext {
  readonly ownIds?: OwnIds;
}

export function businessEventOf(event: WireEvent, context: MessageContext): BusinessEvent | Fault {
  const time = event.time ?? event.timestamp;
  const timeNanos = time === undefined ? nanos(context.receivedNanos) : parseWireTime(time, context.receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  const labels = labelsOf(event, context.labels);
  if (labels instanceof Fault) return labels;
  const row = {
    table: 'events' as const,
    timeNanos,
    serviceName: event.service_name,
    instanceId: event.instance_id,
    eventType: event.event_type,
    metricName: event.metric_name,
    metricValue: event.metric_value,
    labels,
    durationMs: event.duration_ms,
    userId: String(event.user_id),
  };
  const { ownIds = new OwnIds() } = context;
  return { ...row, correlationId: String(event.correlation_id) || ownIds.of(row) };
}

/**
 * Ids of the events of one message whose publisher names none. They follow from all that an event says, so that the same
 * message sent again has the same; of equal events in one message each further one has its number.
 */
export class OwnIds {
  readonly #given = new Map<string, number>();

  of({ timeNanos, ...said }: Omit<BusinessEvent, 'correlationId'>): string {
    const day = new Date(Number(timeNanos / 1_000_000n)).toISOString().slice(0, 10).replaceAll('-', '');
    const id = `event_${day}_${fingerprintText(JSON.stringify([String(timeNanos), said]))}`;
    const before = this.#given.get(id) ?? 0;
    this.#given.set(id, before + 1);
    return before === 0 ? id : `${id}_${before + 1}`;
  }
}

/** Those of the stream first; what the payload says wins, `labels` before `context` before other keys. */
function labelsOf(event: WireEvent, streamLabels: DecodeContext['labels']): Record<string, string> | Fault {
  const found = new Map<string, string>();
  const add = (entries: object): void => {
    for (const [name, value] of Object.entries(entries)) {
      if (value !== null && value !== undefined)
        found.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
  };
  add(Object.fromEntries(Object.entries(streamLabels).filter(([name]) => !COLUMNS.has(name))));
  add(Object.fromEntries(Object.entries(event).filter(([name]) => !COLUMNS.has(name))));
  add(event.context);
  add(event.labels);
  if (found.size > LABELS_MAX) {
    return new Fault('label_limit', `labels: at most ${LABELS_MAX} with the context, got ${found.size}`);
  }
  for (const [name, value] of found) {
    if (Buffer.byteLength(name) > LABEL_NAME_MAX_BYTES || Buffer.byteLength(value) > LABEL_VALUE_MAX_BYTES) {
      const limits = `at most ${LABEL_NAME_MAX_BYTES} bytes of name and ${LABEL_VALUE_MAX_BYTES} of value`;
      return new Fault('label_limit', `labels.${name.slice(0, 120)}: ${limits}, got ${value.length} characters`);
    }
  }
  return Object.fromEntries(found);
}
