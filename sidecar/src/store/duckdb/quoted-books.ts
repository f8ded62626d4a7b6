/** The columns of quotes that tell the book, and rows of them. A feed's own numbers take longer to read than all of these. */
import type { DuckDBDataChunk } from '@duckdb/node-api';
import type { QuotedBook } from '@tapewatch/core';
import { eventsFrom } from './packed-events.ts';
import { packedFrom } from './read-packed.ts';

export const BOOK_COLUMNS = ['time_nanos', 'venue', 'symbol', 'bid', 'bid_size', 'ask', 'ask_size'] as const;

/** Of chunks whose first columns are these. */
export function booksFrom(chunks: readonly DuckDBDataChunk[]): QuotedBook[] {
  return eventsFrom<'quotes'>(packedFrom('quotes', chunks, BOOK_COLUMNS));
}
