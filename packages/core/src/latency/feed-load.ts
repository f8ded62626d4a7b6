/**
 * Quotes and trades of a feed as the windows that `LoadModel` reads: delay between the exchange's stamp and receipt, messages,
 * trades, realised variance of the mid. Events come in any order of a stream that is nearly ordered; what comes after its
 * window has closed is counted into the present one. A gap closes at most `MAX_EMPTY` windows, then the feed starts anew.
 * Latency counts from the running minimum of the delay, which holds the difference of the clocks (DOMAIN.md 7).
 */
import { DEFAULT_LOAD_WINDOW_MS, type LoadWindow } from './load-model.ts';

const MAX_EMPTY = 1_000;
/** Delays kept of one window; more change no quantile that matters. */
const MAX_DELAYS = 2_000;

export interface FeedEvent {
  readonly timeMs: number;
  /** Receipt minus the exchange's stamp, on clocks that may differ; null where the exchange sends none. */
  readonly delayMs: number | null;
  readonly mid: number | null;
  readonly trade: boolean;
}

export class FeedLoad {
  readonly #windowMs: number;
  readonly #quantile: number;
  #endMs: number | null = null;
  #delays: number[] = [];
  #messages = 0;
  #trades = 0;
  #variance = 0;
  #lastMid: number | null = null;
  /** The fastest delay lately: the clocks' difference and the least way, which is not latency that varies. */
  readonly #floor = new RunningFloor();

  constructor(windowMs = DEFAULT_LOAD_WINDOW_MS, quantile = 0.5) {
    this.#windowMs = windowMs;
    this.#quantile = quantile;
  }

  /** Windows that this event shows to be over. */
  add({ timeMs, delayMs, mid, trade }: FeedEvent): LoadWindow[] {
    const closed = this.#closeUntil(timeMs);
    this.#messages++;
    if (trade) this.#trades++;
    if (delayMs !== null) {
      this.#floor.add(timeMs, delayMs);
      if (this.#delays.length < MAX_DELAYS) this.#delays.push(delayMs);
    }
    if (mid !== null && mid > 0) {
      if (this.#lastMid !== null) this.#variance += Math.log(mid / this.#lastMid) ** 2;
      this.#lastMid = mid;
    }
    return closed;
  }

  #closeUntil(timeMs: number): LoadWindow[] {
    const endMs = (Math.floor(timeMs / this.#windowMs) + 1) * this.#windowMs;
    this.#endMs ??= endMs;
    const closed: LoadWindow[] = [];
    while (this.#endMs < endMs && closed.length < MAX_EMPTY) {
      closed.push(this.#close(this.#endMs));
      this.#endMs += this.#windowMs;
    }
    if (this.#endMs < endMs) this.#endMs = endMs;
    return closed;
  }

  #close(endMs: number): LoadWindow {
    const sorted = Float64Array.from(this.#delays).sort();
    const delay = sorted[Math.floor(this.#quantile * (sorted.length - 1))];
    const window = {
      endMs,
      latencyMs: delay === undefined ? null : delay - this.#floor.value,
      messages: this.#messages,
      trades: this.#trades,
      realisedVariance: this.#variance,
    };
    this.#delays = [];
    [this.#messages, this.#trades, this.#variance] = [0, 0, 0];
    return window;
  }
}

const FLOOR_PART_MS = 60_000;
/** The floor looks back so far: clocks drift and are set, and a floor of days ago would count that as latency. */
const FLOOR_PARTS = 10;

/** The least of the last ten minutes, by minutes. */
class RunningFloor {
  readonly #parts: { readonly part: number; least: number }[] = [];
  value = Infinity;

  add(timeMs: number, delayMs: number): void {
    const part = Math.floor(timeMs / FLOOR_PART_MS);
    const last = this.#parts.at(-1);
    if (last !== undefined && part <= last.part) {
      last.least = Math.min(last.least, delayMs);
      this.value = Math.min(this.value, delayMs);
      return;
    }
    this.#parts.push({ part, least: delayMs });
    while ((this.#parts[0]?.part ?? part) <= part - FLOOR_PARTS) this.#parts.shift();
    this.value = this.#parts.reduce((least, one) => Math.min(least, one.least), Infinity);
  }
}
