/**
 * The first rungs of a store's ladder, from raw samples: gauges and counters at 10 s, distributions at 1 s. (Wider
 * windows are merges of these.) A window is sealed when the newest stamp, bounded by the wall clock so that a publisher
 * with a clock ahead seals nothing early, is more than the delay past its end; or when nothing came for a while.
 */
import type { DistributionWindows, HistogramColumns, RawColumns, ValueWindows } from './rollup-columns.ts';
import { histogramAt } from './rollup-columns.ts';
import { DistributionRollup } from './rollup-distributions.ts';
import { ValueRollup, type KindCodes } from './rollup-values.ts';

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

  /** Rebuilds open windows from raw rows that are stored already, in the order in which they were stored. */
  restore({ samples, histograms }: RawRows, kinds: KindCodes, nowSeconds: number): void {
    const { valuesSeconds, distributionsSeconds } = this.marks;
    const sealedFor = (id: number): number => (kinds[id] === 2 ? distributionsSeconds : valuesSeconds);
    const isOpen = (ids: Uint32Array, seconds: Uint32Array, i: number): boolean =>
      (seconds[i] as number) >= sealedFor(ids[i] as number);
    const open = indexesWhere(samples.seriesIds.length, (i) => isOpen(samples.seriesIds, samples.seconds, i));
    const before = indexesWhere(samples.seriesIds.length, (i) => !isOpen(samples.seriesIds, samples.seconds, i));
    this.#values.continueFrom(pick(samples, before));
    const openHistograms = indexesWhere(histograms.seriesIds.length, (i) =>
      isOpen(histograms.seriesIds, histograms.seconds, i),
    );
    this.#take(
      { samples: pick(samples, open), histograms: { ...histograms, seriesIds: new Uint32Array(0) } },
      kinds,
      nowSeconds,
    );
    for (const i of openHistograms) this.#takeHistogram(histograms, i, nowSeconds);
  }

  #take({ samples, histograms }: RawRows, kinds: KindCodes, nowSeconds: number): void {
    const { seconds } = samples;
    for (let i = 0; i < seconds.length; i++) {
      const second = seconds[i] as number;
      if (second > this.#newest && second <= nowSeconds) this.#newest = second;
    }
    this.#values.add(samples, kinds);
    this.#distributions.add(samples, kinds);
    for (let i = 0; i < histograms.seriesIds.length; i++) this.#takeHistogram(histograms, i, nowSeconds);
    if (seconds.length > 0 || histograms.seriesIds.length > 0) this.#fedAt = nowSeconds;
  }

  #takeHistogram({ seriesIds, seconds, histograms }: RawHistograms, i: number, nowSeconds: number): void {
    const second = seconds[i] as number;
    if (second > this.#newest && second <= nowSeconds) this.#newest = second;
    this.#distributions.addHistogram(seriesIds[i] as number, second, histogramAt(histograms, i));
  }

  #seal(untilSeconds: number): SealedWindows {
    const values = this.#values.seal(untilSeconds);
    const distributions = this.#distributions.seal(untilSeconds);
    return { values, distributions, marks: this.marks };
  }
}

function indexesWhere(length: number, test: (i: number) => boolean): Uint32Array {
  const found = new Uint32Array(length);
  let size = 0;
  for (let i = 0; i < length; i++) if (test(i)) found[size++] = i;
  return found.subarray(0, size);
}

function pick({ seriesIds, seconds, nanos, values }: RawColumns, rows: Uint32Array): RawColumns {
  const picked = {
    seriesIds: new Uint32Array(rows.length),
    seconds: new Uint32Array(rows.length),
    nanos: new Uint32Array(rows.length),
    values: new Float64Array(rows.length),
  };
  rows.forEach((row, i) => {
    picked.seriesIds[i] = seriesIds[row] as number;
    picked.seconds[i] = seconds[row] as number;
    picked.nanos[i] = nanos[row] as number;
    picked.values[i] = values[row] as number;
  });
  return picked;
}
