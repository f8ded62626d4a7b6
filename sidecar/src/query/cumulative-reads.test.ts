import { parse, plan } from '@tapewatch/core';
import { cumulativeReads } from './cumulative-reads.ts';

const range = { startMs: 0, endMs: 60_000, stepMs: 5_000 };

it.each([
  ['sum(rate(x[1m]))', [false]],
  ['histogram_quantile(0.9, sum by (venue) ((increase((x[1m] anchored)))))', [false]],
  ['x', [true]],
  ['rate(x[1m] smoothed)', [true]],
  ['delta(x[1m])', [true]],
  ['histogram_count(x) - histogram_count(rate(y[1m]))', [true, false]],
  ['rate(x[1m]) + irate(x[1m])', [false, true]],
  // One read for two purposes.
  ['rate(x[1m]) + delta(x[1m])', [true]],
  ['max_over_time(histogram_count(rate(x[1m]))[5m:])', [false]],
])('%s reads cumulative histograms: %j', (text, expected) => {
  expect(cumulativeReads(plan(parse(text), range))).toEqual(expected);
});
