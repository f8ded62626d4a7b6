/**
 * Exchange rates of currencies as they were told, and what held at a moment: the newest rate that is not after it, told
 * directly, the other way round, or by way of US dollars. A rate that is missing or too old is null, never 1, and each
 * answer says how old its older leg is. O(log n) a look-up; a run of look-ups in order of time costs O(1) each.
 */
import { divideRounded } from '../fixed-point.ts';
import { wideRate, type WideRate } from './wide-amount.ts';

export interface RatePoint {
  readonly timeMs: number;
  /** Units of `quote` for one unit of `base`. */
  readonly base: string;
  readonly quote: string;
  /** Positive. */
  readonly rate: number;
}

/** In units of 1e-24, so that a rupiah in bitcoins keeps its digits. */
export type Rate = bigint;

export interface HeldRate {
  readonly rate: Rate;
  /** Stamp of the older leg. */
  readonly sinceMs: number;
  /** From here on it does not hold any more: the next point of any leg, or its age. */
  readonly untilMs: number;
  /** The rate in limbs; absent where it has too many. */
  readonly wide?: WideRate | undefined;
}

/** Everything is told in this currency. */
export interface BaseCurrency {
  readonly currency: string;
  readonly rates: RateBook;
}

export interface RateBookOptions {
  /** A rate that is older than this is no rate. Default: any age will do. */
  readonly maxAgeMs?: number;
}

const PIVOT = 'USD';
const DIGITS = 24;
const ONE: Rate = 10n ** BigInt(DIGITS);
/** Of a currency in itself. */
export const PAR: HeldRate = { rate: ONE, sinceMs: Infinity, untilMs: Infinity, wide: wideRate(ONE) };

interface Points {
  readonly timesMs: number[];
  readonly rates: Rate[];
  /** Of the last answer; look-ups mostly go forward. */
  at: number;
}

export class RateBook {
  readonly #pairs = new Map<string, Points>();
  readonly #maxAgeMs: number;
  /** The last answer of each pair, and from when on it holds: the positions of a book ask for the same one in turn. */
  readonly #answers = new Map<string, Map<string, { readonly held: HeldRate; readonly fromMs: number }>>();

  /** Of points with one stamp the last one of the list counts. Rates that are not positive and finite are left out. */
  constructor(points: readonly RatePoint[], { maxAgeMs = Infinity }: RateBookOptions = {}) {
    this.#maxAgeMs = maxAgeMs;
    for (const { timeMs, base, quote, rate } of [...points].sort((a, b) => a.timeMs - b.timeMs)) {
      if (!(rate > 0) || !Number.isFinite(rate)) continue;
      const id = pairOf(base, quote);
      let pair = this.#pairs.get(id);
      if (pair === undefined) this.#pairs.set(id, (pair = { timesMs: [], rates: [], at: 0 }));
      pair.timesMs.push(timeMs);
      pair.rates.push(rateFromNumber(rate));
    }
  }

  /** What one unit of `from` is in `to`; null where no rate was known at that moment. */
  at(from: string, to: string, timeMs: number): HeldRate | null {
    if (from === to) return PAR;
    const last = this.#answers.get(from)?.get(to);
    if (last !== undefined && timeMs >= last.fromMs && timeMs < last.held.untilMs) return last.held;
    const found = this.#find(from, to, timeMs);
    const held = found && { ...found, wide: wideRate(found.rate) };
    if (held !== null) {
      let answers = this.#answers.get(from);
      if (answers === undefined) this.#answers.set(from, (answers = new Map()));
      answers.set(to, { held, fromMs: timeMs });
    }
    return held;
  }

  #find(from: string, to: string, timeMs: number): HeldRate | null {
    const direct = this.#told(from, to, timeMs);
    if (direct !== null || from === PIVOT || to === PIVOT) return direct;
    const [first, second] = [this.#told(from, PIVOT, timeMs), this.#told(PIVOT, to, timeMs)];
    if (first === null || second === null) return null;
    // A rate of the pair itself, told either way round, comes before any detour.
    const directMs = Math.min(this.#nextMs(from, to, timeMs), this.#nextMs(to, from, timeMs));
    const untilMs = Math.min(first.untilMs, second.untilMs, directMs);
    const sinceMs = Math.min(first.sinceMs, second.sinceMs);
    return { rate: divideRounded(first.rate * second.rate, ONE), sinceMs, untilMs };
  }

  /** The newer of the two ways in which a pair may be told. */
  #told(from: string, to: string, timeMs: number): HeldRate | null {
    const forward = this.#held(this.#pairs.get(pairOf(from, to)), timeMs);
    const backward = this.#held(this.#pairs.get(pairOf(to, from)), timeMs);
    if (backward === null)
      return forward && { ...forward, untilMs: Math.min(forward.untilMs, this.#nextMs(to, from, timeMs)) };
    if (forward !== null && forward.sinceMs >= backward.sinceMs)
      return { ...forward, untilMs: Math.min(forward.untilMs, backward.untilMs) };
    const rate = divideRounded(ONE * ONE, backward.rate);
    return { ...backward, rate, untilMs: Math.min(backward.untilMs, this.#nextMs(from, to, timeMs)) };
  }

  #held(points: Points | undefined, timeMs: number): HeldRate | null {
    if (points === undefined) return null;
    const at = indexBefore(points, timeMs);
    if (at < 0) return null;
    const sinceMs = points.timesMs[at] as number;
    if (timeMs - sinceMs > this.#maxAgeMs) return null;
    const nextMs = points.timesMs[at + 1] ?? Infinity;
    return { rate: points.rates[at] as Rate, sinceMs, untilMs: Math.min(nextMs, sinceMs + this.#maxAgeMs + 1) };
  }

  #nextMs(from: string, to: string, timeMs: number): number {
    const points = this.#pairs.get(pairOf(from, to));
    return points === undefined ? Infinity : (points.timesMs[indexBefore(points, timeMs) + 1] ?? Infinity);
  }
}

/** The last point at or before a stamp; -1 when all are after it. */
function indexBefore(points: Points, timeMs: number): number {
  const { timesMs } = points;
  if ((timesMs[points.at] as number) > timeMs) points.at = -1;
  let low = points.at;
  let high = timesMs.length;
  // Mostly the same point or the next one.
  if (low + 1 < high && (timesMs[low + 1] as number) > timeMs) high = low + 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((timesMs[middle] as number) <= timeMs) low = middle;
    else high = middle;
  }
  points.at = Math.max(low, 0);
  return low;
}

function pairOf(base: string, quote: string): string {
  return `${base}\u0000${quote}`;
}

/** The decimal that was published, to 24 places: twelve would leave three digits of a rupiah in bitcoins. */
export function rateFromNumber(rate: number): Rate {
  if (!Number.isFinite(rate)) throw new RangeError(`a rate must be finite, got ${rate}`);
  const [mantissa = '0', exponent = '0'] = rate.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = DIGITS + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return shift >= 0 ? digits * 10n ** BigInt(shift) : divideRounded(digits, 10n ** BigInt(-shift));
}

export function numberFromRate(rate: Rate): number {
  return Number(`${rate}e-${DIGITS}`);
}
