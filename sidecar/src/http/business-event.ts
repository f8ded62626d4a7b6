/**
 * Business events of services (API-03): `{"event_type": ..., "timestamp": ..., "service_name": ..., ...}`, one or an array.
 * Orders, fills, quotes and health go to their own tables, by the type's name; any other type is a business event.
 */
import { TapewatchError } from '../errors.ts';
import type { Intake, IntakeReceipt } from '../ports.ts';
import { UNPACKED_MAX_BYTES } from './request-body.ts';

type Kind = 'order' | 'fill' | 'quote' | 'health' | 'event';
type Json = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<string, Kind>> = {
  order: 'order',
  fill: 'fill',
  trade: 'fill',
  quote: 'quote',
  health: 'health',
};
const EVENTS_MAX = 10_000;

export async function submitEvents(
  intake: Intake,
  { subject, payload }: { readonly subject: string; readonly payload: Buffer },
): Promise<IntakeReceipt> {
  const contentType = 'application/json';
  let events: Json[];
  try {
    events = eventsOf(payload);
  } catch (error) {
    if (error instanceof TapewatchError) {
      const reason = error.code === 'intake.too_large' ? 'too_large' : 'syntax';
      intake.refuse({ subject, payloadKind: 'event', contentType, payload }, { reason, detail: error.message });
    }
    throw error;
  }
  const byKind = new Map<Kind, Json[]>();
  for (const event of events) {
    const type = typeof event['event_type'] === 'string' ? event['event_type'] : '';
    const known = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
    const kind = known ?? 'event';
    const item = kind === 'event' ? event : timed(event);
    byKind.set(kind, [...(byKind.get(kind) ?? []), item]);
  }
  const receipts: IntakeReceipt[] = [];
  for (const [payloadKind, items] of byKind) {
    const body = Buffer.from(JSON.stringify(items));
    receipts.push(
      await intake.submit({
        subject,
        payloadKind,
        contentType,
        payload: body,
        maxBytes: UNPACKED_MAX_BYTES,
      }),
    );
  }
  return {
    accepted: receipts.reduce((sum, { accepted }) => sum + accepted, 0),
    rejected: receipts.reduce((sum, { rejected }) => sum + rejected, 0),
    problems: receipts.flatMap(({ problems }) => problems),
  };
}

function eventsOf(payload: Buffer): Json[] {
  let document: unknown;
  try {
    document = JSON.parse(payload.toString());
  } catch (cause) {
    throw new TapewatchError(
      'query.invalid',
      'the body is not JSON; send one event as an object, or an array of them',
      { cause },
    );
  }
  const list: unknown[] = Array.isArray(document) ? document : [document];
  if (list.length > EVENTS_MAX) {
    throw new TapewatchError(
      'intake.too_large',
      `the body has ${list.length} events; at most ${EVENTS_MAX} are allowed`,
    );
  }
  return list.map((event) =>
    typeof event === 'object' && event !== null && !Array.isArray(event) ? (event as Json) : {},
  );
}

/** `timestamp` is the services' word for `time`. */
function timed(event: Json): Json {
  const { event_type: _type, timestamp, ...rest } = event;
  return timestamp === undefined ? rest : { time: timestamp, ...rest };
}
