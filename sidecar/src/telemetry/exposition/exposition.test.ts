/** What a scraper gets: both formats, judged by Prometheus's own tools and by our scraper's parser. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExponentialHistogram, Labels, type SeriesData } from '@tapewatch/core';
import { VirtualClock } from '../../alerting/testing/virtual-world.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { createCatalogue } from '../../query/catalogue.ts';
import { compileRegex } from '../../regex.ts';
import { createTelemetry } from '../metrics.ts';
import { createExposition, type Exposition } from './expose.ts';
import type { MetricFamily } from './family.ts';
import { negotiate, writeText } from './write-text.ts';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) console.warn('skipped: no promtool on PATH (with CI=true this fails)');
const withPromtool = hasPromtool || process.env['CI'] === 'true' ? it : it.skip;

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';
const clock = new VirtualClock();
const nowMs = Number(clock.now() / 1_000_000n);

function latencies(values: readonly number[]): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale: 7, zeroThreshold: 1e-12 });
  for (const value of values) histogram.observe(value);
  return histogram;
}

const OLD = Array.from({ length: 100 }, () => 9);
/** Odd, so that no quantile falls between two ranks. */
const RECENT = Array.from({ length: 101 }, (_, i) => (i + 1) / 1000);

const DATA: readonly SeriesData[] = [
  {
    labels: Labels.from({ __name__: 'trading_equity', currency: 'USD' }),
    timesMs: [nowMs - 2_000, nowMs - 1_000],
    values: [1, 2],
  },
  { labels: Labels.from({ __name__: 'quotes_total', venue: 'X"\n\\' }), timesMs: [nowMs], values: [17] },
  {
    labels: Labels.from({ __name__: 'exchange_latency_seconds', exchange: 'XNAS' }),
    timesMs: [nowMs - 60_000, nowMs],
    values: [NaN, NaN],
    histograms: [latencies(OLD), latencies([...OLD, ...RECENT])],
  },
];
const KINDS = { trading_equity: 'gauge', quotes_total: 'counter', exchange_latency_seconds: 'distribution' } as const;

const telemetry = createTelemetry('1.2.3');
afterAll(() => telemetry.close());

function expose(maxSeries = 1_000): Exposition {
  const catalogue = createCatalogue(() =>
    DATA.map(({ labels }, id) => ({
      id,
      labels,
      kind: KINDS[labels.metricName as keyof typeof KINDS],
      stream: 's',
      unit: '',
      help: `Help of ${labels.metricName}.`,
    })),
  );
  return createExposition({
    reader: {
      select: async ({ matchers }) => DATA.filter(({ labels }) => labels.metricName === matchers[0]?.value),
    },
    catalogue,
    own: telemetry.families,
    clock,
    telemetry: telemetry.port,
    compileRegex,
    maxSeries,
  });
}

const valueOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1],
  );

it('shows our own and the collected metrics, more than thirty families of all five types (proves: MET-57, MET-58)', async () => {
  telemetry.httpAnswered('/api/v1/query', 200, 0.02);
  const { text, contentType } = await expose().metrics(OPENMETRICS);
  expect(contentType).toMatch(/^application\/openmetrics-text; version=1.0.0/);
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name as string, type as string]);
  expect(new Set(types.map(([name]) => name)).size).toBe(types.length);
  expect(types.length).toBeGreaterThan(30);
  for (const type of ['counter', 'gauge', 'histogram', 'summary', 'info']) {
    expect(types.map(([, seen]) => seen)).toContain(type);
  }
  expect(types).toContainEqual(['tapewatch_build', 'info']);
  expect(text).toContain('tapewatch_build_info{version="1.2.3"} 1');
  expect(text).toContain('trading_equity{currency="USD"} 2');
  expect(text).toContain('quotes_total{venue="X\\"\\n\\\\"} 17');
  expect(text).toContain('api_requests_total{route="/api/v1/query",status="200"} 1');
  expect(valueOf(text, 'http_request_duration_p95')).toBeCloseTo(20, 6);
  expect(text.endsWith('\n# EOF\n')).toBe(true);
});

