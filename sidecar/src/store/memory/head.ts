/**
 * The memory tables: series with raw samples and windows, and events, read by the same rules as the durable store. On
 * their own they are the model that every store is tested against; bounded by `evictBefore` they are the head, the hot
 * window that is answered without going to disk. Evicted distributions live on in a base, so what is read cumulates.
 */
import {
  compileMatchers,
  msFromNanos,
  ExponentialHistogram,
  type EncodedHistogram,
  type EventRow,
  type EventTable,
  type Matcher,
  type Quote,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
} from '@tapewatch/core';
import type { Batch, EventFilter, EventRowByTable, RawSlice, SampleColumns, WindowRow } from '../../ports.ts';
import { compileRegex } from '../../regex.ts';
import { EVENT_TABLES } from '../event-filter.ts';
import { nanosRange } from '../time-range.ts';
import { EventList } from './event-list.ts';
import {
  cumulate,
  ENDLESS,
  planLevel,
  planValues,
  SECOND_LEVEL_MS,
  TEN_SECOND_LEVEL_MS,
  type Horizon,
} from './live-head-plan.ts';
import { SampleRun } from './sample-run.ts';
import { WindowRun } from './window-run.ts';

type Level = typeof SECOND_LEVEL_MS | typeof TEN_SECOND_LEVEL_MS;

interface HeadSeries {
  readonly definition: SeriesDefinition;
  readonly samples: SampleRun;
  readonly levels: Readonly<Record<Level, WindowRun>>;
  histograms: Batch['histograms'][number][];
}

