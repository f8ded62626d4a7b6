/** What a store reads of events: each one statement or a few, on a connection of its own. */
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  bookRequest,
  bookRows,
  type BookColumns,
  type BookRequest,
  type EventTable,
  type QuotedBook,
} from '@tapewatch/core';
import type {
  EventFilter,
  EventRowByTable,
  MarkRequest,
  QuoteGapRequest,
  StoreReader,
  TraceSample,
  TraceSampleRequest,
  TradedInstrument,
} from '../../ports.ts';
import { eventsFrom, type PackedEvents } from './packed-events.ts';
import { readFillArrivals } from './read-arrivals.ts';
import { readEvents } from './read-events.ts';
import { readMarks } from './read-marks.ts';
import { readQuoteGaps } from './read-quote-gaps.ts';
import { readBooks } from './read-quotes.ts';
import { readTraceSample } from './read-traces.ts';
import { readFillColumns, readTradedInstruments } from './read-trading.ts';
import { transaction } from './sql.ts';
import { StreamEnded, type ReadWay } from './vector-read.ts';

type AskedQuote = Parameters<StoreReader['quotesBefore']>[0][number];

export abstract class EventReads {
  /** Runs the work on a connection, and ends it with the signal. */
  protected abstract read<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T>;

  /** Again, whole, where the engine ended a stream early: it then says why. */
  async #streamed<T>(
    work: (connection: DuckDBConnection, way: ReadWay) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await this.read((connection) => work(connection, 'streamed'), signal);
    } catch (error) {
      if (!(error instanceof StreamEnded)) throw error;
      return this.read((connection) => work(connection, 'whole'), signal);
    }
  }

  async events<T extends EventTable>(
    table: T,
    filter: EventFilter,
    signal?: AbortSignal,
  ): Promise<EventRowByTable[T][]> {
    return eventsFrom<T>(await this.packedEvents(table, filter, signal));
  }

  /** As columns, for who makes rows of them elsewhere. */
  packedEvents(table: EventTable, filter: EventFilter, signal?: AbortSignal): Promise<PackedEvents> {
    return this.read((connection) => readEvents(connection, table, filter), signal);
  }

  async quotesBefore(asked: readonly AskedQuote[], signal?: AbortSignal): Promise<(QuotedBook | null)[]> {
    const request = bookRequest(asked);
    return bookRows(request, await this.books(request, signal));
  }

  /** Statements count what the next one reads. */
  async books(request: BookRequest, signal?: AbortSignal): Promise<BookColumns> {
    return this.#streamed(
      (connection, way) => transaction(connection, () => readBooks(connection, request, way)),
      signal,
    );
  }

  async fillColumns(filter: EventFilter, signal?: AbortSignal) {
    return this.#streamed((connection, way) => readFillColumns(connection, filter, way), signal);
  }

  async tradedInstruments(filter: EventFilter, signal?: AbortSignal): Promise<readonly TradedInstrument[]> {
    return this.read((connection) => readTradedInstruments(connection, filter), signal);
  }

  async quoteGaps(request: QuoteGapRequest, signal?: AbortSignal) {
    return this.#streamed(
      (connection, way) => transaction(connection, () => readQuoteGaps(connection, request, way)),
      signal,
    );
  }

  async fillArrivals(filter: EventFilter, signal?: AbortSignal) {
    return this.#streamed((connection, way) => readFillArrivals(connection, filter, way), signal);
  }

  async marks(request: MarkRequest, signal?: AbortSignal): Promise<Float64Array> {
    return this.#streamed((connection, way) => readMarks(connection, request, way), signal);
  }

  async traceSample(request: TraceSampleRequest, signal?: AbortSignal): Promise<TraceSample | undefined> {
    return this.read((connection) => readTraceSample(connection, request), signal);
  }
}
