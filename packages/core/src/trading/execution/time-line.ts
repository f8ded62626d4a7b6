/**
 * Mids and prints of one instrument, laid out so that any interval is answered by two binary searches and a difference of
 * running sums: the mid at a stamp, the time-weighted mid (TWAP), volume and volume-weighted price (VWAP). Stamps must
 * ascend. Prices are summed as distances from the first one, so that a short interval of a long day loses no digits. A mid
 * stands until the next one, but no longer than an age limit: a feed that fell silent tells nothing of the time after.
 */

/** Nanoseconds from the first stamp as doubles: exact for 104 days. */
class Stamps {
  readonly #base: bigint;
  readonly #times: Float64Array;

  constructor(times: readonly bigint[]) {
    this.#base = times[0] ?? 0n;
    this.#times = Float64Array.from(times, (time) => Number(time - this.#base));
  }

  /** How many stamps are before `time`, or also at it. */
  count(time: bigint, inclusive: boolean): number {
    const wanted = Number(time - this.#base);
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const stamp = this.#times[middle] as number;
      if (stamp < wanted || (inclusive && stamp === wanted)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Nanoseconds since the first stamp. */
  offset(time: bigint): number {
    return Number(time - this.#base);
  }

  at(index: number): number {
    return this.#times[index] as number;
  }
}

export class MidLine {
  readonly #stamps: Stamps;
  readonly #mids: readonly (number | null)[];
  readonly #level: number;
  /** Integral of the mid's distance from the level, time with a mid, and time with one too old, until each stamp. */
  readonly #area: Float64Array;
  readonly #known: Float64Array;
  readonly #stale: Float64Array;
  readonly #endNanos: bigint;
  readonly #maxAge: number;

  /**
   * `mids[i]` stands from `times[i]` until the next, at most for `maxAgeNanos` (null: for ever); null where the book has
   * none. The last one until `endNanos`.
   */
  constructor(
    times: readonly bigint[],
    mids: readonly (number | null)[],
    endNanos: bigint,
    maxAgeNanos: bigint | null = null,
  ) {
    this.#maxAge = maxAgeNanos === null ? Infinity : Number(maxAgeNanos);
    this.#stamps = new Stamps(times);
    this.#mids = mids;
    this.#endNanos = endNanos;
    this.#level = mids.find((mid) => mid !== null) ?? 0;
    this.#area = new Float64Array(times.length + 1);
    this.#known = new Float64Array(times.length + 1);
    this.#stale = new Float64Array(times.length + 1);
    for (let i = 0; i + 1 < times.length; i++) {
      const span = this.#stamps.at(i + 1) - this.#stamps.at(i);
      [this.#area[i + 1], this.#known[i + 1], this.#stale[i + 1]] = this.#after(i, span);
    }
  }

  /** The mid of the last quote strictly before `time`. */
  before(time: bigint): number | null {
    return this.#mids[this.#stamps.count(time, false) - 1] ?? null;
  }

  /** The mid of the last quote at or before `time`; null past the end of the quotes. */
  at(time: bigint): number | null {
    return time > this.#endNanos ? null : (this.#mids[this.#stamps.count(time, true) - 1] ?? null);
  }

  /** Time-weighted mid from one stamp to another; null where the book had no mid for the whole of it. */
  twap(from: bigint, to: bigint): number | null {
    return this.average(from, to).mid;
  }

  /** The same, with how long a mid stood in it, and how long one that was too old. Of a single stamp: the mid before it. */
  average(from: bigint, to: bigint): MidAverage {
    if (to <= from) {
      const index = this.#stamps.count(from, false) - 1;
      const mid = this.#mids[index] ?? null;
      if (mid === null) return { mid, knownNanos: 0, staleNanos: 0 };
      const age = this.#stamps.offset(from) - this.#stamps.at(index);
      return age > this.#maxAge ? { mid: null, knownNanos: 0, staleNanos: age } : { mid, knownNanos: 0, staleNanos: 0 };
    }
    const [fromArea, fromKnown, fromStale] = this.#until(from);
    const [toArea, toKnown, toStale] = this.#until(to);
    const known = toKnown - fromKnown;
    const mid = known > 0 ? this.#level + (toArea - fromArea) / known : null;
    return { mid, knownNanos: known, staleNanos: toStale - fromStale };
  }

  #until(time: bigint): Sums {
    const index = this.#stamps.count(time, true) - 1;
    return index < 0 ? [0, 0, 0] : this.#after(index, this.#stamps.offset(time) - this.#stamps.at(index));
  }

  /** The sums when the mid at `index` has stood for `span`. */
  #after(index: number, span: number): Sums {
    const [area, known, stale] = [this.#area, this.#known, this.#stale].map((sums) => sums[index]) as [...Sums];
    const mid = this.#mids[index] ?? null;
    if (mid === null) return [area, known, stale];
    const stood = Math.min(span, this.#maxAge);
    return [area + (mid - this.#level) * stood, known + stood, stale + span - stood];
  }
}

type Sums = readonly [area: number, known: number, stale: number];

export interface MidAverage {
  readonly mid: number | null;
  readonly knownNanos: number;
  readonly staleNanos: number;
}

export interface TapeInterval {
  readonly volume: number;
  /** Sum of price times quantity. */
  readonly notional: number;
  readonly prints: number;
}

export class PrintTape {
  readonly #stamps: Stamps;
  readonly #level: number;
  readonly #volume: Float64Array;
  /** Sum of (price - level) times quantity. */
  readonly #distance: Float64Array;

  constructor(prints: readonly { readonly timeNanos: bigint; readonly price: number; readonly quantity: number }[]) {
    this.#stamps = new Stamps(prints.map(({ timeNanos }) => timeNanos));
    this.#level = prints[0]?.price ?? 0;
    this.#volume = new Float64Array(prints.length + 1);
    this.#distance = new Float64Array(prints.length + 1);
    prints.forEach(({ price, quantity }, i) => {
      this.#volume[i + 1] = (this.#volume[i] as number) + quantity;
      this.#distance[i + 1] = (this.#distance[i] as number) + (price - this.#level) * quantity;
    });
  }

  /** Both ends inclusive. */
  between(from: bigint, to: bigint): TapeInterval {
    const first = this.#stamps.count(from, false);
    const last = Math.max(first, this.#stamps.count(to, true));
    const volume = (this.#volume[last] as number) - (this.#volume[first] as number);
    const distance = (this.#distance[last] as number) - (this.#distance[first] as number);
    return { volume, notional: distance + this.#level * volume, prints: last - first };
  }
}
