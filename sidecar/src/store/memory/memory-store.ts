/**
 * The store in memory: the model that the durable stores are compared with, and the store of a demo that need not survive
 * its process. It follows the same ladder and the same plans. An append is all or nothing here too: everything is
 * checked before anything is taken in.
 */
import { EVENT_TABLES } from '@tapewatch/contract';
import {
  compileMatchers,
  feedHealth,
  histogramColumnsOf,
  KIND_CODES,
  Ladder,
  type EncodedHistogram,
  type EventRow,
  type EventTable,
  type ExponentialHistogram,
  type FeedGap,
  type Matcher,
  type Quote,
  type QuotedBook,
  type SealedWindows,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
} from '@tapewatch/core';
import type {
  ColumnBatch,
  EventFilter,
  EventRowByTable,
  MergedHistograms,
  MergeRequest,
  QuoteGapRequest,
  RawSlice,
  Recovery,
  Store,
  StoreHealth,
  TransitionRow,
} from '../../ports.ts';
import { compileRegex } from '../../regex.ts';
import { packHistograms } from '../duckdb/packed-batch.ts';
import { isStaleMarker } from '../../stale-marker.ts';
import { rowsOf } from '../event-rows.ts';
import { demandWanted, unknownSeries } from '../faults.ts';
import { floorToLevel, LEVELS, LEVEL_SECONDS, type LevelMarks, type Marks } from '../level.ts';
import { isOpen, transitionKey } from '../open-alerts.ts';
import { cutoffsAt, DEFAULT_RETENTION, ENDLESS, laterHorizon, type Horizon, type Retention } from '../retention.ts';
import { cover, planDistributions, planValues, type ReadState } from '../select-plan.ts';
import { groupsBy, meetsSteps, mergeRange, toMergedHistograms } from '../slices.ts';
import { nanosRange } from '../time-range.ts';
import { EventList } from './event-list.ts';
import { cumulated } from './cumulate.ts';
import { SampleRun } from './sample-run.ts';
import { valuePoints } from './value-points.ts';
import { DistributionTable, mergedInto, ValueTable } from './window-table.ts';

interface MemorySeries {
  readonly definition: SeriesDefinition;
  readonly samples: SampleRun;
  histograms: { readonly timeNanos: bigint; readonly histogram: EncodedHistogram }[];
}

