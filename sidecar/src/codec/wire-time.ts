/** Times of events to integer nanoseconds; the rules are those of `StampReader` (docs/wire.md, "Time"). */
import type { Nanos } from '@tapewatch/core';
import type { Fault } from './problem.ts';
import { StampReader } from './stamp.ts';

const reader = new StampReader();

/** Nanoseconds, or what is wrong with the value. */
export function parseWireTime(value: string | number, receivedNanos: bigint): Nanos | Fault {
  reader.begin(receivedNanos);
  return reader.parse(value) ?? (reader.toNanos() as Nanos);
}
