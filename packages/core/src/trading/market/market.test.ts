import { at, quoteRow } from '../testing/trading-row.ts';
import { costToFillBps, depthWithin, imbalance, microprice, quotedSpreadBps } from './book.ts';
import { feedHealth } from './feed-health.ts';
import { QuoteAverage } from './quote-average.ts';
import {
  barsOf,
  ewmaVariance,
  logReturns,
  parkinsonVariance,
  realisedVariance,
  rogersSatchellVariance,
  yangZhangVariance,
} from './volatility.ts';
import { VolumeProfile } from './volume-profile.ts';

const BOOK = { bidPrices: [99, 98], bidSizes: [1, 5], askPrices: [101, 102], askSizes: [2, 10] };

it('reads a book', () => {
  expect(quotedSpreadBps({ bid: 99, ask: 101 })).toBe(200);
  expect(imbalance({ bidSize: 3, askSize: 1 })).toBe(0.5);
  expect(imbalance({ bidSize: 0, askSize: 0 })).toBeNull();
  expect(microprice({ bid: 99, ask: 101, bidSize: 3, askSize: 1 })).toBe(100.5);
  expect(depthWithin(BOOK, 100)).toEqual({ bid: 99, ask: 202 });
  expect(depthWithin(BOOK, 200)).toEqual({ bid: 99 + 490, ask: 202 + 1020 });
  expect(depthWithin({ ...BOOK, bidPrices: [102] }, 100)).toBeNull();
});

it('costs what sweeping the levels costs, and nothing is known beyond them', () => {
  expect(costToFillBps(BOOK, 'buy', 2)).toBeCloseTo(100, 9);
  expect(costToFillBps(BOOK, 'buy', 4)).toBeCloseTo(150, 9);
  expect(costToFillBps(BOOK, 'sell', 6)).toBeCloseTo(((100 - (99 + 5 * 98) / 6) / 100) * 1e4, 9);
  expect(costToFillBps(BOOK, 'sell', 6.5)).toBeNull();
});

it('weighs quotes by the time they stood, up to their age limit', () => {
  const average = new QuoteAverage(5);
  average.add(quoteRow({ timeNanos: at(0), bid: 99, ask: 101 }), at(0), at(1));
  average.add(quoteRow({ timeNanos: at(1), bid: 98, ask: 102, bidSize: 3, askSize: 1 }), at(1), at(4));
  average.add(quoteRow({ timeNanos: at(4), bid: 103, ask: 102 }), at(4), at(6));
  average.add(quoteRow({ timeNanos: at(6), bid: 99, ask: 101 }), at(6), at(20));
  const averages = average.averages();
  expect(averages.spreadBps).toBeCloseTo((200 * 1 + 400 * 3 + 200 * 5) / 9, 9);
  expect(averages).toMatchObject({ usableSeconds: 9, unusableSeconds: 2, staleSeconds: 9, quotes: 4, imbalance: 0.5 });
  expect(new QuoteAverage().averages()).toMatchObject({ spreadBps: null, quotes: 0 });
});

describe('volatility', () => {
  const bars = [
    [100, 102, 99, 101],
    [101.5, 103, 101, 102],
    [102, 102.5, 100, 100.5],
    [100, 101, 99.5, 100.8],
    [101, 104, 100.5, 103],
  ].map(([open = 0, high = 0, low = 0, close = 0]) => ({ open, high, low, close, trades: 9 }));

  it('of Rogers and Satchell, of Yang and Zhang', () => {
    expect(rogersSatchellVariance(bars)).toBeCloseTo(0.00025451127877811096, 15);
    expect(yangZhangVariance(bars)).toBeCloseTo(0.00023487771758929908, 15);
    expect(yangZhangVariance(bars.slice(0, 2))).toBeNull();
  });

  it('passes bars of one trade over, and a bar that stood still is nothing', () => {
    const single = { open: 1, high: 1, low: 1, close: 1, trades: 1 };
    expect(parkinsonVariance([single])).toBeNull();
    expect(parkinsonVariance([{ ...single, trades: 2 }])).toBe(0);
    expect(parkinsonVariance([...bars, single])).toBe(parkinsonVariance(bars));
  });

  it('of returns', () => {
    expect(logReturns([100, 101, null, 102, 103])).toHaveLength(2);
    expect(realisedVariance([])).toBeNull();
    // pandas: (r ** 2).ewm(alpha=0.06, adjust=False).mean()
    expect(ewmaVariance([0.01, -0.02, 0.005, 0.03])).toBeCloseTo(0.0001596748, 15);
  });

  it('takes bars from prints, none where nothing traded', () => {
    const print = (second: number, price: number) => ({ timeNanos: at(second), price });
    expect(barsOf([print(0, 5), print(0.5, 7), print(0.9, 4), print(3.1, 6)], at(0), at(1))).toEqual([
      { open: 5, high: 7, low: 4, close: 4, trades: 3 },
      { open: 6, high: 6, low: 6, close: 6, trades: 1 },
    ]);
  });
});

it('tells how volume spreads over a day', () => {
  const profile = new VolumeProfile(24, at(3600));
  profile.add({ timeNanos: at(3600), quantity: 3, isBuy: true });
  profile.add({ timeNanos: at(86_400 + 3599), quantity: 1, isBuy: false });
  const slots = profile.slots();
  expect(slots[0]).toEqual({ slot: 0, volume: 3, buyVolume: 3, share: 0.75 });
  expect(slots[23]).toEqual({ slot: 23, volume: 1, buyVolume: 0, share: 0.25 });
  expect(new VolumeProfile(2).slots()[0]?.share).toBeNull();
});

describe('the health of a feed', () => {
  const feed = (sequences: readonly (number | null)[]) =>
    sequences.map((sequence, i) =>
      quoteRow({
        timeNanos: at(i),
        exchangeNanos: at(i - 0.25),
        sequence: sequence === null ? null : BigInt(sequence),
      }),
    );

  it('counts what is lost in a sequence that counts messages', () => {
    const sequences = [...Array.from({ length: 20 }, (_, i) => i), 25, 25, 26];
    const health = feedHealth(feed(sequences), 0.05);
    expect(health).toMatchObject({
      messages: 23,
      countsMessages: true,
      lostMessages: 5,
      repeated: 1,
      longestSilenceSeconds: 1,
    });
    expect(health.gaps).toEqual([{ venue: 'XNAS', symbol: 'AMD', fromNanos: at(19), toNanos: at(20) }]);
    expect(health.latency.max).toBeCloseTo(0.2, 12);
  });

  it('knows of no loss where the sequence jumps by nature, or is missing', () => {
    expect(feedHealth(feed([1, 5, 9, 14]))).toMatchObject({ countsMessages: false, lostMessages: null, gaps: [] });
    expect(feedHealth(feed([null, null]))).toMatchObject({ lostMessages: null, longestSilenceSeconds: 1 });
    expect(feedHealth([])).toMatchObject({ messages: 0, longestSilenceSeconds: null });
  });
});
