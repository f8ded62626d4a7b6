/**
 * Averages over time of what quotes show: each quote counts for as long as it stood, up to an age limit, so that a flicker
 * weighs little and a feed that fell silent does not go on for ever. One-sided and crossed books are left out, and the time
 * they stood is reported.
 */
import type { QuotedBook } from '../../model/event.ts';
import { midOf } from '../execution/benchmark.ts';
import { imbalance, microprice, quotedSpreadBps } from './book.ts';

export interface QuoteAverages {
  /** Null where no usable quote stood. */
  readonly spreadBps: number | null;
  readonly mid: number | null;
  /** Microprice minus mid, in basis points of the mid. */
  readonly micropriceBps: number | null;
  readonly imbalance: number | null;
  readonly bidSize: number | null;
  readonly askSize: number | null;
  /** Seconds that usable, unusable and too old quotes stood. */
  readonly usableSeconds: number;
  readonly unusableSeconds: number;
  readonly staleSeconds: number;
  readonly quotes: number;
}

type Figure = 'spreadBps' | 'mid' | 'micropriceBps' | 'imbalance' | 'bidSize' | 'askSize';

export class QuoteAverage {
  readonly #sums = new Map<Figure, { sum: number; seconds: number }>();
  readonly #maxAgeSeconds: number;
  #usable = 0;
  #unusable = 0;
  #stale = 0;
  #quotes = 0;

  constructor(maxAgeSeconds = Infinity) {
    this.#maxAgeSeconds = maxAgeSeconds;
  }

  /** `quote` stood from `from` to `to`, nanoseconds; `isNew` where it also came within. */
  add(quote: QuotedBook, from: bigint, to: bigint, isNew = true): void {
    if (isNew) this.#quotes++;
    const age = Number(from - quote.timeNanos) / 1e9;
    const stood = Number(to - from) / 1e9;
    const seconds = Math.max(0, Math.min(stood, this.#maxAgeSeconds - age));
    this.#stale += stood - seconds;
    const { mid } = midOf(quote);
    const { bid, ask, bidSize, askSize } = quote;
    if (mid === undefined || bid === null || ask === null) {
      this.#unusable += seconds;
      return;
    }
    this.#usable += seconds;
    const top = { bid, ask, bidSize, askSize };
    const micro = microprice(top);
    this.#weigh('spreadBps', quotedSpreadBps(top), seconds);
    this.#weigh('mid', mid, seconds);
    this.#weigh('micropriceBps', micro === null ? null : ((micro - mid) / mid) * 1e4, seconds);
    this.#weigh('imbalance', imbalance(top), seconds);
    this.#weigh('bidSize', bidSize, seconds);
    this.#weigh('askSize', askSize, seconds);
  }

  averages(): QuoteAverages {
    const of = (figure: Figure): number | null => {
      const sums = this.#sums.get(figure);
      return sums === undefined || !(sums.seconds > 0) ? null : sums.sum / sums.seconds;
    };
    return {
      spreadBps: of('spreadBps'),
      mid: of('mid'),
      micropriceBps: of('micropriceBps'),
      imbalance: of('imbalance'),
      bidSize: of('bidSize'),
      askSize: of('askSize'),
      usableSeconds: this.#usable,
      unusableSeconds: this.#unusable,
      staleSeconds: this.#stale,
      quotes: this.#quotes,
    };
  }

  #weigh(figure: Figure, value: number | null, seconds: number): void {
    if (value === null) return;
    let sums = this.#sums.get(figure);
    if (sums === undefined) this.#sums.set(figure, (sums = { sum: 0, seconds: 0 }));
    sums.sum += value * seconds;
    sums.seconds += seconds;
  }
}
