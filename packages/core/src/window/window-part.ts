/**
 * A window of one series, or an additive part of one. The values of a distribution wait as they are and become a
 * histogram when somebody asks for it: a window of a second holds few of them, and a histogram's array is dear to grow.
 */
import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';

/** Values that wait before they are folded into the histogram. */
const MAX_WAITING_VALUES = 256;

export class WindowPart {
  readonly seriesId: number;
  readonly levelMs: number;
  /** Inclusive; the end, `startNanos + levelMs`, is exclusive. */
  readonly startNanos: bigint;
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  first = NaN;
  firstNanos = 0n;
  last = NaN;
  lastNanos = 0n;
  /** Counters: increases between neighbouring samples, a fall counts as a reset to zero. */
  increase = 0;
  readonly #scale: number | undefined;
  #isEmpty = true;
  #values: number[] = [];
  #histogram: ExponentialHistogram | undefined;

  /** `scale`: of the histogram of a distribution; undefined for a value. */
  constructor(window: { seriesId: number; levelMs: number; startNanos: bigint; scale: number | undefined }) {
    this.seriesId = window.seriesId;
    this.levelMs = window.levelMs;
    this.startNanos = window.startNanos;
    this.#scale = window.scale;
  }

  /** Of a distribution; undefined for gauges and counters. */
  get histogram(): ExponentialHistogram | undefined {
    if (this.#scale === undefined) return undefined;
    this.#histogram ??= new ExponentialHistogram({ scale: this.#scale });
    if (this.#values.length > 0) this.#histogram.observeAll(this.#values.splice(0));
    return this.#histogram;
  }

  add(value: number, timeNanos: bigint, increase: number): void {
    if (this.#isEmpty || timeNanos < this.firstNanos) {
      this.first = value;
      this.firstNanos = timeNanos;
    }
    if (this.#isEmpty || timeNanos >= this.lastNanos) {
      this.last = value;
      this.lastNanos = timeNanos;
    }
    this.#isEmpty = false;
    this.count++;
    this.increase += increase;
    if (this.#scale !== undefined && this.#values.push(value) >= MAX_WAITING_VALUES) void this.histogram;
    // NaN and infinities would spoil the sum for good; they stay visible in first, last and the histogram's own counters.
    if (!Number.isFinite(value)) return;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** Adds a ready-made distribution. It has no first and last value, only a stamp. */
  addHistogram(histogram: ExponentialHistogram, timeNanos: bigint): void {
    this.histogram?.merge(histogram);
    if (this.#isEmpty || timeNanos < this.firstNanos) this.firstNanos = timeNanos;
    if (this.#isEmpty || timeNanos > this.lastNanos) this.lastNanos = timeNanos;
    this.#isEmpty = false;
    this.#addTotals(histogram.count, histogram);
  }

  /** Adds a part of a narrower window inside this one. */
  absorb(part: WindowPart): void {
    const own = this.histogram;
    if (part.histogram !== undefined) own?.merge(part.histogram);
    if (this.#isEmpty || part.firstNanos < this.firstNanos) {
      this.first = part.first;
      this.firstNanos = part.firstNanos;
    }
    if (this.#isEmpty || part.lastNanos >= this.lastNanos) {
      this.last = part.last;
      this.lastNanos = part.lastNanos;
    }
    this.#isEmpty = false;
    this.increase += part.increase;
    this.#addTotals(part.count, part);
  }

  #addTotals(count: number, { sum, min, max }: { sum: number; min: number; max: number }): void {
    this.count += count;
    this.sum += sum;
    if (min < this.min) this.min = min;
    if (max > this.max) this.max = max;
  }
}
