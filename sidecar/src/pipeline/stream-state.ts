/**
 * What the pipeline keeps for each configured stream: how far apart stamps and the clock may be, the newest stamp, the
 * watermark behind it, and what was counted since the last flush. Stamps are seconds since the epoch, fractional.
 */
import type { MetricKind } from '@tapewatch/core';
import type { Telemetry } from '../ports.ts';

export interface StreamPolicy {
  readonly name: string;
  /** Distance of the watermark behind the newest stamp. */
  readonly watermarkDelayMs: number;
  /** Distance of the watermark behind the clock when nothing arrives. */
  readonly idleDelayMs: number;
  /** Older stamps than this are refused, milliseconds behind the clock. */
  readonly maxLatenessMs: number;
  /** Newer stamps than this are refused, milliseconds ahead of the clock. */
  readonly maxFutureMs: number;
  /** What a metric is that came as a gauge; undefined leaves it one. */
  readonly kindOf?: (name: string) => MetricKind | undefined;
}

/** Why a stamp is not taken; docs/wire.md lists these reasons. */
export const TIME_REFUSALS = ['too_late', 'future'] as const;
export type TimeRefusal = (typeof TIME_REFUSALS)[number];

export class StreamState {
  readonly policy: StreamPolicy;
  /** Position among the streams. */
  readonly number: number;
  /** Newest stamp taken in; of stamps ahead of the clock, the clock. */
  newest = 0;
  watermark = 0;
  /** Bounds for stamps, by the clock of the last `tick`. */
  oldestTaken = 0;
  newestTaken = 0;
  messages = 0;
  bytes = 0;
  stored = 0;
  late = 0;
  duplicates = 0;
  /** Exemplars that were not kept, by reason. */
  readonly droppedExemplars = new Map<string, number>();

  constructor(policy: StreamPolicy, number: number) {
    this.policy = policy;
    this.number = number;
  }

  /** Why a stamp cannot be taken, or undefined when it can. */
  refuseTime(seconds: number): TimeRefusal | undefined {
    if (seconds < this.oldestTaken) return 'too_late';
    return seconds > this.newestTaken ? 'future' : undefined;
  }

  /** Moves the bounds and the watermark, which never goes back, on. */
  tick(nowSeconds: number): void {
    const { watermarkDelayMs, idleDelayMs, maxLatenessMs, maxFutureMs } = this.policy;
    this.oldestTaken = nowSeconds - maxLatenessMs / 1_000;
    this.newestTaken = nowSeconds + maxFutureMs / 1_000;
    const behindNewest = this.newest - watermarkDelayMs / 1_000;
    this.watermark = Math.max(this.watermark, behindNewest, nowSeconds - idleDelayMs / 1_000);
  }

  dropExemplar(reason: string): void {
    this.droppedExemplars.set(reason, (this.droppedExemplars.get(reason) ?? 0) + 1);
  }

  /** Hands over what was counted since the last time; per message it would cost more than the message. */
  tell(telemetry: Pick<Telemetry, 'received' | 'duplicates' | 'late' | 'dropped'>): void {
    const { name } = this.policy;
    if (this.messages > 0) telemetry.received(name, this.messages, this.bytes);
    if (this.duplicates > 0) telemetry.duplicates(name, this.duplicates);
    if (this.late > 0) telemetry.late(name, this.late);
    for (const [reason, items] of this.droppedExemplars) telemetry.dropped(name, reason, items);
    this.droppedExemplars.clear();
    this.messages = this.bytes = this.duplicates = this.late = 0;
  }
}

/** How many items of each stream the present batch holds; begins anew. */
export function takeStored(states: readonly StreamState[]): Map<string, number> {
  const stored = new Map<string, number>();
  for (const state of states) {
    if (state.stored > 0) stored.set(state.policy.name, state.stored);
    state.stored = 0;
  }
  return stored;
}
