/**
 * The probability that an order is filled within a time, by Kaplan and Meier (JASA 53, 1958): an order that was cancelled
 * or is still open was not filled *until then*, and counts as such rather than being dropped, which would flatter the venue.
 * Interval: Greenwood's variance on the log(-log) scale (Kalbfleisch and Prentice 1980), which stays within [0, 1].
 */
import { normalQuantile } from '../../stats/normal-quantile.ts';
import { DEFAULT_CONFIDENCE, type Estimate } from '../../stats/wilson.ts';
import type { OrderLife } from './order-life.ts';

export interface Waiting {
  readonly seconds: number;
  /** False: cancelled, expired or still open after that time. */
  readonly filled: boolean;
}

/** From acknowledgement to the first fill, or to the end; null for an order that the venue did not take. */
export function waitingOf(order: OrderLife, nowNanos: bigint): Waiting | null {
  const from = order.ackNanos;
  if (from === null || order.rejectNanos !== null) return null;
  const filled = order.firstFillNanos !== null;
  const until = order.firstFillNanos ?? order.endNanos ?? nowNanos;
  return until < from ? null : { seconds: Number(until - from) / 1e9, filled };
}

export class FillProbability {
  readonly #steps: readonly Step[];

  /** O(n log n). */
  constructor(waitings: readonly Waiting[]) {
    this.#steps = stepsOf([...waitings].sort((a, b) => a.seconds - b.seconds));
  }

  /** Null before anything is known, and past the last observation unless all were filled by then. */
  within(seconds: number, confidence = DEFAULT_CONFIDENCE): Estimate | null {
    const last = this.#steps.at(-1);
    if (last === undefined || (seconds > last.seconds && last.survival > 0)) return null;
    const step = this.#steps.findLast((candidate) => candidate.seconds <= seconds);
    if (step === undefined || step.survival === 1) return { value: 0, lower: null, upper: null };
    const { survival, greenwood } = step;
    if (survival === 0) return { value: 1, lower: null, upper: null };
    const spread = normalQuantile((1 + confidence) / 2) * (Math.sqrt(greenwood) / Math.abs(Math.log(survival)));
    return {
      value: 1 - survival,
      lower: 1 - survival ** Math.exp(-spread),
      upper: 1 - survival ** Math.exp(spread),
    };
  }
}

interface Step {
  readonly seconds: number;
  readonly survival: number;
  readonly greenwood: number;
}

function stepsOf(sorted: readonly Waiting[]): Step[] {
  const steps: Step[] = [];
  let [survival, greenwood] = [1, 0];
  for (let i = 0; i < sorted.length;) {
    const { seconds } = sorted[i] as Waiting;
    const atRisk = sorted.length - i;
    let fills = 0;
    for (; i < sorted.length && (sorted[i] as Waiting).seconds === seconds; i++)
      if ((sorted[i] as Waiting).filled) fills++;
    survival *= 1 - fills / atRisk;
    greenwood += fills === 0 ? 0 : fills / (atRisk * (atRisk - fills));
    steps.push({ seconds, survival, greenwood });
  }
  return steps;
}
