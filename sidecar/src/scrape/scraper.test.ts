/** The scraper as a whole against real servers: samples, labels, staleness, limits, targets that come and go. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Scraper } from './scraper.ts';
import { scrapeOptions } from './scrape-options.ts';
import { Exporter, OPEN_METRICS, page } from './testing/exporter.ts';
import {
  countingTelemetry,
  Folder,
  ManualClock,
  MemoryLog,
  MemorySink,
  START_NANOS,
  until,
} from './testing/scrape-world.ts';

const folder = new Folder();
let clock: ManualClock;
let sink: MemorySink;
let log: MemoryLog;
let counts: Record<string, number>;
const scrapers: Scraper[] = [];
const exporters: Exporter[] = [];

beforeEach(() => {
  clock = new ManualClock();
  sink = new MemorySink();
  log = new MemoryLog();
});
afterEach(async () => {
  for (const scraper of scrapers.splice(0)) await scraper.close();
  for (const exporter of exporters.splice(0)) await exporter.stop();
});
afterAll(() => folder.remove());

async function exporterOf(...given: Parameters<typeof Exporter.start>): Promise<Exporter> {
  const exporter = await Exporter.start(...given);
  exporters.push(exporter);
  return exporter;
}

async function scraperOf(text: string, settings: object = {}): Promise<Scraper> {
  const files = [folder.write('scrape.yaml', text)];
  const { telemetry, counts: counted } = countingTelemetry();
  counts = counted;
  const write = (use: (to: MemorySink) => void): void => use(sink);
  const deps = { clock, log, telemetry, version: 'test', write };
  const scraper = await Scraper.start(scrapeOptions.parse({ files, ...settings }), deps);
  scrapers.push(scraper);
  return scraper;
}

const finished = (): number => sink.samples.filter(({ labels }) => labels.metricName === 'scrape_series_added').length;

/** One interval passes; yields what the scrapes in it wrote. */
async function interval(ms = 15_000, scrapes = 1): Promise<Record<string, number | 'stale'>> {
  const [from, done] = [sink.samples.length, finished()];
  clock.advance(ms);
  await until(() => finished() === done + scrapes);
  // The next scrape is planned in the turn after the last sample.
  await new Promise((resolve) => setImmediate(resolve));
  const values = sink.values(from);
  for (const name of Object.keys(values)) if (name.startsWith('scrape_duration_seconds')) delete values[name];
  return values;
}

const job = (address: string, extra = ''): string =>
  `scrape_configs: [{ job_name: desk, static_configs: [{ targets: ['${address}'] }], ${extra} }]`;

it('writes samples with the labels of their target, and what it made of the scrape (proves: ING-05)', async () => {
  const exporter = await exporterOf(
    '# TYPE orders_total counter\n# HELP orders_total Orders sent.\norders_total{venue="XNAS"} 7\nup_since 3 1700000000500\n',
  );
  await scraperOf(job(exporter.address));
  const at = `instance="${exporter.address}", job="desk"`;
  expect(await interval()).toEqual({
    [`orders_total{${at}, venue="XNAS"}`]: 7,
    [`up_since{${at}}`]: 3,
    [`up{${at}}`]: 1,
    [`scrape_samples_scraped{${at}}`]: 2,
    [`scrape_samples_post_metric_relabeling{${at}}`]: 2,
    [`scrape_series_added{${at}}`]: 2,
  });
  const [orders, since] = sink.samples;
  expect(orders).toMatchObject({ kind: 'counter', help: 'Orders sent.' });
  expect(since).toMatchObject({ kind: 'gauge', seconds: 1_700_000_000, nanos: 500_000_000 });
  expect(await interval()).toMatchObject({
    [`orders_total{${at}, venue="XNAS"}`]: 7,
    [`scrape_series_added{${at}}`]: 0,
  });
  expect(exporter.requests.map(({ url }) => url)).toEqual(['/metrics', '/metrics']);
});

it('hands on the exemplars of a page, with the stamp of the scrape where they have none', async () => {
  const text =
    '# TYPE h histogram\nh_bucket{le="0.1"} 1 # {trace_id="a",span_id="b"} 0.05 1700000000.25\nh_bucket{le="+Inf"} 2\n' +
    'h_count 2\nh_sum 1\n# TYPE c counter\nc_total 3 # {trace_id="c"} 1\n# EOF\n';
  const exporter = await exporterOf(page(text, OPEN_METRICS));
  await scraperOf(job(exporter.address));
  await interval();
  const at = `instance="${exporter.address}", job="desk"`;
  const scraped = sink.samples.find(({ labels }) => labels.metricName === 'c_total');
  expect(sink.exemplars).toEqual([
    `h_bucket{${at}, le="0.1"} 0.05 {trace_id=a span_id=b} @1700000000.250000000`,
    `c_total{${at}} 1 {trace_id=c} @${scraped?.seconds}.${scraped?.nanos}`,
  ]);
});

