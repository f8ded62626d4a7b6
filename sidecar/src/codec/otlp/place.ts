/** One data point with what stands around it, and its times and bounds as text. */
import type { Fault } from '../problem.ts';
import type { SeriesOutlet } from '../series-outlet.ts';
import type { OtlpMetric, OtlpPoint, OtlpTime } from './model.ts';

export interface Place {
  readonly metric: OtlpMetric;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly point: OtlpPoint;
}

/** Missing or 0: the time of receipt. */
export function readTime(time: OtlpTime, { stamp }: SeriesOutlet): Fault | undefined {
  if (isNoTime(time)) {
    stamp.receipt();
    return undefined;
  }
  if (typeof time !== 'object') return stamp.parse(time);
  return stamp.halves(time.high, time.low) ? undefined : (stamp.check(nanosText(time)) ?? undefined);
}

export function isNoTime(time: OtlpTime): boolean {
  return typeof time === 'object' ? time.high === 0 && time.low === 0 : time === 0 || time === '0' || time === '';
}

export function nanosText(time: OtlpTime): string {
  return typeof time === 'object' ? String((BigInt(time.high) << 32n) + BigInt(time.low)) : String(time);
}

/** Of the label `le`. */
export function boundText(bound: number): string {
  return bound === Infinity ? '+Inf' : String(bound);
}