export class MemoryStore implements Store {
  readonly #retention: Retention;
  readonly #series = new Map<number, MemorySeries>();
  readonly #ladder = new Ladder({ valuesSeconds: 0, distributionsSeconds: 0 });
  readonly #values = new ValueTable();
  readonly #distributions = new DistributionTable();
  readonly #positions = new Map<string, number>();
  readonly #events = Object.fromEntries(EVENT_TABLES.map((table) => [table, new EventList()])) as unknown as {
    readonly [T in EventTable]: EventList<EventRow>;
  };
  #kinds = new Uint8Array(64);
  #horizon: Horizon = ENDLESS;
  #transitions: TransitionRow[] = [];

  constructor(options: { retention?: Retention } = {}) {
    this.#retention = options.retention ?? DEFAULT_RETENTION;
  }

  async open(): Promise<Recovery> {
    const series = this.#matching([]).map(({ definition }) => definition);
    const untilNanos = BigInt(this.#ladder.marks.distributionsSeconds) * 1_000_000_000n;
    return {
      series,
      positions: [...this.#positions].sort(byName).map(([log, sequence]) => ({ log, sequence })),
      sealed: [...new Set(series.map(({ stream }) => stream))].sort().map((stream) => ({ stream, untilNanos })),
      openAlerts: this.#openAlerts(),
    };
  }

  async append(batch: ColumnBatch): Promise<{ readonly duplicates: number }> {
    this.#demandKnownSeries(batch);
    for (const definition of batch.series) this.#define(definition);
    const { seriesIds, seconds, nanos, values } = batch.samples;
    seriesIds.forEach((id, i) => {
      const value = isStaleMarker(values, i) ? undefined : values[i];
      (this.#series.get(id) as MemorySeries).samples.add(stampOf(seconds[i], nanos[i]), value);
    });
    for (const { seriesId, histogram, ...stamp } of batch.histograms) {
      const series = this.#series.get(seriesId) as MemorySeries;
      series.histograms.push({ timeNanos: stampOf(stamp.seconds, stamp.nanos), histogram });
    }
    const rows = { samples: batch.samples, histograms: packHistograms(batch.histograms) };
    this.#takeSealed(this.#ladder.feed(rows, this.#kinds, Math.floor(Date.now() / 1_000)));
    if (batch.samples.seconds.some((second) => second < this.#horizon.raw)) {
      for (const series of this.#series.values()) this.#dropRaw(series, this.#horizon.raw);
    }
    for (const transition of batch.transitions) this.#addTransition(transition);
    for (const { log, sequence } of batch.positions) {
      this.#positions.set(log, Math.max(sequence, this.#positions.get(log) ?? 0));
    }
    const events = [...batch.events, ...(batch.eventBatches ?? []).flatMap(rowsOf)];
    return { duplicates: events.filter((row) => !this.#events[row.table].add(row)).length };
  }

  async select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    demandWanted(signal);
    return this.#matching([request.matchers])
      .map((series) =>
        series.definition.kind === 'distribution'
          ? this.#selectHistograms(series.definition, request)
          : this.#selectValues(series, request),
      )
      .filter(({ timesMs }) => timesMs.length > 0);
  }

  async mergedHistograms(request: MergeRequest, signal?: AbortSignal): Promise<MergedHistograms[] | undefined> {
    demandWanted(signal);
    const series = this.#matching([request.matchers]).map(({ definition }) => definition);
    const spans = planDistributions(mergeRange(request), this.#state);
    if (series.some(({ kind }) => kind !== 'distribution') || !meetsSteps(spans, request)) return undefined;
    const { groupOf, labels } = groupsBy(series, request.by);
    const rows = [...groupOf].flatMap(([id, group]) =>
      this.#distributions.windows(id, spans).map(({ endMs, histogram }) => ({
        group,
        step: Math.ceil((endMs - request.startMs) / request.stepMs),
        histogram: histogram.encode(),
      })),
    );
    rows.sort((a, b) => a.group - b.group || a.step - b.step);
    const slices = {
      labels,
      groups: Uint32Array.from(rows, ({ group }) => group),
      steps: Uint32Array.from(rows, ({ step }) => step),
      histograms: histogramColumnsOf(rows.map(({ histogram }) => histogram)),
      levelsMs: [...new Set(spans.map(({ level }) => LEVEL_SECONDS[level] * 1_000))],
    };
    return toMergedHistograms(slices, request);
  }

  async series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]> {
    demandWanted(signal);
    const range = nanosRange(startMs, endMs);
    return this.#matching(matcherLists)
      .filter((series) => this.#isActive(series, range))
      .map(({ definition }) => definition);
  }

  async events<T extends EventTable>(
    table: T,
    filter: EventFilter,
    signal?: AbortSignal,
  ): Promise<EventRowByTable[T][]> {
    demandWanted(signal);
    return this.#events[table].read(filter) as EventRowByTable[T][];
  }

  async quotesBefore(
    asked: readonly { venue: string; symbol: string; timeNanos: bigint }[],
    signal?: AbortSignal,
  ): Promise<(QuotedBook | null)[]> {
    demandWanted(signal);
    const quotes = this.#events.quotes as EventList<EventRow> as unknown as EventList<Quote>;
    return asked.map(({ venue, symbol, timeNanos }) => {
      const found = quotes.lastBefore(timeNanos, (quote) => quote.venue === venue && quote.symbol === symbol);
      return found === undefined ? null : bookOf(found);
    });
  }

  async quoteGaps({ feeds, startNanos, endNanos, limit }: QuoteGapRequest): Promise<FeedGap[]> {
    const quotes = this.#events.quotes as EventList<EventRow> as unknown as EventList<Quote>;
    return feeds
      .flatMap(({ venue, symbol }) => {
        const rows = quotes.read({ startNanos, endNanos, venue: [venue], symbol: [symbol] });
        return feedHealth(rows.filter(({ sequence }) => sequence !== null)).gaps;
      })
      .sort((a, b) => (a.toNanos < b.toNanos ? -1 : 1))
      .slice(0, limit);
  }

  async transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]> {
    return this.#transitions
      .filter(({ timeNanos }) => timeNanos >= filter.startNanos && timeNanos < filter.endNanos)
      .slice(0, filter.limit);
  }

  async distributionTotals(ids?: readonly number[]): Promise<{ seriesId: number; histogram: EncodedHistogram }[]> {
    return this.#matching([]).flatMap(({ definition: { id, kind } }) => {
      const isAsked = kind === 'distribution' && (ids === undefined || ids.includes(id));
      const total = isAsked ? this.#baseBefore(id, this.#marks.distribution['1s']) : undefined;
      return total === undefined ? [] : [{ seriesId: id, histogram: total.encode() }];
    });
  }

  async rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]> {
    const slices: RawSlice[] = [];
    for (const { definition, samples, histograms } of this.#series.values()) {
      if (definition.stream !== stream) continue;
      const { timesNanos, values } = samples.range(fromNanos, 2n ** 63n);
      timesNanos.forEach((timeNanos, i) => {
        const slice = { seriesId: definition.id, timeNanos, value: values[i] as number };
        slices.push(isStaleMarker(values, i) ? { ...slice, stale: true } : slice);
      });
      for (const row of histograms) {
        if (row.timeNanos >= fromNanos) slices.push({ seriesId: definition.id, ...row, value: NaN });
      }
    }
    return slices.sort((a, b) => compare(a.timeNanos, b.timeNanos) || a.seriesId - b.seriesId);
  }

  async retain(nowNanos: bigint): Promise<number> {
    this.#takeSealed(this.#ladder.tick(Number(nowNanos / 1_000_000_000n)));
    const cutoffs = cutoffsAt(nowNanos, this.#retention);
    const horizon = laterHorizon(this.#horizon, cutoffs.horizon);
    const open = new Set(this.#openAlerts());
    const kept = this.#transitions.filter((row) => row.timeNanos >= cutoffs.transitions || open.has(row));
    let removed = this.#transitions.length - kept.length;
    this.#transitions = kept;
    for (const series of this.#series.values()) removed += this.#dropRaw(series, horizon.raw);
    removed += this.#values.dropBefore(horizon) + this.#distributions.dropBefore(horizon);
    for (const table of EVENT_TABLES) removed += this.#events[table].dropBefore(cutoffs.events[table]);
    this.#horizon = horizon;
    return removed;
  }

  async health(): Promise<StoreHealth> {
    return { ok: true, detail: 'in memory: nothing survives the process', bytesOnDisk: 0, memoryBytes: 0 };
  }

  async close(): Promise<void> {}

  /** A wider level is sealed as far as its parts are. */
  get #marks(): Marks {
    const { valuesSeconds, distributionsSeconds } = this.#ladder.marks;
    const marksOf = (seconds: number): LevelMarks =>
      Object.fromEntries(LEVELS.map((level) => [level, floorToLevel(seconds, level)])) as LevelMarks;
    return { value: marksOf(valuesSeconds), distribution: marksOf(distributionsSeconds) };
  }

  get #state(): ReadState {
    return { marks: this.#marks, horizon: this.#horizon };
  }

  #define(definition: SeriesDefinition): void {
    const { id, kind } = definition;
    if (this.#series.has(id)) return;
    this.#series.set(id, { definition, samples: new SampleRun(), histograms: [] });
    if (id >= this.#kinds.length) {
      const kinds = new Uint8Array(id * 2);
      kinds.set(this.#kinds);
      this.#kinds = kinds;
    }
    this.#kinds[id] = KIND_CODES[kind];
  }

  #takeSealed({ values, distributions }: SealedWindows): void {
    this.#values.add(values, LEVELS.slice(1));
    this.#distributions.add(distributions);
  }

  /** Raw samples of gauges and counters become 1 s windows when they go. */
  #dropRaw(series: MemorySeries, beforeSeconds: number): number {
    const before = BigInt(beforeSeconds) * 1_000_000_000n;
    const { definition, samples } = series;
    if (definition.kind !== 'distribution') {
      const { timesNanos, values } = samples.range(0n, before);
      timesNanos.forEach((nanos, i) => {
        if (isStaleMarker(values, i)) return;
        this.#values.addSample('1s', definition.id, { nanos, value: values[i] as number });
      });
    }
    const kept = series.histograms.filter(({ timeNanos }) => timeNanos >= before);
    const removed = samples.dropBefore(before) + series.histograms.length - kept.length;
    series.histograms = kept;
    return removed;
  }

  #isActive({ definition, samples, histograms }: MemorySeries, { from, to }: { from: bigint; to: bigint }): boolean {
    if (samples.range(from, to).values.length > 0) return true;
    if (histograms.some(({ timeNanos }) => timeNanos >= from && timeNanos < to)) return true;
    const second = 1_000_000_000n;
    const rawFrom = BigInt(this.#horizon.raw) * second;
    if (from >= rawFrom) return false;
    const level = from >= BigInt(this.#horizon['10s']) * second ? '10s' : '1h';
    const width = BigInt(LEVEL_SECONDS[level]) * second;
    const table = definition.kind === 'distribution' ? this.#distributions : this.#values;
    return table.startsOf(definition.id, level).some((start) => {
      const nanos = BigInt(start) * second;
      return (
        nanos > from - width && nanos < (to < rawFrom ? to : rawFrom) && start < this.#sealedUntil(definition, level)
      );
    });
  }

  #sealedUntil({ kind }: SeriesDefinition, level: keyof LevelMarks): number {
    return this.#marks[kind === 'distribution' ? 'distribution' : 'value'][level];
  }

  #matching(matcherLists: readonly (readonly Matcher[])[]): MemorySeries[] {
    const tests = matcherLists.map((matchers) => compileMatchers(matchers, compileRegex));
    return [...this.#series.values()]
      .filter(({ definition }) => tests.length === 0 || tests.some((test) => test(definition.labels)))
      .sort((a, b) => a.definition.id - b.definition.id);
  }

  #selectValues({ definition: { id, labels }, samples }: MemorySeries, request: SelectRequest): SeriesData {
    const segments = planValues(request, this.#state);
    return { labels, ...valuePoints({ id, samples, windows: this.#values }, { segments, request }) };
  }

  #selectHistograms({ id, labels }: SeriesDefinition, request: SelectRequest): SeriesData {
    const spans = planDistributions(request, this.#state);
    const windows = this.#distributions.windows(id, spans);
    const base = this.#baseBefore(id, spans[0]?.from ?? 0);
    const levelsMs = [...new Set(spans.map(({ level }) => LEVEL_SECONDS[level] * 1_000))];
    return { labels, levelsMs, ...cumulated(base, windows, request) };
  }

  #baseBefore(id: number, before: number): ExponentialHistogram | undefined {
    const windows = this.#distributions.windows(id, cover(0, before, this.#state));
    return windows.reduce((base, { histogram }) => mergedInto(base, histogram), this.#distributions.baseOf(id));
  }

  #demandKnownSeries(batch: ColumnBatch): void {
    const added = new Set(batch.series.map(({ id }) => id));
    for (const id of [...batch.samples.seriesIds, ...batch.histograms.map(({ seriesId }) => seriesId)]) {
      if (!this.#series.has(id) && !added.has(id)) throw unknownSeries(id);
    }
  }

  #addTransition(row: TransitionRow): void {
    let at = this.#transitions.length;
    while (at > 0 && (this.#transitions[at - 1] as TransitionRow).timeNanos > row.timeNanos) at--;
    this.#transitions.splice(at, 0, row);
  }

  #openAlerts(): TransitionRow[] {
    const latest = new Map<string, TransitionRow>();
    for (const row of this.#transitions) if (row.revised !== true) latest.set(transitionKey(row), row);
    return this.#transitions.filter((row) => isOpen(row) && latest.get(transitionKey(row)) === row);
  }
}

function stampOf(seconds: number | undefined, nanos: number | undefined): bigint {
  return BigInt(seconds ?? 0) * 1_000_000_000n + BigInt(nanos ?? 0);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function bookOf({ table, timeNanos, venue, symbol, bid, bidSize, ask, askSize }: Quote): QuotedBook {
  return { table, timeNanos, venue, symbol, bid, bidSize, ask, askSize };
}