it('scrapes every 15 seconds unless told otherwise, with stamps exactly as far apart (proves: ING-14)', async () => {
  const exporter = await exporterOf('critical 1\n');
  await scraperOf(job(exporter.address));
  for (let i = 0; i < 4; i++) await interval();
  const stamps = sink.samples
    .filter(({ labels }) => labels.metricName === 'critical')
    .map(({ seconds, nanos }) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  expect(stamps.slice(1).map((stamp, i) => stamp - (stamps[i] as bigint))).toEqual(Array(3).fill(15_000_000_000n));
});

it('takes the interval of the settings where a file has none, and the file’s where it has one', async () => {
  const exporter = await exporterOf('a 1\n');
  const scraper = await scraperOf(job(exporter.address), { interval: '30s', timeout: '20s' });
  expect(scraper.active()).toMatchObject([{ intervalMs: 30_000, timeoutMs: 20_000 }]);
  await scraper.close();
  const own = await scraperOf(
    `{ global: { scrape_interval: 5s }, ${job(exporter.address).replace('scrape_configs', '"scrape_configs"')} }`,
  );
  expect(own.active()).toMatchObject([{ intervalMs: 5_000, timeoutMs: 5_000 }]);
});

it('spreads targets over the interval, each at the same place every time', async () => {
  const exporter = await exporterOf('a 1\n');
  const targets = Array.from(
    { length: 20 },
    (_, i) => `{ targets: ['${exporter.address}'], labels: { shard: '${i}' } }`,
  );
  await scraperOf(`scrape_configs: [{ job_name: desk, static_configs: [${targets.join(',')}] }]`);
  await interval(15_000, 20);
  await interval(15_000, 20);
  const stamps = sink.samples.filter(({ labels }) => labels.metricName === 'a');
  const places = stamps.map(({ seconds, nanos }) => (seconds % 15) * 1e9 + nanos);
  const distinct = new Set(places);
  expect(distinct.size).toBe(20);
  expect(Math.max(...distinct) - Math.min(...distinct)).toBeGreaterThan(7e9);
});

it('a series that is gone ends; one with a stamp of its own does not', async () => {
  const exporter = await exporterOf('a 1\nb 2\nc 3 1767571200000\n');
  await scraperOf(job(exporter.address));
  await interval();
  exporter.answer = page('a 1\n');
  const at = `instance="${exporter.address}", job="desk"`;
  const second = await interval();
  expect(second).toMatchObject({ [`a{${at}}`]: 1, [`b{${at}}`]: 'stale' });
  expect(second).not.toHaveProperty([`c{${at}}`]);
  exporter.answer = page('a 1\nb 4\n');
  expect(await interval()).toMatchObject({ [`b{${at}}`]: 4, [`scrape_series_added{${at}}`]: 1 });
});

it('a page that is wrong anywhere leaves nothing of itself; the target is down and its series end', async () => {
  const exporter = await exporterOf('a 1\nb 2\n');
  const scraper = await scraperOf(job(exporter.address));
  await interval();
  expect(scraper.active()).toMatchObject([{ health: 'up', lastError: '' }]);
  exporter.answer = page('a 5\nnew 1\nb two\n');
  const at = `instance="${exporter.address}", job="desk"`;
  expect(await interval()).toEqual({
    [`a{${at}}`]: 'stale',
    [`b{${at}}`]: 'stale',
    [`up{${at}}`]: 0,
    [`scrape_samples_scraped{${at}}`]: 2,
    [`scrape_samples_post_metric_relabeling{${at}}`]: 2,
    [`scrape_series_added{${at}}`]: 0,
  });
  expect(scraper.active()).toMatchObject([
    { health: 'down', lastError: 'line 3, column 3: "two" is no number in "b two"' },
  ]);
  expect(counts).toMatchObject({ scrape_failed: 1 });
  await interval();
  expect(log.lines.filter((line) => line.includes('is no number'))).toHaveLength(1);
  exporter.answer = page('a 6\n');
  expect(await interval()).toMatchObject({ [`a{${at}}`]: 6, [`up{${at}}`]: 1 });
});

it('the same series twice in a page counts once', async () => {
  const exporter = await exporterOf('a{x="1",y="2"} 1\na{y="2",x="1"} 2\na{x="1",y="2"} 3\n');
  await scraperOf(job(exporter.address));
  expect(await interval()).toMatchObject({ [`a{instance="${exporter.address}", job="desk", x="1", y="2"}`]: 1 });
  expect(counts).toMatchObject({ duplicates: 2 });
  await interval();
  expect(counts).toMatchObject({ duplicates: 4 });
});

describe('labels', () => {
  const text = 'a{instance="theirs",job="",exported_instance="x"} 1\n';

  it('a label of the target wins, and the sample keeps its own under another name', async () => {
    const exporter = await exporterOf(text);
    await scraperOf(job(exporter.address));
    const own = `exported_exported_instance="theirs", exported_instance="x", instance="${exporter.address}", job="desk"`;
    expect(await interval()).toHaveProperty([`a{${own}}`]);
  });

  it('with honor_labels the sample wins, with an empty label too', async () => {
    const exporter = await exporterOf(text);
    await scraperOf(job(exporter.address, 'honor_labels: true'));
    expect(await interval()).toHaveProperty(['a{exported_instance="x", instance="theirs"}']);
  });

  it('without honor_timestamps samples are of the scrape', async () => {
    const exporter = await exporterOf('a 1 1000\n');
    await scraperOf(job(exporter.address, 'honor_timestamps: false'));
    await interval();
    expect(sink.samples[0]?.seconds).toBeGreaterThanOrEqual(Number(START_NANOS / 1_000_000_000n));
  });

  it('rules for samples drop and rename, and what they drop is counted', async () => {
    const exporter = await exporterOf('go_gc 1\norders 2\n');
    const rules = `[{ source_labels: [__name__], regex: go_.*, action: drop },
      { source_labels: [__name__], target_label: __name__, replacement: desk_$1 }]`;
    await scraperOf(job(exporter.address, `metric_relabel_configs: ${rules}`));
    const at = `instance="${exporter.address}", job="desk"`;
    const values = await interval();
    expect(values).toMatchObject({
      [`desk_orders{${at}}`]: 2,
      [`scrape_samples_scraped{${at}}`]: 2,
      [`scrape_samples_post_metric_relabeling{${at}}`]: 1,
    });
    expect(values).not.toHaveProperty([`go_gc{${at}}`]);
  });

  it('rules for targets set address, path, parameters and labels (a probe’s way)', async () => {
    const exporter = await exporterOf('probe_success 1\n');
    const scraper = await scraperOf(`scrape_configs:
      - job_name: probe
        metrics_path: /probe
        params: { module: [http_2xx] }
        static_configs: [{ targets: ['https://example.org/a?b=c', 'ftp://drop.me'] }]
        relabel_configs:
          - { source_labels: [__address__], regex: 'ftp://.*', action: drop }
          - { source_labels: [__address__], target_label: __param_target }
          - { source_labels: [__param_target], target_label: instance }
          - { target_label: __address__, replacement: '${exporter.address}' }`);
    expect(await interval()).toHaveProperty(['probe_success{instance="https://example.org/a?b=c", job="probe"}']);
    expect(exporter.requests[0]?.url).toBe('/probe?module=http_2xx&target=https%3A%2F%2Fexample.org%2Fa%3Fb%3Dc');
    expect(scraper.dropped()).toMatchObject({
      targets: [{ job: 'probe', discoveredLabels: { __address__: 'ftp://drop.me', job: 'probe' } }],
      countByJob: { probe: 1 },
    });
  });
});

describe('limits: the scrape fails whole, and says by which', () => {
  it.each([
    ['sample_limit: 2', 'a 1\nb 1\nc 1\n', 'sample_limit: the page has more than 2 samples'],
    ['label_limit: 3', 'a{x="1",y="2"} 1\n', 'label_limit: a has 5 labels, 3 are allowed'],
    ['label_name_length_limit: 9', 'a{tenletters="1"} 1\n', 'a label name of 10 bytes, 9 are allowed'],
    ['label_value_length_limit: 30', `a{x="${'é'.repeat(16)}"} 1\n`, 'with 32 bytes, 30 are allowed'],
    ['body_size_limit: 10B', 'aaaaaaaaaaaaaa 1\n', 'the page is longer than 10 bytes'],
  ])('%s', async (limit, text, message) => {
    const exporter = await exporterOf(text);
    const scraper = await scraperOf(job(exporter.address, limit));
    await interval();
    expect(scraper.active()[0]?.lastError).toContain(message);
    expect(sink.samples.some(({ labels }) => labels.metricName === 'a')).toBe(false);
  });

  it('target_limit', async () => {
    const exporter = await exporterOf('a 1\n');
    const targets = [`'${exporter.address}'`, "'127.0.0.1:1'"].join(', ');
    const scraper = await scraperOf(
      `scrape_configs: [{ job_name: desk, target_limit: 1, static_configs: [{ targets: [${targets}] }] }]`,
    );
    await interval();
    expect(scraper.active()).toMatchObject([{ lastError: 'target_limit: job desk has 2 targets, 1 are allowed' }]);
    expect(exporter.requests).toHaveLength(0);
  });
});

it('a content type that means nothing is an error, unless a fallback is named', async () => {
  const exporter = await exporterOf(page('a 1\n', 'application/octet-stream'));
  const scraper = await scraperOf(job(exporter.address));
  await interval();
  expect(scraper.active()[0]?.lastError).toContain('Content-Type "application/octet-stream"');
  await scraper.close();
  await scraperOf(job(exporter.address, 'fallback_scrape_protocol: PrometheusText0.0.4'));
  expect(await interval()).toHaveProperty([`a{instance="${exporter.address}", job="desk"}`], 1);
});

it('reads OpenMetrics where the target sends it', async () => {
  const text =
    '# TYPE x_seconds histogram\n# UNIT x_seconds seconds\nx_seconds_bucket{le="1.0"} 3 # {id="7"} 0.5\n# EOF\n';
  const exporter = await exporterOf(page(text, OPEN_METRICS));
  await scraperOf(job(exporter.address));
  expect(await interval()).toHaveProperty(
    [`x_seconds_bucket{instance="${exporter.address}", job="desk", le="1.0"}`],
    3,
  );
  expect(sink.samples[0]).toMatchObject({ kind: 'counter', unit: 'seconds' });
  expect(exporter.requests[0]?.headers.accept).toMatch(
    /^application\/openmetrics-text;version=1\.0\.0;.*q=0\.5,.*text\/plain/,
  );
});

it.each(['prometheus', 'openmetrics'])('reads a real exporter, prom-client, as %s', async (format) => {
  const registry = new Registry();
  if (format === 'openmetrics') registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  const registers = [registry];
  const usage = new Gauge({ name: 'cpu_usage_percent', help: 'CPU', labelNames: ['service'], registers });
  usage.set({ service: 'api-gateway' }, 67.5);
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration',
    labelNames: ['service', 'endpoint'],
    buckets: [0.05, 0.1, 0.5],
    registers,
  });
  for (const value of [0.03, 0.07, 0.2]) seconds.observe({ service: 'api-gateway', endpoint: '/predict' }, value);
  const predictions = new Counter({
    name: format === 'openmetrics' ? 'predictions_generated' : 'predictions_generated_total',
    help: 'Predictions',
    labelNames: ['strategy', 'success'],
    registers,
  });
  predictions.inc({ strategy: 'momentum_transformer', success: 'true' }, 12);
  collectDefaultMetrics({ register: registry });
  const exporter = await exporterOf((_request, response) => {
    void registry.metrics().then((text) => page(text, registry.contentType)(_request, response));
  });
  await scraperOf(job(exporter.address));
  const at = `instance="${exporter.address}", job="desk"`;
  const labels = `endpoint="/predict", ${at}`;
  const values = await interval();
  expect(values).toMatchObject({
    [`cpu_usage_percent{${at}, service="api-gateway"}`]: 67.5,
    [`http_request_duration_seconds_bucket{${labels}, le="0.1", service="api-gateway"}`]: 2,
    [`http_request_duration_seconds_bucket{${labels}, le="+Inf", service="api-gateway"}`]: 3,
    [`http_request_duration_seconds_count{${labels}, service="api-gateway"}`]: 3,
    [`predictions_generated_total{${at}, strategy="momentum_transformer", success="true"}`]: 12,
    [`up{${at}}`]: 1,
  });
  expect(Object.keys(values).some((name) => name.startsWith('process_cpu_user_seconds_total'))).toBe(true);
});