it('shows the quantiles of the last five minutes beside the whole count and sum (proves: MET-61)', async () => {
  const { text } = await expose().metrics(undefined);
  const bound = 2 ** (2 ** -7) - 1;
  for (const [quantile, exact] of [
    ['0.5', 0.051],
    ['0.95', 0.096],
    ['0.99', 0.1],
  ] as const) {
    const shown = valueOf(text, `exchange_latency_seconds{exchange="XNAS",quantile="${quantile}"}`);
    expect(Math.abs(shown / exact - 1)).toBeLessThanOrEqual(bound);
  }
  expect(text).toContain('exchange_latency_seconds_count{exchange="XNAS"} 201');
  expect(valueOf(text, 'exchange_latency_seconds_sum{exchange="XNAS"}')).toBeCloseTo(905.151, 6);
});

withPromtool('writes text that promtool takes without an error', async () => {
  const { text } = await expose().metrics('text/plain');
  // promtool also lints names; ours that end in p95, and the sources' own, are as they were asked for.
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect(stderr).not.toMatch(/error while linting|parsing error/);
  expect([0, 3]).toContain(status);
});

withPromtool('writes selected series with their stamps as OpenMetrics that Prometheus takes in', async () => {
  const { text } = await expose().federate(['{__name__=~"trading_.*"}', 'quotes_total'], OPENMETRICS);
  expect(text).toContain(`trading_equity{currency="USD"} 2 ${(nowMs - 1_000) / 1000}`);
  expect(text).not.toContain('exchange_latency');
  const folder = temporaryFolder('exposition');
  writeFileSync(join(folder, 'metrics'), text);
  const made = spawnSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'metrics'), folder], {
    encoding: 'utf8',
  });
  expect(made.stderr).toBe('');
  expect(made.status).toBe(0);
});

it('shows no more collected samples than the bound, and counts the others', async () => {
  const { text } = await expose(2).metrics(undefined);
  expect(text).not.toContain('exchange_latency_seconds{');
  expect(text).toContain('quotes_total{');
  await telemetry.text().then((own) => expect(own).toContain('tapewatch_exposition_series_left_out 5'));
});

it('reads a scrape once a second, however many ask', async () => {
  let reads = 0;
  const exposition = createExposition({
    reader: { select: async () => [] },
    catalogue: { metrics: () => [], matchers: () => [] },
    own: async () => {
      reads += 1;
      return [];
    },
    clock,
    telemetry: telemetry.port,
    compileRegex,
    maxSeries: 1,
  });
  await Promise.all(Array.from({ length: 10 }, () => exposition.metrics(undefined)));
  expect(reads).toBe(1);
  await clock.advance(1_000);
  await exposition.metrics(undefined);
  expect(reads).toBe(2);
});

it.each([
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/plain;version=0.0.4', 'prometheus'],
  ['application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5', 'openmetrics'],
  ['application/openmetrics-text;q=0.2,text/plain;q=0.8', 'prometheus'],
])('answers %s with %s', (accept, format) => {
  expect(negotiate(accept)).toBe(format);
});

it('writes names, numbers and bounds as each format demands', () => {
  const family: MetricFamily = {
    name: '9 odd.name',
    type: 'counter',
    help: 'two\nlines "quoted" \\',
    unit: '',
    samples: [
      { name: '9 odd.name', labels: { 'a-b': '1', le: '1' }, value: Infinity },
      { name: '9 odd.name', labels: {}, value: -Infinity },
      { name: '9 odd.name', labels: {}, value: NaN, timeMs: 1_500 },
    ],
  };
  expect(writeText([family], 'prometheus')).toBe(
    '# HELP _9_odd_name two\\nlines "quoted" \\\\\n# TYPE _9_odd_name counter\n' +
      '_9_odd_name{a_b="1",le="1"} +Inf\n_9_odd_name -Inf\n_9_odd_name NaN 1500\n',
  );
  // A counter without `_total` has no such form in OpenMetrics.
  expect(writeText([family], 'openmetrics')).toBe(
    '# HELP _9_odd_name two\\nlines \\"quoted\\" \\\\\n# TYPE _9_odd_name unknown\n' +
      '_9_odd_name{a_b="1",le="1.0"} +Inf\n_9_odd_name -Inf\n_9_odd_name NaN 1.5\n# EOF\n',
  );
});