export class Head {
  readonly #series = new Map<number, HeadSeries>();
  readonly #events = Object.fromEntries(EVENT_TABLES.map((table) => [table, new EventList()])) as unknown as {
    readonly [T in EventTable]: EventList<EventRow>;
  };
  readonly #horizon: Horizon = ENDLESS;
  #completeSinceNanos = 0n;

  /** Nothing stamped at or after this was evicted. */
  get completeSinceNanos(): bigint {
    return this.#completeSinceNanos;
  }

  define(definition: SeriesDefinition): void {
    if (this.#series.has(definition.id)) return;
    const levels = { 1_000: new WindowRun(SECOND_LEVEL_MS), 10_000: new WindowRun(TEN_SECOND_LEVEL_MS) };
    this.#series.set(definition.id, { definition, samples: new SampleRun(), levels, histograms: [] });
  }

  addSamples({ seriesIds, timesNanos, values }: SampleColumns): void {
    for (let i = 0; i < seriesIds.length; i++) {
      this.#of(seriesIds[i] as number).samples.add(timesNanos[i] as bigint, values[i] as number);
    }
  }

  addHistograms(rows: Batch['histograms']): void {
    for (const row of rows) {
      const series = this.#of(row.seriesId);
      series.histograms.push(row);
      series.histograms.sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
    }
  }

  addWindows(rows: readonly WindowRow[]): void {
    for (const row of rows) this.#of(row.seriesId).levels[row.levelMs as Level].add(row);
  }

  /** Returns how many rows were repeats of a known id and were dropped. */
  addEvents(rows: readonly EventRow[]): number {
    let duplicates = 0;
    for (const row of rows) if (!this.#events[row.table].add(row)) duplicates++;
    return duplicates;
  }

  definitions(): SeriesDefinition[] {
    return [...this.#series.values()].map(({ definition }) => definition).sort((a, b) => a.id - b.id);
  }

  select(request: SelectRequest): SeriesData[] {
    return this.#matching([request.matchers])
      .map((series) =>
        series.definition.kind === 'distribution'
          ? this.#selectHistograms(series, request)
          : this.#selectValues(series, request),
      )
      .filter(({ timesMs }) => timesMs.length > 0);
  }

  series(matcherLists: readonly (readonly Matcher[])[], startMs: number, endMs: number): SeriesDefinition[] {
    const { from, to } = nanosRange(startMs, endMs);
    return this.#matching(matcherLists)
      .filter(
        ({ samples, levels, histograms }) =>
          samples.range(from, to).values.length > 0 ||
          histograms.some(({ timeNanos }) => timeNanos >= from && timeNanos < to) ||
          levels[SECOND_LEVEL_MS].hasEndWithin(startMs, endMs) ||
          levels[TEN_SECOND_LEVEL_MS].hasEndWithin(startMs, endMs),
      )
      .map(({ definition }) => definition);
  }

  events<T extends EventTable>(table: T, filter: EventFilter): EventRowByTable[T][] {
    return this.#events[table].read(filter) as EventRowByTable[T][];
  }

  quoteBefore(venue: string, symbol: string, timeNanos: bigint): Quote | null {
    const quotes = this.#events.quotes as EventList<EventRow> as unknown as EventList<Quote>;
    return quotes.lastBefore(timeNanos, (quote) => quote.venue === venue && quote.symbol === symbol) ?? null;
  }

  rawSince(stream: string, fromNanos: bigint): RawSlice[] {
    const slices: RawSlice[] = [];
    for (const { definition, samples, histograms } of this.#series.values()) {
      if (definition.stream !== stream) continue;
      const { timesNanos, values } = samples.range(fromNanos, 2n ** 63n);
      timesNanos.forEach((timeNanos, i) => {
        slices.push({ seriesId: definition.id, timeNanos, value: values[i] as number });
      });
      for (const row of histograms) if (row.timeNanos >= fromNanos) slices.push({ ...row, value: NaN });
    }
    return slices.sort((a, b) =>
      a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : a.seriesId - b.seriesId,
    );
  }

  /** Everything that windows hold, merged per distribution: 1 s windows, and 10 s windows before the oldest of those. */
  distributionTotals(): { seriesId: number; histogram: EncodedHistogram }[] {
    const totals: { seriesId: number; histogram: EncodedHistogram }[] = [];
    for (const { definition, levels } of this.#matching([])) {
      const seconds = levels[SECOND_LEVEL_MS].histograms(Infinity, Infinity).base;
      const total = mergedOptional(this.#beforeSeconds(levels), seconds);
      if (total !== undefined) totals.push({ seriesId: definition.id, histogram: total.encode() });
    }
    return totals;
  }

  /** What a distribution had counted before the head's first window, for example from the durable store. */
  setBase(seriesId: number, base: EncodedHistogram): void {
    for (const level of Object.values(this.#of(seriesId).levels)) level.setBase(ExponentialHistogram.decode(base));
  }

  /** Forgets samples, windows and events before the stamp; distributions keep them in their base. */
  evictBefore(timeNanos: bigint): void {
    for (const series of this.#series.values()) {
      series.samples.dropBefore(timeNanos);
      series.histograms = series.histograms.filter((row) => row.timeNanos >= timeNanos);
      for (const level of Object.values(series.levels)) level.dropBefore(timeNanos, true);
    }
    for (const table of EVENT_TABLES) this.#events[table].dropBefore(timeNanos);
    if (timeNanos > this.#completeSinceNanos) this.#completeSinceNanos = timeNanos;
  }

  #of(seriesId: number): HeadSeries {
    const series = this.#series.get(seriesId);
    if (series === undefined) throw new RangeError(`series ${seriesId} was not defined before its first row`);
    return series;
  }

  #matching(matcherLists: readonly (readonly Matcher[])[]): HeadSeries[] {
    const tests = matcherLists.map((matchers) => compileMatchers(matchers, compileRegex));
    return [...this.#series.values()]
      .filter(({ definition }) => tests.length === 0 || tests.some((test) => test(definition.labels)))
      .sort((a, b) => a.definition.id - b.definition.id);
  }

  #selectValues({ definition, samples, levels }: HeadSeries, request: SelectRequest): SeriesData {
    const timesMs: number[] = [];
    const values: number[] = [];
    const segments = planValues(request, this.#horizon);
    for (const { levelMs, startMs, endMs } of segments) {
      const { from, to } = nanosRange(startMs, endMs);
      if (levelMs === 0) {
        const raw = samples.range(from, to);
        for (const ms of raw.timesMs) timesMs.push(ms);
        for (const value of raw.values) values.push(value);
      } else {
        for (const { last, lastNanos } of levels[levelMs].lasts(from, to)) {
          timesMs.push(msFromNanos(lastNanos));
          values.push(last);
        }
      }
    }
    return { labels: definition.labels, timesMs, values, levelsMs: segments.map(({ levelMs }) => levelMs) };
  }

  #selectHistograms({ definition, levels }: HeadSeries, request: SelectRequest): SeriesData {
    const levelMs = planLevel(request, this.#horizon);
    const { base, timesMs, deltas } = levels[levelMs].histograms(request.startMs, request.endMs);
    const older = levelMs === SECOND_LEVEL_MS ? this.#beforeSeconds(levels) : undefined;
    const data = cumulate(definition.labels, { timesMs, base: mergedOptional(older, base), deltas }, request);
    return { ...data, levelsMs: [levelMs] };
  }

  /** What only the 10 s windows still know, once retention has taken the 1 s windows. */
  #beforeSeconds(levels: HeadSeries['levels']): ExponentialHistogram | undefined {
    if (this.#horizon === ENDLESS) return undefined;
    return levels[TEN_SECOND_LEVEL_MS].histograms(this.#horizon.secondsFromMs + 1, -Infinity).base;
  }
}

function mergedOptional(a: ExponentialHistogram | undefined, b: ExponentialHistogram | undefined) {
  return a === undefined || b === undefined ? (a ?? b) : a.merge(b);
}