describe('targets that come and go', () => {
  it('a target leaves its file: its series end; a new one is scraped; a broken file changes nothing', async () => {
    const [one, two] = [await exporterOf('a 1\n'), await exporterOf('a 2\n')];
    const file = (addresses: string[]): string =>
      folder.write('targets.json', JSON.stringify([{ targets: addresses, labels: { desk: 'rates' } }]));
    file([one.address]);
    const scraper = await scraperOf('scrape_configs: [{ job_name: sd, file_sd_configs: [{ files: [targets.json] }] }]');
    const series = (exporter: Exporter, name = 'a'): string =>
      `${name}{desk="rates", instance="${exporter.address}", job="sd"}`;
    expect(await interval()).toMatchObject({ [series(one)]: 1 });
    const from = sink.samples.length;
    file([two.address]);
    await until(() => {
      clock.advance(50);
      return scraper.active()[0]?.labels['instance'] === two.address;
    });
    await until(() => sink.values(from)[series(one, 'up')] === 'stale');
    expect(sink.values(from)).toMatchObject({ [series(one)]: 'stale' });
    expect(await interval()).toMatchObject({ [series(two)]: 2 });
    folder.write('targets.json', '[{ targets: ');
    await until(() => {
      clock.advance(50);
      return log.lines.some((line) => line.includes('targets.json is not taken'));
    });
    expect(scraper.active()).toHaveLength(1);
  });

  it('a reload keeps what is unchanged, and a bad file changes nothing', async () => {
    const [one, two] = [await exporterOf('a 1\n'), await exporterOf('b 2\n')];
    const config = (name: string, address: string): string =>
      `{ job_name: ${name}, static_configs: [{ targets: ['${address}'] }] }`;
    const scraper = await scraperOf(`scrape_configs: [${config('one', one.address)}]`);
    await interval();
    folder.write('scrape.yaml', `scrape_configs: [${config('one', one.address)}, ${config('two', two.address)}]`);
    await scraper.reload();
    expect(scraper.active()).toMatchObject([
      { job: 'one', health: 'up' },
      { job: 'two', health: 'unknown' },
    ]);
    folder.write('scrape.yaml', 'scrape_configs: [{ job_name: one, metric_path: /x }]');
    await expect(scraper.reload()).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(
        /scrape\.yaml:1: scrape_configs\[0\]\.metric_path: the key "metric_path" is not known/,
      ) as string,
    });
    expect(scraper.jobs()).toEqual(['one', 'two']);
    const from = sink.samples.length;
    folder.write('scrape.yaml', `scrape_configs: [${config('two', two.address)}]`);
    await scraper.reload();
    expect(sink.values(from)).toMatchObject({ [`a{instance="${one.address}", job="one"}`]: 'stale' });
  });

  it('the end of the process is not the end of a series', async () => {
    const exporter = await exporterOf('a 1\n');
    const scraper = await scraperOf(job(exporter.address));
    await interval();
    await scraper.close();
    expect(Object.values(sink.values())).not.toContain('stale');
  });
});

