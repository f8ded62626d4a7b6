import { at, quoteRow } from '../testing/trading-row.ts';
import { benchmarkAt, FeedGaps } from './benchmark.ts';

const feed = { venue: 'XNAS', symbol: 'AMD' };
const gaps = new FeedGaps([
  { ...feed, fromNanos: at(20), toNanos: at(21) },
  { ...feed, fromNanos: at(5), toNanos: at(7) },
]);
const limits = { maxAgeNanos: at(10), gaps };

it('withholds a mid that is too old', () => {
  expect(benchmarkAt(quoteRow({ timeNanos: at(8) }), at(18), limits)).toEqual({ mid: 100 });
  expect(benchmarkAt(quoteRow({ timeNanos: at(8) }), at(18.1), limits)).toEqual({ reason: 'stale' });
  expect(benchmarkAt(quoteRow({ timeNanos: at(8) }), at(19), { maxAgeNanos: null, gaps })).toEqual({ mid: 100 });
});

it('withholds a mid from the quote before a gap until the quote after it', () => {
  const of = (quoteSecond: number, second: number) =>
    benchmarkAt(quoteRow({ timeNanos: at(quoteSecond) }), at(second), limits);
  expect(of(4, 5)).toEqual({ mid: 100 });
  expect(of(5, 6)).toEqual({ reason: 'gapped' });
  expect(of(5, 7)).toEqual({ reason: 'gapped' });
  expect(of(7, 7.5)).toEqual({ mid: 100 });
  expect(of(20, 20.5)).toEqual({ reason: 'gapped' });
  expect(benchmarkAt(quoteRow({ venue: 'BATS', timeNanos: at(5) }), at(6), limits)).toEqual({ mid: 100 });
});

it('withholds what is no mid at all', () => {
  expect(benchmarkAt(null, at(1), limits)).toEqual({ reason: 'no_quote' });
  expect(benchmarkAt(quoteRow({ bid: 102 }), at(9), limits)).toEqual({ reason: 'crossed' });
  expect(benchmarkAt(quoteRow({ ask: null }), at(9), limits)).toEqual({ reason: 'one_sided' });
});
