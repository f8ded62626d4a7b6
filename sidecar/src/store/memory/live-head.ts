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
  /** When the process began to take samples in: what is older is on disk only. */
  readonly startNanos: bigint;
  readonly now: () => bigint;
}

export class LiveHead {
  readonly #options: LiveHeadOptions;
  readonly #head = new Head();
  #completeSince: bigint;
  #lastEviction: bigint;

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
    const horizon = now - this.#options.keepNanos;
    if (horizon <= this.#completeSince) return;
    this.#head.evictBefore(horizon);
    this.#completeSince = horizon;
  }
}