it('a target that hangs does not hold up another, and is asked again at its next interval only', async () => {
  const [slow, quick] = [await exporterOf(() => undefined), await exporterOf('a 1\n')];
  const scraper = await scraperOf(
    `{ global: { scrape_interval: 1s, scrape_timeout: 100ms }, "scrape_configs": [{ job_name: desk, static_configs: [{ targets: ['${slow.address}', '${quick.address}'] }] }] }`,
  );
  await interval(1_000, 2);
  await interval(1_000, 2);
  expect(slow.requests).toHaveLength(2);
  expect(quick.requests).toHaveLength(2);
  const health = new Map(scraper.active().map(({ labels, lastError }) => [labels['instance'], lastError]));
  expect(health.get(slow.address)).toContain('within the timeout of 100 ms');
  expect(health.get(quick.address)).toBe('');
});

it('shows no secret in a log, an error or the list of targets', async () => {
  const secret = 'hunter2-very-secret';
  const exporter = await exporterOf((_request, response) => response.writeHead(401).end());
  const scraper = await scraperOf(job(exporter.address, `basic_auth: { username: desk, password: ${secret} }`));
  await interval();
  const told = JSON.stringify([log.lines, scraper.active(), scraper.dropped()], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(told).toContain('HTTP 401');
  expect(told).not.toContain(secret);
  expect(told).not.toContain(Buffer.from(`desk:${secret}`).toString('base64'));
});
