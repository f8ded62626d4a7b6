/**
 * The store in memory: the model that the durable stores are compared with, the store of a demo that need not survive
 * its process, and, with `evictBefore`, the head in front of a durable store. An append is all or nothing here too:
 * everything is checked before anything is taken in.
 */
import type {
  EncodedHistogram,
  EventTable,
  Matcher,
  Quote,
  SelectRequest,
  SeriesData,
  SeriesDefinition,
} from '@tapewatch/core';
import type { Batch, EventFilter, EventRowByTable, RawSlice, Recovery, Store, TransitionRow } from '../../ports.ts';
import { isOpen, transitionKey } from '../open-alerts.ts';
import { demandWanted, unknownSeries } from '../faults.ts';
import { cutoffsAt, DEFAULT_RETENTION, horizonOf, type Retention } from '../retention.ts';
import { Head } from './head.ts';

export class MemoryStore implements Store {
  readonly #retention: Retention;
  readonly #head = new Head();
  readonly #seriesIds = new Set<number>();
  readonly #positions = new Map<string, number>();
  readonly #sealed = new Map<string, bigint>();
  #transitions: TransitionRow[] = [];

  constructor(options: { retention?: Retention } = {}) {
    this.#retention = options.retention ?? DEFAULT_RETENTION;
  }

  /** Everything stamped at or after this that was appended is here. */
  get completeSinceNanos(): bigint {
    return this.#head.completeSinceNanos;
  }

  /** Forgets rows before the stamp; what distributions counted stays in their base. */
  evictBefore(timeNanos: bigint): void {
    this.#head.evictBefore(timeNanos);
    this.#transitions = this.#transitions.filter((row) => row.timeNanos >= timeNanos);
  }

  /** What a distribution had counted before the first window here, as `distributionTotals` of a durable store tells. */
  setBase(seriesId: number, base: EncodedHistogram): void {
    this.#head.setBase(seriesId, base);
  }

  async open(): Promise<Recovery> {
    return {
      series: this.#head.definitions(),
      positions: [...this.#positions].sort(byName).map(([log, sequence]) => ({ log, sequence })),
      sealed: [...this.#sealed].sort(byName).map(([stream, untilNanos]) => ({ stream, untilNanos })),
      openAlerts: this.#openAlerts(),
    };
  }

  async append(batch: Batch): Promise<{ readonly duplicates: number }> {
    this.#demandKnownSeries(batch);
    for (const definition of batch.series) {
      this.#seriesIds.add(definition.id);
      this.#head.define(definition);
    }
    this.#head.addSamples(batch.samples);
    this.#head.addHistograms(batch.histograms);
    this.#head.addWindows(batch.windows);
    for (const transition of batch.transitions) this.#addTransition(transition);
    for (const { log, sequence } of batch.positions) raise(this.#positions, log, sequence);
    for (const { stream, untilNanos } of batch.sealed) raise(this.#sealed, stream, untilNanos);
    return { duplicates: this.#head.addEvents(batch.events) };
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

  async events<T extends EventTable>(
    table: T,
    filter: EventFilter,
    signal?: AbortSignal,
  ): Promise<EventRowByTable[T][]> {
    demandWanted(signal);
    return this.#head.events(table, filter);
  }

  async quotesBefore(
    asked: readonly { venue: string; symbol: string; timeNanos: bigint }[],
    signal?: AbortSignal,
  ): Promise<(Quote | null)[]> {
    demandWanted(signal);
    return asked.map(({ venue, symbol, timeNanos }) => this.#head.quoteBefore(venue, symbol, timeNanos));
  }

  async transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]> {
    return this.#transitions
      .filter(({ timeNanos }) => timeNanos >= filter.startNanos && timeNanos < filter.endNanos)
      .slice(0, filter.limit);
  }

  async distributionTotals(): Promise<{ seriesId: number; histogram: EncodedHistogram }[]> {
    return this.#head.distributionTotals();
  }

  async rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]> {
    return this.#head.rawSince(stream, fromNanos);
  }

  async retain(nowNanos: bigint): Promise<number> {
    const cutoffs = cutoffsAt(nowNanos, this.#retention);
    const open = new Set(this.#openAlerts());
    const kept = this.#transitions.filter((row) => row.timeNanos >= cutoffs.transitions || open.has(row));
    const removed = this.#transitions.length - kept.length;
    this.#transitions = kept;
    return removed + this.#head.retain(cutoffs, horizonOf(cutoffs));
  }

  async health(): Promise<{ ok: boolean; detail: string; bytesOnDisk: number }> {
    return { ok: true, detail: 'in memory: nothing survives the process', bytesOnDisk: 0 };
  }

  async close(): Promise<void> {}

  #demandKnownSeries(batch: Batch): void {
    const added = new Set(batch.series.map(({ id }) => id));
    for (const id of [...batch.samples.seriesIds, ...batch.histograms.map(idOf), ...batch.windows.map(idOf)]) {
      if (!this.#seriesIds.has(id) && !added.has(id)) throw unknownSeries(id);
    }
  }

  #addTransition(row: TransitionRow): void {
    let at = this.#transitions.length;
    while (at > 0 && (this.#transitions[at - 1] as TransitionRow).timeNanos > row.timeNanos) at--;
    this.#transitions.splice(at, 0, row);
  }

  #openAlerts(): TransitionRow[] {
    const latest = new Map<string, TransitionRow>();
    for (const row of this.#transitions) latest.set(transitionKey(row), row);
    return this.#transitions.filter((row) => isOpen(row) && latest.get(transitionKey(row)) === row);
  }
}

function raise<T extends number | bigint>(marks: Map<string, T>, name: string, mark: T): void {
  const known = marks.get(name);
  if (known === undefined || mark > known) marks.set(name, mark);
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

function idOf({ seriesId }: { readonly seriesId: number }): number {
  return seriesId;
}
