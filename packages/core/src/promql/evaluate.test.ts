import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { quantile } from '../histogram/quantile.ts';
import { Labels } from '../model/labels.ts';
import type { SeriesData } from '../model/series.ts';
import { PromqlError } from './error.ts';
import { evaluate, type EvaluateOptions } from './evaluate.ts';
import { MAX_ANNOTATIONS } from './annotation.ts';
import { parse } from './parse.ts';
import { plan } from './plan.ts';
import type { EvaluationRange, QueryResult } from './result.ts';

const MINUTE = 60_000;
const options: EvaluateOptions = {
  regex: (pattern) => {
    const expression = new RegExp(`^(?:${pattern})$`, 's');
    return (text) => {
      const match = expression.exec(text);
      return match === null ? undefined : { groups: [...match], named: { ...match.groups } };
    };
  },
};

function at(ms: number): EvaluationRange {
  return { startMs: ms, endMs: ms, stepMs: 0 };
}

/** Every selector gets all series of `data` with its metric name. */
function ask(
  text: string,
  range: EvaluationRange,
  data: readonly SeriesData[],
  more: Partial<EvaluateOptions> = {},
): QueryResult {
  const planned = plan(parse(text), range, { text });
  const answers = planned.selects.map(({ matchers }) =>
    data.filter(({ labels }) => labels.metricName === matchers.find(({ name }) => name === '__name__')?.value),
  );
  return evaluate(planned, answers, { ...options, ...more });
}

function series(labels: Record<string, string>, points: readonly (readonly [ms: number, value: number])[]): SeriesData {
  return { labels: Labels.from(labels), timesMs: points.map(([ms]) => ms), values: points.map(([, value]) => value) };
}

function valuesOf(result: QueryResult): Record<string, number> {
  if (result.type !== 'vector') throw new Error(`got a ${result.type}`);
  return Object.fromEntries(result.samples.map(({ labels, value }) => [labels.toString(), value]));
}

describe('plan', () => {
  const selects = (text: string, range: EvaluationRange) =>
    plan(parse(text), range).selects.map(({ startMs, endMs, resolutionMs }) => [startMs, endMs, resolutionMs]);

  it('reads the lookback before an instant, and the whole of a range query', () => {
    expect(selects('x', at(600_000))).toEqual([[300_001, 600_000, 0]]);
    expect(selects('x', { startMs: 600_000, endMs: 900_000, stepMs: 15_000 })).toEqual([[300_001, 900_000, 15_000]]);
  });

  it('follows ranges, offset, @ and subqueries', () => {
    expect(selects('rate(x[1m])', at(600_000))).toEqual([[540_001, 600_000, 2_000]]);
    expect(selects('max_over_time(x[1m] offset 2m)', at(600_000))).toEqual([[420_001, 480_000, 0]]);
    expect(selects('x offset -1m', at(600_000))).toEqual([[360_001, 660_000, 0]]);
    expect(selects('x @ 100 offset 10s', { startMs: 0, endMs: 900_000, stepMs: 1_000 })).toEqual([
      [-209_999, 90_000, 1_000],
    ]);
    expect(selects('x @ end()', { startMs: 0, endMs: 900_000, stepMs: 1_000 })).toEqual([[600_001, 900_000, 1_000]]);
    expect(selects('max_over_time(rate(x[1m])[10m:7s])', at(600_000))).toEqual([[-52_999, 595_000, 1_000]]);
  });

  it('asks a window of a range query only for the points that its ends meet', () => {
    const of = (text: string, stepMs: number) => selects(text, { startMs: 0, endMs: 900_000, stepMs })[0]?.[2];
    expect(of('rate(x[1m])', 15_000)).toBe(15_000);
    expect(of('rate(x[20s])', 5_000)).toBe(5_000);
    // A window as wide as the step would be met by its end alone.
    expect(of('rate(x[1m])', 60_000)).toBe(2_000);
    expect(of('max_over_time(x[1m])', 15_000)).toBe(0);
  });

  it('asks once for what two selectors share', () => {
    expect(selects('x / x + x offset 1m', at(0))).toHaveLength(2);
    expect(selects('1 + time()', at(0))).toEqual([]);
  });

  it('refuses ranges and durations that make no sense', () => {
    expect(() => selects('x', { startMs: 10, endMs: 0, stepMs: 1 })).toThrow('bad evaluation range');
    expect(() => selects('x', { startMs: 0, endMs: 10, stepMs: 0 })).toThrow('zero query resolution step');
    expect(() => selects('rate(x[step()])', at(0))).toThrow('must be greater than 0');
  });
});

