import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { Labels } from '../model/labels.ts';
import type { SeriesData } from '../model/series.ts';
import { evaluate } from './evaluate.ts';
import { parse } from './parse.ts';
import { plan } from './plan.ts';
import type { QueryResult } from './result.ts';

const AT_MS = 600_000;
const regex = () => () => undefined;

function counterSeries(perStep: number): SeriesData {
  const labels = Labels.from({ __name__: 'order_ack_seconds', venue: 'XNAS' });
  const timesMs = Array.from({ length: 41 }, (_, i) => i * 15_000);
  const histograms = timesMs.map((_, step) => {
    const histogram = new ExponentialHistogram();
    for (let i = 0; i < step * perStep; i++) histogram.observe(0.001 * (1 + (i % 100)));
    return histogram;
  });
  return { labels, timesMs, values: timesMs.map(() => NaN), histograms };
}

function ask(query: string, series: readonly SeriesData[] = [], advice = true): QueryResult {
  const planned = plan(parse(query), { startMs: AT_MS, endMs: AT_MS, stepMs: 0 }, { text: query });
  const data = planned.selects.map(() => series);
  return evaluate(planned, data, { regex, advice });
}

function valueOf(result: QueryResult): number {
  return result.type === 'vector' ? (result.samples[0]?.value ?? NaN) : NaN;
}

describe('a query that averages percentiles', () => {
  it.each([
    'avg(histogram_quantile(0.99, rate(order_ack_seconds[5m])))',
    'sum by (venue) (order_ack_p99)',
    'avg without (instance) (latency_p99_9 * 1000)',
    'avg_over_time(histogram_quantile(0.95, rate(x[1m]))[10m:1m])',
    'avg_over_time(exchange_latency_p95_seconds[10m])',
    'avg(rpc_duration_seconds{quantile="0.9"})',
    '1 + avg(max by (venue) (order_ack_median))',
  ])('gets a warning that names the remedy: %s', (query) => {
    expect(ask(query).warnings).toEqual([
      expect.stringMatching(/of percentiles is no percentile .*aggregate the histograms/),
    ]);
    expect(ask(query, [], false).warnings).toEqual([]);
  });

  it.each([
    'max(histogram_quantile(0.99, rate(order_ack_seconds[5m])))',
    'avg(order_ack_seconds)',
    'sum(rate(http_p99_requests_total[5m]))',
    'count(order_ack_p99)',
    'histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[5m])))',
    'max_over_time(order_ack_p99[5m])',
  ])('any other gets none: %s', (query) => {
    expect(ask(query).warnings).toEqual([]);
  });

  it('gets it also when only the series know that they are quantiles', () => {
    const labels = Labels.from({ __name__: 'rpc_seconds', quantile: '0.99' });
    const series: SeriesData = { labels, timesMs: [AT_MS], values: [1] };
    expect(ask('avg(rpc_seconds)', [series]).warnings).toHaveLength(1);
    expect(ask('max(rpc_seconds)', [series]).warnings).toEqual([]);
  });
});

describe('a quantile of too few observations', () => {
  it('is marked, with the number that it has and the number that it needs', () => {
    const query = 'histogram_quantile(0.99, sum(rate(order_ack_seconds[5m])))';
    expect(ask(query, [counterSeries(10)]).infos).toEqual([
      expect.stringContaining('quantile 0.99 of too few observations: it needs 1000, the smallest histogram has 200;'),
    ]);
    expect(ask(query, [counterSeries(60)]).infos).toEqual([]);
    expect(ask(query.replace('0.99', '0.9'), [counterSeries(10)]).infos).toEqual([]);
    expect(ask(query, [counterSeries(10)], false).infos).toEqual([]);
  });

  it('is not marked where the query does not say how many observations there are', () => {
    expect(ask('histogram_quantile(0.99, avg(rate(order_ack_seconds[5m])))', [counterSeries(10)]).infos).toEqual([]);
  });
});

describe('functions of certainty', () => {
  it('give the error bound of the buckets', () => {
    expect(valueOf(ask('histogram_error_bound(order_ack_seconds)', [counterSeries(10)]))).toBeCloseTo(
      2 ** (1 / 128) - 1,
      12,
    );
  });

  it('bracket the quantile, and say infinite where the observations do not bound it', () => {
    const series = [counterSeries(60)];
    const rate = 'sum(rate(order_ack_seconds[5m]))';
    const [lower, middle, upper] = ['lower(0.9', '(0.9', 'upper(0.9'].map((call) => {
      const name = call.startsWith('(') ? `histogram_quantile${call}` : `histogram_quantile_${call}`;
      return valueOf(ask(`${name}, ${rate})`, series));
    }) as [number, number, number];
    expect(lower).toBeLessThan(middle);
    expect(middle).toBeLessThan(upper);
    expect(upper - lower).toBeLessThan(0.03);
    expect(valueOf(ask(`histogram_quantile_upper(0.9999, ${rate})`, series))).toBe(Infinity);
    expect(valueOf(ask(`histogram_quantile_upper(0.9, ${rate}, 0.5)`, series))).toBeLessThan(upper);
  });

  it('tell whether a quantile can be relied on', () => {
    const query = 'histogram_quantile_reliable(0.99, sum(rate(order_ack_seconds[5m])))';
    expect(valueOf(ask(query, [counterSeries(10)]))).toBe(0);
    expect(valueOf(ask(query, [counterSeries(60)]))).toBe(1);
  });

  it('bound the share under a limit beside the interpolated one', () => {
    const of = (name: string): number =>
      valueOf(ask(`${name}(-Inf, 0.05, increase(order_ack_seconds[5m]))`, [counterSeries(60)]));
    expect(of('histogram_fraction_min')).toBeLessThanOrEqual(of('histogram_fraction'));
    expect(of('histogram_fraction_max')).toBeGreaterThanOrEqual(of('histogram_fraction'));
    expect(of('histogram_fraction_max') - of('histogram_fraction_min')).toBeLessThan(0.02);
  });

  it('refuse what they cannot answer, and say what to give them', () => {
    expect(() => ask('histogram_quantile_lower(0.9, avg(rate(x[5m])))')).toThrow(
      /give it rate or increase of a histogram/,
    );
    expect(() => ask('histogram_quantile_lower(0.9, rate(order_ack_seconds[5m]), 2)', [counterSeries(10)])).toThrow(
      /confidence must lie between 0 and 1, got 2/,
    );
  });
});
