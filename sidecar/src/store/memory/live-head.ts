/**
 * The head of a running sidecar: the last minutes of every series in memory, fed with each batch before it is durable.
 * It answers what lies completely inside it; events are left to the durable store, which alone knows repeats.
 */
import type { ExponentialHistogram } from '@tapewatch/core';
import { type Matcher, type SelectRequest, type SeriesData, type SeriesDefinition } from '@tapewatch/core';
import type { Batch } from '../../ports.ts';
import { demandWanted } from '../faults.ts';
import { Head } from './head.ts';

/** Evicting looks at every series, so it is done this often and not with each batch. */
const EVICT_EVERY_NANOS = 10_000_000_000n;

export interface LiveHeadOptions {
  /** How much is kept. */
  readonly keepNanos: bigint;
  /** Fewer minutes are kept when there would be more raw samples than this. */
  readonly maxSamples: number;
  /** When the process began to take samples in: what is older is on disk only. */
  readonly startNanos: bigint;
  readonly now: () => bigint;
}

export class LiveHead {
  readonly #options: LiveHeadOptions;
  readonly #head = new Head();
  #completeSince: bigint;
  #lastEviction: bigint;
  /** Samples taken in between two evictions, oldest first. */
  #taken: { readonly untilNanos: bigint; readonly samples: number }[] = [];
  #takenNow = 0;

  constructor(options: LiveHeadOptions, known: readonly SeriesDefinition[]) {
    this.#options = options;
    this.#completeSince = options.startNanos;
    this.#lastEviction = options.startNanos;
    for (const definition of known) this.#head.define(definition);
  }

  get completeSinceNanos(): bigint {
    return this.#completeSince;
  }

  /** Sets what a distribution had counted before the process began. */
  setBase(seriesId: number, histogram: ExponentialHistogram): void {
    this.#head.setBase(seriesId, histogram.encode());
  }

  append(batch: Batch): void {
    for (const definition of batch.series) this.#head.define(definition);
    this.#head.addSamples(batch.samples);
    this.#takenNow += batch.samples.values.length;
    this.#head.addWindows(batch.windows);
    this.#evict();
  }

  async select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    demandWanted(signal);
    return this.#head.select(request);
  }

  async series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]> {
    demandWanted(signal);
    return this.#head.series(matcherLists, startMs, endMs);
  }

  #evict(): void {
    const now = this.#options.now();
    if (now - this.#lastEviction < EVICT_EVERY_NANOS) return;
    this.#lastEviction = now;
    this.#taken.push({ untilNanos: now, samples: this.#takenNow });
    this.#takenNow = 0;
    const horizon = this.#horizonAt(now);
    if (horizon <= this.#completeSince) return;
    this.#head.evictBefore(horizon);
    this.#completeSince = horizon;
  }

  /** As far back as time allows, or as the number of samples does. */
  #horizonAt(now: bigint): bigint {
    let horizon = now - this.#options.keepNanos;
    this.#taken = this.#taken.filter(({ untilNanos }) => untilNanos > horizon);
    let kept = this.#taken.reduce((sum, { samples }) => sum + samples, 0);
    while (kept > this.#options.maxSamples && this.#taken.length > 1) {
      const oldest = this.#taken.shift() as { untilNanos: bigint; samples: number };
      kept -= oldest.samples;
      horizon = oldest.untilNanos;
    }
    return horizon;
  }
}
