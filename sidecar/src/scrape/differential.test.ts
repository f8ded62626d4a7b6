/**
 * A real Prometheus scrapes the same targets with the same file at the same time; what both then know must be equal.
 * Bounds are written with a fraction, because Prometheus 2 keeps `le="1"` where Prometheus 3 and we write `1.0`. No line
 * begins with a blank: Prometheus takes it into the metric's name, although the format allows it.
 */
import { SystemClock } from '../clock.ts';
import { scrapeOptions } from './scrape-options.ts';
import { Scraper } from './scraper.ts';
import { Exporter, OPEN_METRICS, page } from './testing/exporter.ts';
import { installedPrometheus, ScrapingPrometheus, type InstantSample } from './testing/prometheus.ts';
import { countingTelemetry, Folder, MemoryLog, MemorySink } from './testing/scrape-world.ts';

const text = (nowMs: number): string => String.raw`# HELP orders_total Orders with "quotes", \\ and\na line feed.
# TYPE orders_total counter
orders_total{venue="XNAS",side="buy"} 1027
orders_total{venue="XLON",side="buy",} 3e2
  # a comment
queue_depth 	  12.5	
# TYPE rtt histogram
rtt_bucket{le="0.5"} 1
rtt_bucket{le="2.5"} 3
rtt_bucket{le="+Inf"} 4
rtt_sum 5.25
rtt_count 4
# TYPE rpc summary
rpc{quantile="0.5"} 0.25
rpc{quantile="0.99"} NaN
rpc_sum 17
rpc_count 2693
paths{path="C:\\DIR\\FILE.TXT",error="a\nb \"c\" \d"} 1
infinite{sign="+"} +Inf
infinite{sign="-"} -Inf
tiny 5e-324
unicode{text="µ→😀"} 1
conflict{instance="theirs",job="x",exported_job="y"} 1
with_stamp 4 ${nowMs - 2_000}
dropped_by_rule 1
renamed{a="1",b="2"} 8
`;

const openMetrics = `# TYPE predictions counter
# HELP predictions Predictions.
predictions_total{strategy="momentum",success="true"} 17 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.789
predictions_created{strategy="momentum",success="true"} 1520430000.123
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
latency_seconds_bucket{le="0.01"} 0
latency_seconds_bucket{le="+Inf"} 17 # {} 0.67
latency_seconds_count 17
latency_seconds_sum 324789.3
# TYPE build info
build_info{version="1.2"} 1
# TYPE feed stateset
feed{feed="up"} 1
feed{feed="down"} 0
# TYPE queue gaugehistogram
queue_bucket{le="1.5"} 3
queue_bucket{le="+Inf"} 4
queue_gcount 4
queue_gsum 6
# EOF
`;

const rules = `
    metric_relabel_configs:
      - { source_labels: [__name__], regex: dropped_.*, action: drop }
      - { source_labels: [__name__], regex: renamed, target_label: __name__, replacement: new_name }
      - { source_labels: [a, b], separator: "-", target_label: joined, regex: (.+)-(.+), replacement: $2-$1 }
      - { source_labels: [venue], target_label: shard, modulus: 16, action: hashmod }
      - { regex: side, action: labeldrop }
      - { source_labels: [strategy], target_label: strategy, action: uppercase }`;

const version = installedPrometheus();

(version === undefined ? it.skip : it)(`knows what Prometheus ${version ?? '(not installed)'} knows`, async () => {
  const folder = new Folder();
  const nowMs = Date.now();
  const exporters = [
    await Exporter.start(page(text(nowMs))),
    await Exporter.start(page(openMetrics, OPEN_METRICS)),
    await Exporter.start(page('a 1\nb two\n')),
    await Exporter.start((_request, response) => response.writeHead(500).end()),
  ] as const;
  const [first, second, broken, failing] = exporters.map(({ address }) => address);
  const config = `
global: { scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s, external_labels: { site: x } }
scrape_configs:
  - job_name: desk
    static_configs:
      - { targets: ['${first}'], labels: { tier: critical } }
      - { targets: ['${second}'] }${rules}
  - job_name: honest
    honor_labels: true
    honor_timestamps: false
    static_configs: [{ targets: ['${first}', 'http://dropped.example/'] }]
    relabel_configs:
      - { source_labels: [__address__], regex: http:.*, action: drop }
      - { source_labels: [__address__], regex: '([^:]+):.*', target_label: host }
      - { source_labels: [__address__], target_label: instance, replacement: 'i-$1', regex: '.*:(.)(.*)' }
  - job_name: bad
    static_configs: [{ targets: ['${broken}', '${failing}'] }]
`;
  const [sink, log] = [new MemorySink(), new MemoryLog()];
  const scraper = await Scraper.start(scrapeOptions.parse({ files: [folder.write('scrape.yaml', config)] }), {
    clock: new SystemClock(),
    log,
    telemetry: countingTelemetry().telemetry,
    version: 'test',
    write: (use) => use(sink),
  });
  const prometheus = await ScrapingPrometheus.start(config);
  try {
    // Series that vanish: the second page of both has fewer.
    await waitFor(() => exporters.every(({ requests }) => requests.length >= 8));
    exporters[0].answer = page(
      text(nowMs)
        .replace(/^orders_total\{venue="XLON.*$/m, '')
        .replace('tiny 5e-324', ''),
    );
    const seen = exporters[0].requests.length;
    await waitFor(() => exporters[0].requests.length >= seen + 12);
    const theirs = comparable(await prometheus.query('{__name__=~".+"}'));
    expect(Object.keys(theirs).length).toBeGreaterThan(60);
    expect(ours(sink)).toEqual(theirs);
    const { activeTargets } = await prometheus.targets();
    const failed = (url: string, error: string): string => `${url} ${error === '' ? 'up' : 'down'}`;
    expect(
      scraper
        .active()
        .map(({ url, lastError }) => failed(url, lastError))
        .sort(),
    ).toEqual(activeTargets.map(({ scrapeUrl, lastError }) => failed(scrapeUrl, lastError)).sort());
  } finally {
    await scraper.close();
    await prometheus.stop();
    for (const exporter of exporters) await exporter.stop();
    folder.remove();
  }
});

async function waitFor(holds: () => boolean): Promise<void> {
  const limit = Date.now() + 25_000;
  while (!holds()) {
    if (Date.now() > limit) throw new Error('the targets were not scraped often enough');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Durations differ from run to run. */
const isTimed = (name: string): boolean => name === 'scrape_duration_seconds';

function comparable(samples: readonly InstantSample[]): Record<string, string> {
  const entries = samples
    .filter(({ metric }) => !isTimed(metric['__name__'] ?? ''))
    .map(({ metric, value }) => [JSON.stringify(Object.entries(metric).sort()), String(numberOf(value[1]))]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function ours(sink: MemorySink): Record<string, string> {
  const latest = new Map<string, string>();
  for (const { labels, value, stale } of sink.samples) {
    if (isTimed(labels.metricName)) continue;
    const key = JSON.stringify(Object.entries(labels.toRecord()).sort());
    if (stale === true) latest.delete(key);
    else latest.set(key, String(value));
  }
  return Object.fromEntries(latest);
}

function numberOf(given: string): number {
  return given === '+Inf' ? Infinity : given === '-Inf' ? -Infinity : Number(given);
}
