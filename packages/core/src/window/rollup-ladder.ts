/**
 * The first rungs of a store's ladder, from raw samples: gauges and counters at 10 s, distributions at 1 s. (Wider
 * windows are merges of these.) A window is sealed when the newest stamp, bounded by the wall clock so that a publisher
 * with a clock ahead seals nothing early, is more than the delay past its end; or when nothing came for a while.
 */
import type { DistributionWindows, HistogramColumns, RawColumns, ValueWindows } from './rollup-columns.ts';
import { histogramAt } from './rollup-columns.ts';
import { DistributionRollup } from './rollup-distributions.ts';
import { KIND_CODES, ValueRollup, type KindCodes } from './rollup-values.ts';

export const VALUE_RUNG_SECONDS = 10;
export const DISTRIBUTION_RUNG_SECONDS = 1;

/** How far the newest stamp must be past a window's end. */
const SEAL_DELAY_SECONDS = 2;
/** Silence of this length, by the wall clock, seals what is open. */
const IDLE_SECONDS = 60;

export interface RawHistograms {
  readonly seriesIds: Uint32Array;
  readonly seconds: Uint32Array;
  readonly nanos: Uint32Array;
  readonly histograms: HistogramColumns;
}

export interface RawRows {
  readonly samples: RawColumns;
  readonly histograms: RawHistograms;
}

/** Windows before these stamps have been sealed. */
export interface LadderMarks {
  readonly valuesSeconds: number;
  readonly distributionsSeconds: number;
}

export interface SealedWindows {
  readonly values: ValueWindows;
  readonly distributions: DistributionWindows;
  readonly marks: LadderMarks;
}

export class Ladder {
  readonly #values: ValueRollup;
  readonly #distributions: DistributionRollup;
  #newest = 0;
  #fedAt = 0;

  constructor(marks: LadderMarks, scale?: number) {
    this.#values = new ValueRollup({ widthSeconds: VALUE_RUNG_SECONDS, sealedUntilSeconds: marks.valuesSeconds });
    this.#distributions = new DistributionRollup({
      widthSeconds: DISTRIBUTION_RUNG_SECONDS,
      sealedUntilSeconds: marks.distributionsSeconds,
      ...(scale === undefined ? {} : { scale }),
    });
  }

  get marks(): LadderMarks {
    return {
      valuesSeconds: this.#values.sealedUntilSeconds,
      distributionsSeconds: this.#distributions.sealedUntilSeconds,
    };
  }

  /** Takes raw rows in and yields what they seal, late parts included. */
  feed(rows: RawRows, kinds: KindCodes, nowSeconds: number): SealedWindows {
    this.#take(rows, kinds, nowSeconds);
    return this.#seal(this.#newest - SEAL_DELAY_SECONDS);
  }

  /** Seals what silence has made due. */
  tick(nowSeconds: number): SealedWindows {
    const isIdle = nowSeconds - this.#fedAt >= IDLE_SECONDS;
    return this.#seal(isIdle ? nowSeconds - SEAL_DELAY_SECONDS : 0);
  }

  /** Where counters stood before a restart: one sample each. */
  continueCounters(samples: RawColumns): void {
    this.#values.continueFrom(samples);
  }

  /**
   * Rebuilds open windows from raw rows that are stored already, in the order in which they were stored. Rows of windows
   * that are sealed were counted before.
   */
  restore({ samples, histograms }: RawRows, kinds: KindCodes, nowSeconds: number): void {
    const { valuesSeconds, distributionsSeconds } = this.marks;
    const isOpen = (id: number, second: number): boolean =>
      second >= (kinds[id] === KIND_CODES.distribution ? distributionsSeconds : valuesSeconds);
    this.#takeSamples(openSamples(samples, isOpen), kinds, nowSeconds);
    for (let i = 0; i < histograms.seriesIds.length; i++) {
      const second = histograms.seconds[i] as number;
      if (isOpen(histograms.seriesIds[i] as number, second)) this.#takeHistogram(histograms, i, nowSeconds);
    }
  }

  #take({ samples, histograms }: RawRows, kinds: KindCodes, nowSeconds: number): void {
    this.#takeSamples(samples, kinds, nowSeconds);
    for (let i = 0; i < histograms.seriesIds.length; i++) this.#takeHistogram(histograms, i, nowSeconds);
    if (samples.seconds.length > 0 || histograms.seriesIds.length > 0) this.#fedAt = nowSeconds;
  }

  #takeSamples(samples: RawColumns, kinds: KindCodes, nowSeconds: number): void {
    const { seconds } = samples;
    for (let i = 0; i < seconds.length; i++) this.#observe(seconds[i] as number, nowSeconds);
    this.#values.add(samples, kinds);
    this.#distributions.add(samples, kinds);
  }

  #takeHistogram({ seriesIds, seconds, histograms }: RawHistograms, i: number, nowSeconds: number): void {
    const second = seconds[i] as number;
    this.#observe(second, nowSeconds);
    this.#distributions.addHistogram(seriesIds[i] as number, second, histogramAt(histograms, i));
  }

  /** A stamp ahead of the wall clock moves nothing. */
  #observe(second: number, nowSeconds: number): void {
    if (second > this.#newest && second <= nowSeconds) this.#newest = second;
  }

  #seal(untilSeconds: number): SealedWindows {
    const values = this.#values.seal(untilSeconds);
    const distributions = this.#distributions.seal(untilSeconds);
    return { values, distributions, marks: this.marks };
  }
}

function openSamples(
  { seriesIds, seconds, nanos, values }: RawColumns,
  isOpen: (id: number, second: number) => boolean,
): RawColumns {
  const { length } = seriesIds;
  const open = {
    seriesIds: new Uint32Array(length),
    seconds: new Uint32Array(length),
    nanos: new Uint32Array(length),
    values: new Float64Array(length),
  };
  let size = 0;
  for (let i = 0; i < length; i++) {
    if (!isOpen(seriesIds[i] as number, seconds[i] as number)) continue;
    open.seriesIds[size] = seriesIds[i] as number;
    open.seconds[size] = seconds[i] as number;
    open.nanos[size] = nanos[i] as number;
    open.values[size++] = values[i] as number;
  }
  return {
    seriesIds: open.seriesIds.subarray(0, size),
    seconds: open.seconds.subarray(0, size),
    nanos: open.nanos.subarray(0, size),
    values: open.values.subarray(0, size),
  };
}
