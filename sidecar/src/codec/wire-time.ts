/** Times of events to integer nanoseconds; the rules are those of `StampReader` (docs/wire.md, "Time"). */
import type { Nanos } from '@tapewatch/core';
import { Fault } from './problem.ts';
import { StampReader } from './stamp.ts';

const reader = new StampReader();

/** What stands in a message; nanoseconds where it was read already. */
export type WireTime = string | number | bigint;

/** Nanoseconds, or what is wrong with the value. */
export function parseWireTime(value: WireTime, receivedNanos: bigint): Nanos | Fault {
  if (typeof value === 'bigint') return value as Nanos;
  reader.begin(receivedNanos);
  return reader.parse(value) ?? (reader.toNanos() as Nanos);
}

/** The times of one message, those that are missing left undefined; the first fault wins. */
export function parseWireTimes(
  receivedNanos: bigint,
  required: WireTime,
  ...optional: readonly (WireTime | undefined)[]
): [Nanos, ...(Nanos | undefined)[]] | Fault {
  const first = parseWireTime(required, receivedNanos);
  if (first instanceof Fault) return first;
  const times: [Nanos, ...(Nanos | undefined)[]] = [first];
  for (const value of optional) {
    const time = value === undefined ? undefined : parseWireTime(value, receivedNanos);
    if (time instanceof Fault) return time;
    times.push(time);
  }
  return times;
}
