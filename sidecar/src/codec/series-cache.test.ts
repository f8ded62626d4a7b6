import { ExponentialHistogram, type Labels } from '@tapewatch/core';
import { SeriesCache } from './series-cache.ts';
import { MessageBytes } from './series-table.ts';
import { HistogramTotals, Totals } from './temporality.ts';

const context = {};
const isResting = (ref: number): boolean => ref === 1;

it('forgets spellings that nobody used between two calls, and keeps the others', () => {
  const cache = new SeriesCache();
  const message = new MessageBytes();
  message.set(Buffer.from('ab'));
  const [idle, used] = [
    { from: 0, to: 1, from2: 0, to2: 0, tag: 0 },
    { from: 1, to: 2, from2: 0, to2: 0, tag: 0 },
  ];
  const find = (key: typeof idle): number =>
    cache.table.find(message, key, cache.table.hash(message, key.from, key.to));
  for (const [i, key] of [idle, used].entries())
    cache.table.keep(message, key, { hash: cache.table.hash(message, key.from, key.to), answer: i + 1 });
  const labels = (name: string): Labels => cache.interner.intern(name, {}, context) as Labels;
  const [idleLabels, usedLabels] = [labels('idle'), labels('used')];
  for (let call = 0; call < 2; call++) {
    cache.rest(isResting);
    expect(find(used)).toBe(2);
    expect(labels('used')).toBe(usedLabels);
  }
  expect(find(idle)).toBe(0);
  expect(labels('idle')).not.toBe(idleLabels);
});

it('lets totals of series that rest go, and makes room for others by it', () => {
  const cache = new SeriesCache();
  const totals = new Totals(2);
  const histograms = new HistogramTotals(2);
  cache.share(totals);
  cache.share(histograms);
  totals.add(1, 5);
  totals.add(2, 5);
  expect(totals.add(3, 1)).toBeUndefined();
  const histogram = new ExponentialHistogram();
  histogram.observe(1);
  for (const ref of [1, 2]) histograms.delta({ ref, histogram, start: '', isNew: false });
  cache.rest(isResting);
  expect([totals.add(3, 1), totals.add(2, 1), totals.add(1, 1)]).toEqual([1, 6, undefined]);
  expect(histograms.delta({ ref: 1, histogram, start: '', isNew: false })).toBe('mark');
  expect(histograms.delta({ ref: 2, histogram, start: '', isNew: false })).toMatchObject({ count: 0 });
});

it('goes on counting where a series that rests stopped, while there is room', () => {
  const totals = new Totals(4);
  const histograms = new HistogramTotals(4);
  const histogram = new ExponentialHistogram();
  histogram.observe(1);
  totals.add(1, 5);
  histograms.delta({ ref: 1, histogram, start: '', isNew: false });
  for (const memory of [totals, histograms]) memory.forget(isResting);
  // Readers would take 7 after 5 for an increase of 2, and would never hear of the second observation.
  expect(totals.add(1, 7)).toBe(12);
  const later = histogram.clone();
  later.observe(2);
  expect(histograms.delta({ ref: 1, histogram: later, start: '', isNew: false })).toMatchObject({ count: 1 });
});
