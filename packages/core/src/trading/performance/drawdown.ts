/**
 * Drawdown: how far below its peak an equity stands, as a positive fraction of the peak and in money; the start counts as
 * a peak. It lasts from the peak to the point that reaches it again. Source: M. Magdon-Ismail and A. Atiya, "Maximum
 * Drawdown", Risk 17, 2004. O(1) a point, no memory of the past but the peak and the worst.
 */
import { figure, withheld, type Figure, type WithheldReason } from './figure.ts';
import type { EquityPoint } from './returns.ts';

export interface DrawdownReport {
  /** Now: a fraction of the peak, 0 at the peak; may pass 1 when equity is negative. Null where the peak is not positive. */
  readonly current: Figure;
  readonly maximum: Figure;
  /** In the equity's currency. They exist for a curve of profit alone, whose peak may be zero. */
  readonly currentMoney: Figure;
  readonly maximumMoney: Figure;
  /** Since the peak; 0 at the peak. */
  readonly currentNanos: bigint;
  readonly longestNanos: bigint;
  /** The longest one has not recovered: it may become longer. */
  readonly longestIsOpen: boolean;
  readonly peak: Figure;
}

export class DrawdownMeter {
  #peak = -Infinity;
  #peakNanos = 0n;
  #equity = -Infinity;
  #lastNanos = 0n;
  #maximum = -1;
  #maximumMoney = 0;
  #longestClosedNanos = 0n;

  /** In ascending order of time; equity must be finite. */
  add({ timeNanos, equity }: EquityPoint): void {
    this.#equity = equity;
    this.#lastNanos = timeNanos;
    if (equity >= this.#peak) {
      const lasted = this.#peak === -Infinity ? 0n : timeNanos - this.#peakNanos;
      // A point at the peak after one at the peak is no drawdown, however far apart they are.
      if (this.#isUnder && lasted > this.#longestClosedNanos) this.#longestClosedNanos = lasted;
      this.#isUnder = false;
      this.#peak = equity;
      this.#peakNanos = timeNanos;
    } else this.#isUnder = true;
    if (this.#peak > 0) this.#maximum = Math.max(this.#maximum, (this.#peak - equity) / this.#peak);
    this.#maximumMoney = Math.max(this.#maximumMoney, this.#peak - equity);
  }

  #isUnder = false;

  /** A fraction; `empty` before the first point, `no_capital` where the peak is not positive. */
  get current(): Figure {
    if (this.#peak === -Infinity) return withheld('empty');
    return this.#peak > 0 ? figure((this.#peak - this.#equity) / this.#peak) : withheld('no_capital');
  }

  report(): DrawdownReport {
    if (this.#peak === -Infinity) return unknownDrawdown('empty');
    const currentNanos = this.#isUnder ? this.#lastNanos - this.#peakNanos : 0n;
    const longestIsOpen = this.#isUnder && currentNanos >= this.#longestClosedNanos;
    return {
      current: this.current,
      maximum: this.#maximum < 0 ? withheld('no_capital') : figure(this.#maximum),
      currentMoney: figure(this.#peak - this.#equity),
      maximumMoney: figure(this.#maximumMoney),
      currentNanos,
      longestNanos: longestIsOpen ? currentNanos : this.#longestClosedNanos,
      longestIsOpen,
      peak: figure(this.#peak),
    };
  }
}

export function drawdownOf(points: readonly EquityPoint[]): DrawdownReport {
  const meter = new DrawdownMeter();
  for (const point of points) meter.add(point);
  return meter.report();
}

/** Of an equity that is not known. */
export function unknownDrawdown(reason: WithheldReason): DrawdownReport {
  const none = withheld(reason);
  const figures = { current: none, maximum: none, currentMoney: none, maximumMoney: none, peak: none };
  return { ...figures, currentNanos: 0n, longestNanos: 0n, longestIsOpen: false };
}
