/** What a query is told where not all gaps of the feeds could be looked at. */
import { nanos, type FeedGap, type Quote } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import { MAX_GAPS } from './limit.ts';
import { QuoteAsks } from './quote-asks.ts';
import { rowReader } from './row-reader.fixture.ts';

const FEED = { venue: 'XNAS', symbol: 'AMD' };
const at = (ms: number) => nanos(BigInt(ms) * 1_000_000n);

/** A feed that loses quotes before each even millisecond. */
function readerWith(gaps: number): StoreReader {
  const rest = { exchangeNanos: null, bidSize: 1, askSize: 1, sequence: null };
  const quote: Quote = { ...FEED, ...rest, table: 'quotes', timeNanos: at(1), bid: 99, ask: 101 };
  const all = Array.from({ length: gaps }, (_, i): FeedGap => ({
    ...FEED,
    fromNanos: at(2 * i),
    toNanos: at(2 * i + 1),
  }));
  return { ...rowReader([quote]).reader, quoteGaps: ({ limit }) => Promise.resolve(all.slice(0, limit)) };
}

async function noticesWith(gaps: number) {
  const asks = new QuoteAsks({ reader: readerWith(gaps), maxQuoteAgeMs: 0 });
  asks.before(FEED, at(2));
  return (await asks.read()).notices;
}

it('says from where on gaps are not known when there are more than are read', async () => {
  expect(await noticesWith(MAX_GAPS)).toEqual([]);
  expect(await noticesWith(MAX_GAPS + 1)).toEqual([
    { severity: 'warning', text: expect.stringMatching(/more than 100000 gaps .* after 1970-01-01T00:03:19\.999Z/) },
  ]);
});
