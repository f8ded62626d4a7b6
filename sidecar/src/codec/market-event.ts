/** Quotes, prints, depth and exchange rates of currencies to their rows. */
import type { WireBook, WireFx, WireQuote, WireTrade } from '@tapewatch/contract';
import type { BookUpdate, FxRate, MarketTrade, Nanos, Quote } from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import { Fault } from './problem.ts';
import { parseWireTime, parseWireTimes } from './wire-time.ts';

export function quoteOf(quote: WireQuote, context: DecodeContext): Quote | Fault {
  const times = feedTimes(quote, context);
  if (times instanceof Fault) return times;
  return {
    table: 'quotes',
    ...times,
    venue: quote.venue,
    symbol: quote.symbol,
    bid: quote.bid,
    bidSize: quote.bid_size,
    ask: quote.ask,
    askSize: quote.ask_size,
    sequence: quote.sequence === undefined ? null : BigInt(quote.sequence),
  };
}

export function tradeOf(trade: WireTrade, context: DecodeContext): MarketTrade | Fault {
  const times = feedTimes(trade, context);
  if (times instanceof Fault) return times;
  const { id, venue, symbol, price, quantity, aggressor } = trade;
  return { table: 'market_trades', id, ...times, venue, symbol, price, quantity, aggressor };
}

export function bookOf(book: WireBook, context: DecodeContext): BookUpdate | Fault {
  const times = feedTimes(book, context);
  if (times instanceof Fault) return times;
  return {
    table: 'book_levels',
    ...times,
    venue: book.venue,
    symbol: book.symbol,
    kind: book.kind,
    bidPrices: book.bids.map(([price]) => price),
    bidSizes: book.bids.map(([, size]) => size),
    askPrices: book.asks.map(([price]) => price),
    askSizes: book.asks.map(([, size]) => size),
    sequence: book.sequence === undefined ? null : BigInt(book.sequence),
  };
}

export function fxOf({ time, base, quote, rate, source }: WireFx, { receivedNanos }: DecodeContext): FxRate | Fault {
  const timeNanos = parseWireTime(time, receivedNanos);
  return timeNanos instanceof Fault ? timeNanos : { table: 'fx_rates', timeNanos, base, quote, rate, source };
}

interface FeedTimes {
  readonly timeNanos: Nanos;
  readonly exchangeNanos: Nanos | null;
}

function feedTimes(
  message: { readonly time: string | number; readonly exchange_time?: string | number | undefined },
  { receivedNanos }: DecodeContext,
): FeedTimes | Fault {
  const times = parseWireTimes(receivedNanos, message.time, message.exchange_time);
  if (times instanceof Fault) return times;
  const [timeNanos, exchangeNanos = null] = times;
  return { timeNanos, exchangeNanos };
}
