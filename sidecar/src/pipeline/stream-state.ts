/**
 * What the pipeline keeps for each configured stream: how to decode it, its watermark and its windows, and the policy
 * for stamps that are far from now.
 */
import { Watermark, WindowSet } from '@tapewatch/core';

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
  /** Histogram scale of its distributions. */
  readonly scale: number;
}

export type TimeRefusal = 'too_late' | 'future';

export class StreamState {
  readonly policy: StreamPolicy;
  readonly windows: WindowSet;
  readonly watermark: Watermark;

  constructor(policy: StreamPolicy, sealedUntilNanos: bigint) {
    this.policy = policy;
    this.windows = new WindowSet({ scale: policy.scale, sealedUntilNanos });
    this.watermark = new Watermark(
      { delayNanos: ms(policy.watermarkDelayMs), idleNanos: ms(policy.idleDelayMs) },
      sealedUntilNanos,
    );
  }

  /** Why a stamp cannot be taken, or undefined when it can. */
  refuseTime(timeNanos: bigint, nowNanos: bigint): TimeRefusal | undefined {
    if (timeNanos < nowNanos - ms(this.policy.maxLatenessMs)) return 'too_late';
    if (timeNanos > nowNanos + ms(this.policy.maxFutureMs)) return 'future';
    return undefined;
  }
}

function ms(value: number): bigint {
  return BigInt(Math.round(value)) * 1_000_000n;
}
