/**
 * Reads from memory what memory holds completely, and from the store everything else. A request is never split between
 * the two: the store is at most one batch behind, and cumulative histograms of both start at different bases once
 * retention has removed old windows, so a seam could show as an increase that never happened. What memory has shown of a
 * range, the store shows too when it takes over (handover.ts).
 */
import type {
  BookColumns,
  BookRequest,
  EventTable,
  FeedGap,
  FillColumns,
  Matcher,
  QuotedBook,
  SelectRequest,
  SeriesData,
  SeriesDefinition,
} from '@tapewatch/core';
import type {
  EventFilter,
  EventRowByTable,
  FillArrivals,
  MarkRequest,
  MergedHistograms,
  MergeRequest,
  QuoteGapRequest,
  StoreReader,
  TraceSample,
  TraceSampleRequest,
  TradedInstrument,
  TransitionRow,
} from '../ports.ts';
import type { Handover } from './handover.ts';

export interface Head extends Pick<StoreReader, 'select' | 'series'> {
  /** Everything stamped at or after this, milliseconds since the epoch, is in memory. */
  readonly completeSinceMs: number;
}

export class LayeredReader implements StoreReader {
  readonly #head: Head;
  readonly #store: StoreReader;
  readonly #handover: Pick<Handover, 'settling'>;

  constructor(head: Head, store: StoreReader, handover: Pick<Handover, 'settling'>) {
    this.#head = head;
    this.#store = store;
    this.#handover = handover;
  }

  /** Memory answers in pieces and may forget between them: what it said counts only if it still holds the whole range. */
  async #ask<T>(startMs: number, read: (from: Pick<StoreReader, 'select' | 'series'>) => Promise<T>): Promise<T> {
    const isComplete = (): boolean => this.isInMemory({ startMs });
    if (isComplete()) {
      const answer = await read(this.#head);
      if (isComplete()) return answer;
    }
    await this.#handover.settling(startMs);
    return read(this.#store);
  }

  select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    return this.#ask(request.startMs, (from) => from.select(request, signal));
  }

  /** Memory only ever forgets: what it holds now, it held before. */
  isInMemory({ startMs }: Pick<SelectRequest, 'startMs'>): boolean {
    return startMs >= this.#head.completeSinceMs;
  }

  series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]> {
    return this.#ask(startMs, (from) => from.series(matcherLists, startMs, endMs, signal));
  }

  /** From the store only: what memory holds is merged by the evaluation, as fast and without a copy for each step. */
  async mergedHistograms(request: MergeRequest, signal?: AbortSignal): Promise<MergedHistograms[] | undefined> {
    const startMs = request.startMs - request.stepMs + 1;
    if (this.isInMemory({ startMs })) return undefined;
    await this.#handover.settling(startMs);
    return this.#store.mergedHistograms?.(request, signal);
  }

  /** Events are read from the store: rows are few, and it alone knows which ones are duplicates. */
  events<T extends EventTable>(table: T, filter: EventFilter, signal?: AbortSignal): Promise<EventRowByTable[T][]> {
    return this.#store.events(table, filter, signal);
  }

  quotesBefore(
    asked: readonly { venue: string; symbol: string; timeNanos: bigint }[],
    signal?: AbortSignal,
  ): Promise<(QuotedBook | null)[]> {
    return this.#store.quotesBefore(asked, signal);
  }

  async books(request: BookRequest, signal?: AbortSignal): Promise<BookColumns | undefined> {
    return this.#store.books?.(request, signal);
  }

  async fillColumns(filter: EventFilter, signal?: AbortSignal): Promise<FillColumns | undefined> {
    return this.#store.fillColumns?.(filter, signal);
  }

  async tradedInstruments(filter: EventFilter, signal?: AbortSignal): Promise<readonly TradedInstrument[] | undefined> {
    return this.#store.tradedInstruments?.(filter, signal);
  }

  async quoteGaps(request: QuoteGapRequest, signal?: AbortSignal): Promise<FeedGap[] | null> {
    return this.#store.quoteGaps?.(request, signal) ?? [];
  }

  async fillArrivals(filter: EventFilter, signal?: AbortSignal): Promise<FillArrivals | undefined> {
    return this.#store.fillArrivals?.(filter, signal);
  }

  async marks(request: MarkRequest, signal?: AbortSignal): Promise<Float64Array | undefined> {
    return this.#store.marks?.(request, signal);
  }

  async traceSample(request: TraceSampleRequest, signal?: AbortSignal): Promise<TraceSample | undefined> {
    return this.#store.traceSample?.(request, signal);
  }

  transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]> {
    return this.#store.transitions(filter);
  }
}
