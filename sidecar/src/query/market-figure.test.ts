/** A point of a chart looks at the rows of its step, not at all of the range: a chart has a thousand points. */
import { marketQuery } from '@tapewatch/contract';
import { nanos, type MarketTrade, type Quote } from '@tapewatch/core';
import { marketRow } from './market-figure.ts';

const SECOND = 1_000_000_000n;
const FEED = { venue: 'XNAS', symbol: 'AMD', exchangeNanos: null };
const QUERY = marketQuery.parse({ queryType: 'market' });

function feed(count: number) {
  let looks = 0;
  const counted = <T extends object>(row: T, second: number): T & { readonly timeNanos: ReturnType<typeof nanos> } =>
    Object.defineProperty(row, 'timeNanos', {
      get: () => {
        looks++;
        return nanos(BigInt(second) * SECOND);
      },
    }) as T & { readonly timeNanos: ReturnType<typeof nanos> };
  const seconds = Array.from({ length: count }, (_, i) => i);
  const quotes = seconds.map((second): Quote => {
    const sizes = { bidSize: 1, askSize: 1, sequence: BigInt(second) };
    return counted({ table: 'quotes' as const, ...FEED, bid: 99 + second, ask: 101 + second, ...sizes }, second);
  });
  const trades = seconds.map((second): MarketTrade => {
    const rest = { id: String(second), price: 100 + second, quantity: 1, aggressor: 'buy' as const };
    return counted({ table: 'market_trades' as const, ...FEED, ...rest }, second);
  });
  const standing = quotes.map((quote, i) => {
    return { quote, fromNanos: BigInt(i) * SECOND, toNanos: BigInt(i + 1) * SECOND };
  });
  return { feed: { ...FEED, standing, isSampled: false, quotes, trades, books: [] }, looks: () => looks };
}

it('looks at the rows of its step only, the quote that stood when it began among them', () => {
  const { feed: rows, looks } = feed(20_000);
  const stretch = { startNanos: 10_000n * SECOND + SECOND / 2n, endNanos: 10_004n * SECOND + SECOND / 2n };
  const row = marketRow(rows, stretch, QUERY);
  expect(row.averages.mid).toBeCloseTo(10_102, 6);
  expect([row.averages.usableSeconds, row.received, row.volume, row.trades]).toEqual([4, 4, 4, 4]);
  expect(row.health).toMatchObject({ messages: 4, longestSilenceSeconds: 1 });
  expect(row.volatility.realised).toBeGreaterThan(0);
  expect(looks()).toBeLessThan(500);
});
