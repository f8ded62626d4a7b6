/**
 * One line of a recorded Binance feed: `<receipt ns> <the exchange's JSON>`. Book tickers become quotes, trades become
 * prints; depth and everything else is passed over. Spot book tickers carry no stamp of the exchange; USD-M ones carry
 * the event time `E` in milliseconds.
 */
import { z } from 'zod';
import type { TopOfBook } from './model/market.ts';

const decimal = z.string().regex(/^\d+(\.\d+)?$/);

const bookTicker = z.object({
  s: z.string(),
  b: decimal,
  B: decimal,
  a: decimal,
  A: decimal,
  E: z.number().optional(),
});
const trade = z.object({ s: z.string(), q: decimal, m: z.boolean() });
const envelope = z.object({ stream: z.string(), data: z.unknown() });

export type BinanceLine =
  | {
      readonly kind: 'quote';
      readonly receiptNanos: bigint;
      readonly symbol: string;
      readonly top: TopOfBook;
      readonly exchangeNanos: bigint | null;
      /** Decimals in use, for the grid of prices and sizes. */
      readonly priceDecimals: number;
      readonly sizeDecimals: number;
    }
  | {
      readonly kind: 'trade';
      readonly receiptNanos: bigint;
      readonly symbol: string;
      readonly quantity: number;
      readonly buyerInitiated: boolean;
    }
  | { readonly kind: 'other'; readonly receiptNanos: bigint };

/** Null for a line that cannot be read. */
export function parseBinanceLine(line: string): BinanceLine | null {
  const space = line.indexOf(' ');
  const receipt = line.slice(0, space);
  if (space < 1 || !/^\d{1,19}$/.test(receipt)) return null;
  const receiptNanos = BigInt(receipt);
  const document = envelope.safeParse(parseJson(line.slice(space + 1)));
  if (!document.success) return null;
  const { stream, data } = document.data;
  if (stream.endsWith('@bookTicker')) return quoteOf(data, receiptNanos);
  if (stream.endsWith('@trade')) return tradeOf(data, receiptNanos);
  return { kind: 'other', receiptNanos };
}

function quoteOf(data: unknown, receiptNanos: bigint): BinanceLine | null {
  const parsed = bookTicker.safeParse(data);
  if (!parsed.success) return null;
  const { s: symbol, b, B, a, A, E } = parsed.data;
  return {
    ...{ kind: 'quote', receiptNanos, symbol },
    top: { bid: Number(b), bidSize: Number(B), ask: Number(a), askSize: Number(A) },
    exchangeNanos: E === undefined ? null : BigInt(E) * 1_000_000n,
    priceDecimals: Math.max(decimalsOf(b), decimalsOf(a)),
    sizeDecimals: Math.max(decimalsOf(B), decimalsOf(A)),
  };
}

/** `m`: the buyer was the maker, so the seller initiated. */
function tradeOf(data: unknown, receiptNanos: bigint): BinanceLine | null {
  const parsed = trade.safeParse(data);
  if (!parsed.success) return null;
  const { s: symbol, q, m } = parsed.data;
  return { kind: 'trade', receiptNanos, symbol, quantity: Number(q), buyerInitiated: !m };
}

function decimalsOf(text: string): number {
  return /\.(\d*?)0*$/.exec(text)?.[1]?.length ?? 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
