/**
 * The head: the present in memory. It takes every batch before it is durable and answers what lies completely inside it:
 * raw samples of gauges and counters, cumulative histograms of distributions at the ends of sealed seconds, and an EWMA
 * baseline of each series. Bounded in minutes and in bytes. Events are left to the store, which alone knows repeats.
 */
import {
  EwmaTable,
  ExponentialHistogram,
  type Baseline,
  type Matcher,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { ColumnBatch, StampedColumns } from '../ports.ts';
import { Pacer } from '../pacer.ts';
import { isStaleMarker } from '../stale-marker.ts';
import { Distributions } from './distributions.ts';
import { EdgeColumns } from './edge-columns.ts';
import { SampleChunks } from './sample-chunks.ts';
import { SampleColumns } from './sample-columns.ts';
import { SeriesEnds } from './series-ends.ts';
import { SeriesDirectory } from './series-directory.ts';

/** Evicting looks at every series, so it is done this often and not with each batch. */
const EVICT_EVERY_MS = 5_000;
/** What is given up at once when memory is short. */
const SHORTEN_BY_MS = 10_000;
/** The level that answers for values, as `SeriesData` tells it: raw samples. */
const RAW = [0];
const DISTRIBUTION = 1;
const COUNTER = 2;

export interface HeadOptions {
  /** How much is kept. */
  readonly keepMs: number;
  /** Fewer minutes are kept when they would take more memory than this. */
  readonly maxBytes: number;
  /** When the process began to take samples in: what is older is on disk only. */
  readonly startMs: number;
  readonly now: () => number;
  /** Names of all configured streams. */
  readonly streams: readonly string[];
  /** Scale of the histograms that observations become. */
  readonly scale: number;
}

export class Head {
  readonly #options: HeadOptions;
  readonly #directory = new SeriesDirectory();
  readonly #samples = new SampleChunks();
  readonly #distributions: Distributions;
  readonly #ends = new SeriesEnds();
  readonly #baselines = new EwmaTable();
  readonly #streamNumbers: ReadonlyMap<string, number>;
  #kinds = new Uint8Array(1_024);
  #streams = new Uint16Array(1_024);
  #completeSinceMs: number;
  #lastEvictionMs: number;

  constructor(options: HeadOptions, known: readonly SeriesDefinition[]) {
    this.#options = options;
    this.#completeSinceMs = options.startMs;
    this.#lastEvictionMs = options.now();
    this.#streamNumbers = new Map(options.streams.map((name, i) => [name, i]));
    this.#distributions = new Distributions({ streams: options.streams.length, scale: options.scale });
    for (const definition of known) this.define(definition);
  }

  /** Everything stamped at or after this, integer milliseconds, is here. */
  get completeSinceMs(): number {
    return this.#completeSinceMs;
  }

  get bytes(): number {
    return this.#samples.bytes + this.#distributions.bytes;
  }

  define(definition: SeriesDefinition): void {
    const { id, kind, stream } = definition;
    if (id >= this.#kinds.length) {
      const room = Math.max(id + 1, this.#kinds.length * 2);
      const [kinds, streams] = [new Uint8Array(room), new Uint16Array(room)];
      kinds.set(this.#kinds);
      streams.set(this.#streams);
      [this.#kinds, this.#streams] = [kinds, streams];
    }
    this.#kinds[id] = kind === 'distribution' ? DISTRIBUTION : kind === 'counter' ? COUNTER : 0;
    // A series of a stream that is configured no more goes with the first: its windows close by that one's watermark.
    this.#streams[id] = this.#streamNumbers.get(stream) ?? 0;
    this.#directory.define(definition);
  }

  append({ samples, histograms }: Pick<ColumnBatch, 'samples' | 'histograms'>): void {
    this.#appendSamples(samples);
    for (const { seriesId, seconds, histogram } of histograms) {
      const stream = this.#streams[seriesId] as number;
      this.#distributions.add(stream, seriesId, seconds, ExponentialHistogram.decode(histogram));
    }
  }

  #appendSamples({ seriesIds, seconds, nanos, values }: StampedColumns): void {
    for (let i = 0; i < seriesIds.length; i++) {
      const id = seriesIds[i] as number;
      const value = values[i] as number;
      const kind = this.#kinds[id];
      if (kind === DISTRIBUTION) {
        this.#distributions.observe(this.#streams[id] as number, id, seconds[i] as number, value);
      } else {
        const ms = (seconds[i] as number) * 1_000 + Math.trunc((nanos[i] as number) / 1e6);
        if (value !== value && isStaleMarker(values, i)) {
          this.#ends.add(id, ms);
          continue;
        }
        // Only the store answers for what is older than all that is here.
        if (ms >= this.#completeSinceMs) this.#samples.append(id, ms, value);
        if (kind === COUNTER) continue;
      }
      this.#baselines.update(id, value);
    }
  }

  /**
   * Closes the seconds of a stream that end at or before the watermark. Notes in `changedNames` the metric names of
   * distributions that have new windows, each with the oldest of their seconds.
   */
  seal(stream: string, watermarkSeconds: number, changedNames: Map<string, number>): void {
    const number = this.#streamNumbers.get(stream) as number;
    this.#distributions.seal(number, watermarkSeconds, (id, second) => {
      const name = this.#directory.get(id)?.labels.metricName;
      if (name !== undefined && second < (changedNames.get(name) ?? Infinity)) changedNames.set(name, second);
    });
  }

  /** True when the second's windows are sealed, so that a sample in it revises them. */
  isLate(stream: string, second: number): boolean {
    return this.#distributions.isLate(this.#streamNumbers.get(stream) as number, second);
  }

  /** Adds what a distribution had counted before the process began. */
  setTotal(seriesId: number, histogram: ExponentialHistogram): void {
    this.#distributions.setTotal(seriesId, histogram);
  }

  holds(seriesId: number): boolean {
    return this.#samples.holds(seriesId) || this.#distributions.holds(seriesId) || this.#ends.has(seriesId);
  }

  /** Lets go of series that it holds nothing of. Baselines stay: they go on when a series comes back. */
  forget(seriesIds: readonly number[]): void {
    this.#directory.forget(seriesIds);
    for (const id of seriesIds) this.#distributions.forget(id);
  }

  baseline(seriesId: number): Baseline | undefined {
    return this.#baselines.get(seriesId);
  }

  async select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    requireWanted(signal);
    const answer: (() => SeriesData)[] = [];
    const distributions = this.#distributions.reader(request);
    const columns = request.edgesOf === undefined ? new SampleColumns() : new EdgeColumns(request.edgesOf);
    const pacer = new Pacer();
    for (const { id, kind, labels } of this.#directory.matching(request.matchers)) {
      await pacer.pause();
      requireWanted(signal);
      if (kind === 'distribution') {
        const make = distributions.add(id, labels);
        if (make !== undefined) answer.push(make);
        continue;
      }
      const make = this.#values({ id, labels }, request, columns);
      if (make !== undefined) answer.push(make);
    }
    return answer.map((make) => make());
  }

  /** Undefined where the series has nothing in the range; else what makes its data, once all series are read. */
  #values(
    { id, labels }: Pick<SeriesDefinition, 'id' | 'labels'>,
    request: SelectRequest,
    columns: SampleColumns,
  ): (() => SeriesData) | undefined {
    const { startMs, endMs, resolutionMs, newestOfStep } = request;
    const from = columns.length;
    if (columns instanceof EdgeColumns) this.#samples.readEdges(id, request, columns);
    else if (newestOfStep) this.#samples.readLast(id, { startMs, endMs, stepMs: resolutionMs }, columns);
    else this.#samples.read(id, request, columns);
    const to = columns.length;
    if (from === to) return undefined;
    const staleMs = this.#ends.within(id, startMs, endMs);
    const stale = staleMs === undefined ? {} : { staleMs };
    return () => ({ labels, ...columns.between(from, to), levelsMs: RAW, ...stale });
  }

  async series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]> {
    requireWanted(signal);
    const lists = matcherLists.length === 0 ? [[]] : matcherLists;
    const found = new Set(lists.flatMap((matchers) => this.#directory.matching(matchers)));
    return [...found]
      .filter(({ id, kind }) =>
        kind === 'distribution'
          ? this.#distributions.hasWithin(id, startMs, endMs)
          : this.#samples.hasWithin(id, startMs, endMs),
      )
      .sort((a, b) => a.id - b.id);
  }

  /** Forgets what is older than the bounds allow, when it is time to; returns the stretch that is here no more. */
  evict(): { readonly sinceMs: number; readonly untilMs: number } | undefined {
    const now = this.#options.now();
    const passedMs = now - this.#lastEvictionMs;
    // A clock that was set back must not put it off.
    if (passedMs >= 0 && passedMs < EVICT_EVERY_MS) return undefined;
    this.#lastEvictionMs = now;
    const sinceMs = this.#completeSinceMs;
    this.#keepWithinBounds(now);
    return this.#completeSinceMs > sinceMs ? { sinceMs, untilMs: this.#completeSinceMs } : undefined;
  }

  #keepWithinBounds(now: number): void {
    let horizon = now - this.#options.keepMs;
    this.#dropBefore(horizon);
    while (this.bytes > this.#options.maxBytes && horizon < now) {
      horizon = Math.max(horizon, this.#completeSinceMs) + SHORTEN_BY_MS;
      this.#dropBefore(horizon);
    }
    // Windows of stamps ahead of the clock hold up those sealed after them: all of them go, and the store answers meanwhile.
    if (this.bytes > this.#options.maxBytes)
      this.#dropBefore(Math.max(horizon, this.#distributions.newestEndMs + 1_000));
  }

  #dropBefore(ms: number): void {
    if (ms <= this.#completeSinceMs) return;
    this.#samples.dropBefore(ms);
    this.#ends.dropBefore(ms);
    // A window is read by its end: the one that ends at the horizon stays.
    this.#distributions.dropBefore(Math.floor(ms / 1_000) - 1);
    this.#completeSinceMs = ms;
  }
}

function requireWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new TapewatchError('query.cancelled', 'the query was cancelled');
}