describe('evaluate', () => {
  it('gives a steady counter the rate of its slope (proves: PCT-12)', () => {
    const points = Array.from({ length: 41 }, (_, i) => [i * 15_000, 1_000 + i * 45] as const);
    const data = [series({ __name__: 'fills_total', venue: 'XNAS' }, points)];
    const of = (name: string) => valuesOf(ask(`${name}(fills_total[5m])`, at(10 * MINUTE), data))['{venue="XNAS"}'];
    expect(of('rate')).toBeCloseTo(3, 12);
    expect(of('increase')).toBeCloseTo(900, 9);
    expect(of('irate')).toBeCloseTo(3, 12);
  });

  it('sees no sample between a series end marker and the next sample, and ranges pass over the marker', () => {
    const data = [
      {
        ...series({ __name__: 'x' }, [
          [0, 1],
          [MINUTE, 2],
          [3 * MINUTE, 3],
        ]),
        staleMs: [2 * MINUTE],
      },
    ];
    const range = { startMs: 0, endMs: 3 * MINUTE, stepMs: MINUTE };
    expect(ask('x', range, data)).toMatchObject({
      series: [{ points: [{ value: 1 }, { value: 2 }, { timeMs: 180_000, value: 3 }] }],
    });
    expect(valuesOf(ask('count_over_time(x[5m])', at(3 * MINUTE), data))).toEqual({ '{}': 3 });
  });

  it('looks back less than five minutes, and ranges are open on the left', () => {
    const data = [series({ __name__: 'x' }, [[0, 1]])];
    expect(valuesOf(ask('x', at(5 * MINUTE - 1), data))).toEqual({ x: 1 });
    expect(valuesOf(ask('x', at(5 * MINUTE), data))).toEqual({});
    expect(valuesOf(ask('count_over_time(x[1m])', at(MINUTE), data))).toEqual({});
  });

  it('answers the same whatever the order in which the store gives its series', () => {
    const data = ['a', 'b', 'c', 'd'].map((label) => series({ __name__: 'x', label }, [[0, 1]]));
    for (const text of ['x', 'topk(2, x)', 'limitk(2, x)', 'x or x', 'count_values("v", x)']) {
      expect(ask(text, at(0), [...data].reverse())).toEqual(ask(text, at(0), data));
    }
  });

  it('computes population variance and mean over a window (proves: PCT-11)', () => {
    const data = [
      series(
        { __name__: 'x' },
        [2, 4, 4, 4, 5, 5, 7, 9].map((value, i) => [i * 1000, value] as const),
      ),
    ];
    const of = (name: string) => valuesOf(ask(`${name}(x[1m])`, at(8_000), data))['{}'];
    expect([of('avg_over_time'), of('stdvar_over_time'), of('stddev_over_time')]).toEqual([5, 4, 2]);
  });

  // The eight expressions of the catalogue's RUL-12 to RUL-19, each just past its threshold and just within.
  it.each([
    ['cpu_usage_percent > 80', 81, 80],
    ['cpu_usage_percent > 95', 96, 95],
    ['memory_usage_percent > 85', 86, 85],
    ['http_request_duration_p95 > 1000', 1001, 1000],
    ['error_rate_percent > 1', 1.1, 1],
    ['prediction_accuracy < 0.65', 0.64, 0.65],
    ['profitable_trades_percent < 55', 54, 55],
    ['rate(api_requests_total[5m]) > 1000', 1001, 1000],
  ])('yields an alert for %s at %d and none at %d (proves: RUL-20)', (text, past, within) => {
    const name = /[a-z_]+[a-z0-9_]*(?=\[| [<>])/.exec(text)?.[0] as string;
    const isRate = text.startsWith('rate');
    const world = (value: number) => [
      series(
        { __name__: name },
        Array.from({ length: 41 }, (_, i) => [i * 15_000, isRate ? value * i * 15 : value] as const),
      ),
    ];
    const alerts = (value: number) => Object.values(valuesOf(ask(text, at(10 * MINUTE), world(value))));
    expect(alerts(past)).toEqual([expect.closeTo(past, 9)]);
    expect(alerts(within)).toEqual([]);
  });

  it('splits the series by limit_ratio into two parts that make the whole', () => {
    const data = Array.from({ length: 200 }, (_, i) => series({ __name__: 'x', i: String(i) }, [[0, i]]));
    const of = (text: string) => Object.keys(valuesOf(ask(text, at(0), data)));
    const [some, others] = [of('limit_ratio(0.3, x)'), of('limit_ratio(-0.7, x)')];
    expect(some.length).toBeGreaterThan(30);
    expect(some.length).toBeLessThan(90);
    expect([...some, ...others].sort()).toEqual(of('x').sort());
  });

  it('fills missing sides of an operation when asked to', () => {
    const data = [series({ __name__: 'a', l: 'x' }, [[0, 5]]), series({ __name__: 'b', l: 'y' }, [[0, 7]])];
    expect(valuesOf(ask('a - fill(0) b', at(0), data))).toEqual({ '{l="x"}': 5, '{l="y"}': -7 });
    expect(valuesOf(ask('a - fill_right(1) b', at(0), data))).toEqual({ '{l="x"}': 4 });
    expect(valuesOf(ask('a - b', at(0), data))).toEqual({});
  });

  it('interpolates classic histograms by their upper bounds le (proves: PCT-07)', () => {
    const bucket = (le: string, count: number) =>
      series({ __name__: 'ack_seconds_bucket', le, venue: 'XNAS' }, [[0, count]]);
    const data = [bucket('0.1', 50), bucket('0.2', 90), bucket('+Inf', 100)];
    const of = (q: number) =>
      valuesOf(ask(`histogram_quantile(${q}, ack_seconds_bucket)`, at(0), data))['{venue="XNAS"}'];
    expect(of(0.5)).toBeCloseTo(0.1, 12);
    expect(of(0.7)).toBeCloseTo(0.15, 12);
    expect(of(0.99)).toBeCloseTo(0.2, 12);
    expect(valuesOf(ask('histogram_fraction(0, 0.15, ack_seconds_bucket)', at(0), data))['{venue="XNAS"}']).toBeCloseTo(
      0.7,
      12,
    );
    const bad = ask('histogram_quantile(0.5, x)', at(0), [series({ __name__: 'x', le: 'wide' }, [[0, 1]])]);
    expect(bad.warnings).toEqual([expect.stringContaining('malformed value of "wide"')]);
  });

  it('bounds the number of annotations and says how many it left out', () => {
    const data = Array.from({ length: 60 }, (_, i) => series({ __name__: 'x', le: `no${i}` }, [[0, 1]]));
    const { warnings } = ask('histogram_quantile(0.5, x)', at(0), data);
    expect(warnings).toHaveLength(MAX_ANNOTATIONS + 1);
    expect(warnings.at(-1)).toBe('40 more annotations omitted');
  });

  it('stops past the sample limit, and when its caller says so', () => {
    const data = [
      series(
        { __name__: 'x' },
        Array.from({ length: 1_000 }, (_, i) => [i * 1000, i] as const),
      ),
    ];
    const range = { startMs: 0, endMs: 1_000_000, stepMs: 1_000 };
    expect(() => ask('x', range, data, { maxSeries: 0 })).toThrow(
      /selector finds \d+ series, the limit is 0; name more/,
    );
    expect(() => ask('avg_over_time(x[10m])', range, data, { maxSamples: 10_000 })).toThrow(
      new PromqlError(
        'limit',
        'query looks at more than 10000 samples; narrow the selectors, shorten the range or take a larger step',
      ),
    );
    let checks = 0;
    const checkCancelled = (): void => {
      if (++checks > 3) throw new Error('stop');
    };
    expect(() => ask('avg_over_time(x[10m])', range, data, { checkCancelled })).toThrow('stop');
  });

  it('refuses a range query that would give range vectors or strings', () => {
    const range = { startMs: 0, endMs: MINUTE, stepMs: MINUTE };
    expect(() => ask('x[5m]', range, [])).toThrow('cannot return a range vector');
    expect(() => ask('"text"', range, [])).toThrow('cannot return a string');
    expect(ask('"text"', at(0), [])).toMatchObject({ type: 'string', value: 'text' });
  });
});

describe('distributions in PromQL', () => {
  /** A cumulative histogram every 10 s, 20 observations each, restarted after the third. */
  const latencies = Array.from({ length: 60 }, (_, i) => 0.001 * (1 + ((i * 37) % 60)));
  const cumulative = (venue: string, factor: number): SeriesData => {
    let total = new ExponentialHistogram();
    const histograms = [total.clone()];
    for (let slot = 0; slot < 6; slot++) {
      if (slot === 3) total = new ExponentialHistogram();
      for (const value of latencies.slice((slot % 3) * 20, (slot % 3) * 20 + 20)) total.observe(value * factor);
      histograms.push(total.clone());
    }
    const timesMs = histograms.map((_, i) => i * 10_000);
    return {
      labels: Labels.from({ __name__: 'ack_seconds', venue }),
      timesMs,
      values: timesMs.map(() => NaN),
      histograms,
    };
  };
  const data = [cumulative('XNAS', 1), cumulative('BATS', 10)];

  it('merges across series and a counter reset, and answers within the bound of the exact order statistic', () => {
    const sample = ask('sum(increase(ack_seconds[1m1s]))', at(60_000), data);
    const histogram = sample.type === 'vector' ? sample.samples[0]?.histogram : undefined;
    // From zero observations at the window's start to its last sample nothing is left to extrapolate.
    expect(histogram?.count).toBeCloseTo(240, 6);
    const values = valuesOf(ask('histogram_quantile(0.905, sum(increase(ack_seconds[1m1s])))', at(60_000), data));
    const exact = [...latencies, ...latencies, ...[...latencies, ...latencies].map((value) => value * 10)].sort(
      (a, b) => a - b,
    )[217] as number;
    expect(Math.abs((values['{}'] ?? NaN) / exact - 1)).toBeLessThanOrEqual(
      new ExponentialHistogram().relativeErrorBound,
    );
  });

  it('tells count, sum, average, spread and share of each series', () => {
    const of = (text: string) => valuesOf(ask(text, at(30_000), data))['{venue="XNAS"}'] as number;
    const sum = latencies.reduce((total, value) => total + value, 0);
    expect(of('histogram_count(ack_seconds)')).toBe(60);
    expect(of('histogram_sum(ack_seconds)')).toBeCloseTo(sum, 12);
    expect(of('histogram_avg(ack_seconds)')).toBeCloseTo(sum / 60, 12);
    const variance = latencies.reduce((total, value) => total + (value - sum / 60) ** 2, 0) / 60;
    expect(of('histogram_stddev(ack_seconds)') / Math.sqrt(variance)).toBeCloseTo(1, 2);
    expect(of('histogram_fraction(0, 0.0305, ack_seconds)')).toBeCloseTo(0.5, 1);
    expect(valuesOf(ask('histogram_count(ack_seconds) > 1e9', at(30_000), data))).toEqual({});
  });

  it('adds, subtracts, scales and compares histograms, and says what it cannot do', () => {
    const count = (text: string) => Object.values(valuesOf(ask(`histogram_count(${text})`, at(30_000), data)));
    expect(count('ack_seconds + ack_seconds')).toEqual([120, 120]);
    expect(count('ack_seconds - ack_seconds')).toEqual([0, 0]);
    expect(count('ack_seconds * 3')).toEqual([180, 180]);
    expect(count('ack_seconds / 2')).toEqual([30, 30]);
    expect(count('ack_seconds == ack_seconds')).toEqual([60, 60]);
    expect(count('avg by (venue) (ack_seconds)')).toEqual([60, 60]);
    const { infos } = ask('ack_seconds > 1', at(30_000), data);
    expect(infos).toEqual([
      'PromQL info: incompatible sample types encountered for binary operator ">": histogram > float (1:1)',
    ]);
    expect(ask('delta(ack_seconds[1m])', at(30_000), data).warnings).toEqual([
      'PromQL warning: this native histogram metric is not a gauge: "ack_seconds" (1:7)',
    ]);
  });

  it('leaves the histograms that it was given as they were', () => {
    const before = data.map(({ histograms }) => histograms?.map((histogram) => histogram?.encode()));
    ask('sum(rate(ack_seconds[1m])) * 2 + sum(ack_seconds)', at(60_000), data);
    expect(data.map(({ histograms }) => histograms?.map((histogram) => histogram?.encode()))).toEqual(before);
    expect(quantile(0.5, data[0]?.histograms?.[6] as ExponentialHistogram)).toBeGreaterThan(0);
  });
});

describe('samples within one millisecond', () => {
  const counter = (points: readonly (readonly [number, number])[]): SeriesData =>
    series({ __name__: 'c_total' }, points);

  it.each(['rate', 'increase', 'delta', 'irate'])('give %s no span of time, and so no result', (name) => {
    const result = ask(`${name}(c_total[1m])`, at(MINUTE), [
      counter([
        [50_000, 1],
        [50_000, 2],
      ]),
    ]);
    expect(valuesOf(result)).toEqual({});
  });

  it('count where others give the span', () => {
    const data = counter([
      [10_000, 1],
      [50_000, 2],
      [50_000, 3],
    ]);
    const [rate] = Object.values(valuesOf(ask('rate(c_total[1m])', at(MINUTE), [data])));
    expect(rate).toBeGreaterThan(2 / 60);
    expect(rate).toBeLessThan(3 / 40);
  });
});
