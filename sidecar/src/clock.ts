/**
 * The system clock with sub-millisecond resolution: the monotonic clock, anchored to the wall clock and anchored anew
 * when the two have drifted apart (a step or a slow discipline of the system time).
 */
import type { Clock } from './ports.ts';

const MAX_DRIFT_NANOS = 5_000_000n;

export class SystemClock implements Clock {
  #offset = wall() - process.hrtime.bigint();

  now(): bigint {
    const now = process.hrtime.bigint() + this.#offset;
    const drift = now - wall();
    // The wall clock has whole milliseconds, so up to one of them is no drift.
    if (drift > -MAX_DRIFT_NANOS && drift < MAX_DRIFT_NANOS) return now;
    this.#offset = wall() - process.hrtime.bigint();
    return wall();
  }

  every(intervalMs: number, callback: () => void): () => void {
    const timer = setInterval(callback, intervalMs);
    return () => clearInterval(timer);
  }
}

function wall(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
