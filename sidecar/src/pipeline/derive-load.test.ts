/** The score of a feed as it comes in: silent while warming up, beyond 3.5 in a fault, below it otherwise. */
import { nanos, seededUniform, type Quote } from '@tapewatch/core';
import { ListingDeriver } from './testing/listing-deriver.ts';

const MS = 1_000_000;

/** A quote each 25 ms for 100 s; from 80 s to 82 s the receipt is 20 ms late. */
function scores(exchangeStamps: boolean): { atMs: number; value: number }[] {
  const deriver = new ListingDeriver();
  const uniform = seededUniform(2);
  return Array.from({ length: 4_000 }, (_, i): Quote => {
    const atMs = i * 25;
    const delayMs = 3 + uniform() + (atMs >= 80_000 && atMs < 82_000 ? 20 : 0);
    const stamp = (ms: number) => nanos(BigInt(Math.round(ms * MS)));
    return {
      ...{ table: 'quotes', timeNanos: stamp(atMs), venue: 'V', symbol: 'S', bid: 99 + uniform(), ask: 101 },
      ...{ bidSize: null, askSize: null, sequence: null, exchangeNanos: exchangeStamps ? stamp(atMs - delayMs) : null },
    };
  })
    .flatMap((quote) => deriver.derive(quote, quote.timeNanos))
    .filter(({ labels }) => labels.get('__name__') === 'latency_fault_score')
    .map(({ timeNanos, value }) => ({ atMs: Number(timeNanos) / MS, value }));
}

it('tells a fault of a feed within half a second, and nothing else', () => {
  const all = scores(true);
  expect(all.length).toBeGreaterThan(150);
  expect(Math.min(...all.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(60_000);
  const beyond = all.filter(({ value }) => value > 3.5).map(({ atMs }) => atMs);
  expect(beyond[0]).toBeLessThanOrEqual(80_500);
  expect(beyond.length).toBeGreaterThanOrEqual(7);
  expect(beyond.every((atMs) => atMs > 80_000 && atMs <= 82_500)).toBe(true);
});

it('has no score for a feed without stamps of the exchange', () => {
  expect(scores(false)).toEqual([]);
});
