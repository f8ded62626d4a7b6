/**
 * Millisecond ranges of queries as nanosecond bounds of stored stamps. A sample belongs to the millisecond it was
 * floored to (`msFromNanos`), so the range [startMs, endMs] holds the stamps from startMs up to, but not including,
 * the nanosecond at endMs + 1 ms. Bounds are clamped to what a signed 64-bit stamp can hold.
 */
import { NANOS_PER_MS } from '@tapewatch/core';

const MAX_MS = 9_223_372_036_854;

export interface NanosRange {
  /** Inclusive. */
  readonly from: bigint;
  /** Exclusive. */
  readonly to: bigint;
}

export function nanosRange(startMs: number, endMs: number): NanosRange {
  return { from: nanosAtMs(Math.ceil(startMs)), to: nanosAtMs(Math.floor(endMs) + 1) };
}

/** The first nanosecond of a millisecond. */
export function nanosAtMs(ms: number): bigint {
  return BigInt(Math.min(MAX_MS, Math.max(-MAX_MS, ms))) * NANOS_PER_MS;
}
