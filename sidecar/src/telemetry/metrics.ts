/**
 * What the sidecar knows of itself, on prom-client: the counters of the `Telemetry` port, levels that are read when
 * asked for, and the process's own figures. A registry of its own, so that two sidecars in one process do not mix.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry, Summary, collectDefaultMetrics } from 'prom-client';
import type { LoopTelemetry, Telemetry } from '../ports.ts';
import { VERSION } from '../version.ts';
import type { MetricFamily } from './exposition/family.ts';
import { ownFamilies } from './exposition/own.ts';

const PREFIX = 'tapewatch_';
const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** A quarter finer at each step from 0.1 ms on, since the figure of interest is a few milliseconds. */
const VISIBLE_BUCKETS = Array.from({ length: 52 }, (_, i) => 1e-4 * 1.25 ** i);
/** A label value that comes from outside is cut to this, and a metric keeps at most so many of them. */
const MAX_LABEL_LENGTH = 128;
const MAX_LABEL_VALUES = 1_000;
const OTHER = 'other';
const LOOP_RESOLUTION_MS = 10;
const LOOP_QUANTILES = [
  ['0.5', 50],
  ['0.99', 99],
  ['0.999', 99.9],
] as const;

export interface TelemetryRegistry {
  /** What the parts call. */
  readonly port: Telemetry;
  readonly contentType: string;
  /** Prometheus text format. */
  text(): Promise<string>;
  /** The same, as families. */
  families(): Promise<MetricFamily[]>;
  httpAnswered(route: string, status: number, seconds: number): void;
  readonly api: ApiFigures;
  readonly loops: LoopTelemetry;
  close(): void;
}

/** Of our own HTTP API, under the names by which rules ask for them (REQUIREMENTS.md MET-55, MET-56). */
export interface ApiFigures {
  /** By route and status. */
  requests(): Promise<readonly { readonly route: string; readonly status: string; readonly count: number }[]>;
  /** p95 of the last five minutes in milliseconds; undefined without requests. */
  p95Ms(): Promise<number | undefined>;
}

export function createTelemetry(version = VERSION): TelemetryRegistry {
  const registry = new Registry();
  const bounded = labelBound();
  collectDefaultMetrics({ register: registry });
  gauge(registry, 'build_info', 'Always 1; the version is a label.', ['version']).set({ version }, 1);
  const stop = eventLoopDelay(registry);
  const { httpAnswered: timed, ...work } = workCounters(registry, bounded);
  const { answered, ...api } = apiFigures(registry);
  const httpAnswered: TelemetryRegistry['httpAnswered'] = (route, status, seconds) => {
    timed(route, status, seconds);
    answered(route, status, seconds);
  };
  const level: Telemetry['level'] = (name, help, read) => {
    registry.removeSingleMetric(PREFIX + name);
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  return {
    port: { ...ingestCounters(registry, bounded), ...work, level },
    httpAnswered,
    api,
    loops: loopMetrics(registry),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    families: () => ownFamilies(registry),
    close: stop,
  };
}

type Bound = (metric: string, value: string) => string;

function ingestCounters(registry: Registry, bound: Bound) {
  const count = (name: string, help: string, labels: string[] = ['stream']) => counter(registry, name, help, labels);
  const messages = count('received_messages_total', 'Messages taken from the source.');
  const bytes = count('received_bytes_total', 'Payload bytes taken from the source.');
  const stored = count('stored_items_total', 'Samples and events that are durable.');
  const dropped = count('dropped_items_total', 'Samples and events not kept, by reason.', ['stream', 'reason']);
  const duplicates = count('duplicate_items_total', 'Items known already, dropped.');
  const late = count('late_items_total', 'Samples that came after their window was sealed.');
  const dead = count('dead_letters_total', 'Items that could not be used and were kept as dead letters.', [
    'stream',
    'reason',
  ]);
  const visible = new Histogram({
    name: `${PREFIX}sample_visible_seconds`,
    help: 'Age of a sample by its own stamp when queries can see it: of the first and the last of each group.',
    buckets: VISIBLE_BUCKETS,
    registers: [registry],
  });
  const lag = gauge(registry, 'ingest_lag_seconds', 'Age of the newest message when it was taken in.', ['stream']);
  const offset = gauge(
    registry,
    'source_clock_offset_seconds',
    'Least difference of receipt and stamp in the last minutes: at most so far is the source’s clock behind; ahead where negative.',
    ['source'],
  );
  const of = (name: string) => ({ stream: bound('stream', name) });
  const why = (reason: string) => ({ reason: bound('reason', reason) });
  return {
    received(stream: string, count: number, size: number) {
      messages.inc(of(stream), count);
      bytes.inc(of(stream), size);
    },
    stored: (stream: string, items: number) => stored.inc(of(stream), items),
    dropped: (stream: string, reason: string, items: number) => dropped.inc({ ...of(stream), ...why(reason) }, items),
    duplicates: (stream: string, items: number) => duplicates.inc(of(stream), items),
    late: (stream: string, items: number) => late.inc(of(stream), items),
    deadLetters: (stream: string, reason: string, items: number) => dead.inc({ ...of(stream), ...why(reason) }, items),
    clockOffset: (source: string, seconds: number) => offset.set({ source: bound('source', source) }, seconds),
    visible: (seconds: number) => visible.observe(seconds),
    ingestLag: (stream: string, seconds: number) => lag.set(of(stream), seconds),
  };
}

function workCounters(registry: Registry, bound: Bound) {
  const time = (name: string, help: string, labels: string[]) =>
    new Histogram({ name: PREFIX + name, help, labelNames: labels, buckets: SECONDS_BUCKETS, registers: [registry] });
  const append = time('store_append_seconds', 'Time until a batch was durable.', ['outcome']);
  const query = time('query_seconds', 'Time of a query, by who asked.', ['origin', 'outcome']);
  const cached = counter(
    registry,
    'query_answers_total',
    'PromQL answers: from the cache, from it and new steps, from scratch, or with another caller.',
    ['how'],
  );
  const rule = time('rule_evaluation_seconds', 'Time of a rule’s evaluation.', ['group', 'outcome']);
  const revised = counter(
    registry,
    'rule_revisions_total',
    'What late samples led to: evaluations repeated, samples and changes of alerts that differ, revisions given up.',
    ['what'],
  );
  const http = time('http_request_seconds', 'Time of an HTTP request.', ['route', 'status']);
  const forwarded = counter(registry, 'forwarded_samples_total', 'Samples pushed by remote write, by target.', [
    'target',
    'outcome',
  ]);
  const notifications = counter(registry, 'notifications_total', 'Notifications by receiver and outcome.', [
    'receiver',
    'outcome',
  ]);
  return {
    storeAppended: (seconds: number, outcome: string) => append.observe({ outcome }, seconds),
    queried: (origin: string, seconds: number, outcome: string) =>
      query.observe({ origin: bound('origin', origin), outcome }, seconds),
    queryCached: (how: string) => cached.inc({ how }, 1),
    ruleEvaluated: (group: string, seconds: number, outcome: string) =>
      rule.observe({ group: bound('group', group), outcome }, seconds),
    revised: (what: string, items: number) => revised.inc({ what }, items),
    notified: (receiver: string, outcome: string) =>
      notifications.inc({ receiver: bound('receiver', receiver), outcome }, 1),
    forwarded: (target: string, outcome: string, samples: number) =>
      forwarded.inc({ target: bound('target', target), outcome }, samples),
    httpAnswered: (route: string, status: number, seconds: number) => http.observe({ route, status }, seconds),
  };
}

const API_WINDOW_SECONDS = 300;
const API_PERCENTILES = [0.5, 0.95, 0.99];

function apiFigures(registry: Registry): ApiFigures & ApiObserver {
  const requests = new Counter({
    name: 'api_requests_total',
    help: 'Requests to the HTTP API, by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  const duration = new Summary({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'Time of HTTP requests in the last five minutes.',
    percentiles: API_PERCENTILES,
    maxAgeSeconds: API_WINDOW_SECONDS,
    ageBuckets: 5,
    registers: [registry],
  });
  const p95Ms = async (): Promise<number | undefined> => {
    const { values } = await duration.get();
    const seconds = values.find(({ labels }) => labels.quantile === 0.95)?.value;
    return seconds === undefined || seconds === 0 || Number.isNaN(seconds) ? undefined : seconds * 1000;
  };
  new Gauge({
    name: 'http_request_duration_p95',
    help: 'p95 of the time of HTTP requests in the last five minutes, in milliseconds.',
    registers: [registry],
    async collect() {
      this.set((await p95Ms()) ?? NaN);
    },
  });
  return {
    answered(route, status, seconds) {
      requests.inc({ route, status }, 1);
      duration.observe(seconds);
    },
    async requests() {
      const { values } = await requests.get();
      return values.map(({ labels, value }) => ({
        route: String(labels.route),
        status: String(labels.status),
        count: value,
      }));
    },
    p95Ms,
  };
}

interface ApiObserver {
  answered(route: string, status: number, seconds: number): void;
}

function loopMetrics(registry: Registry): LoopTelemetry {
  const runs = counter(registry, 'loop_runs_total', 'Runs of the sidecar’s own loops, by outcome.', [
    'loop',
    'outcome',
  ]);
  const period = gauge(registry, 'loop_interval_seconds', 'Period of a loop.', ['loop']);
  const duration = new Histogram({
    name: `${PREFIX}loop_duration_seconds`,
    help: 'Time of one run of a loop.',
    labelNames: ['loop'],
    buckets: SECONDS_BUCKETS,
    registers: [registry],
  });
  const health = gauge(registry, 'health_level', 'Level of a health check: 0 healthy, 1 degraded, 2 critical.', [
    'check',
  ]);
  return {
    health: (check, level) => health.set({ check }, level),
    started: (loop, seconds) => period.set({ loop }, seconds),
    ran(loop, seconds, outcome) {
      runs.inc({ loop, outcome }, 1);
      if (outcome !== 'skipped') duration.observe({ loop }, seconds);
    },
  };
}

function counter(registry: Registry, name: string, help: string, labelNames: string[]) {
  return new Counter({ name: PREFIX + name, help, labelNames, registers: [registry] });
}

function gauge(registry: Registry, name: string, help: string, labelNames: string[]) {
  return new Gauge({ name: PREFIX + name, help, labelNames, registers: [registry] });
}

/** Stalls of the reading thread since the last scrape. */
function eventLoopDelay(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  new Gauge({
    name: `${PREFIX}event_loop_delay_seconds`,
    help: 'Delay of the event loop since the last scrape; quantile 1 is the longest stall.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const [quantile, percentile] of LOOP_QUANTILES)
        this.set({ quantile }, loopDelay(delay.percentile(percentile)));
      this.set({ quantile: '1' }, loopDelay(delay.max));
      delay.reset();
    },
  });
  return () => void delay.disable();
}

/** Node measures the distance of its timer's ticks, so an idle loop shows the resolution; before the first tick, NaN. */
function loopDelay(nanos: number): number {
  return Number.isFinite(nanos) ? Math.max(0, nanos / 1e9 - LOOP_RESOLUTION_MS / 1000) : 0;
}

/** Keeps a label's values bounded in length and number; what is past the bound counts under `other`. */
function labelBound(): Bound {
  const seen = new Map<string, Set<string>>();
  return (label, value) => {
    const known = seen.get(label) ?? new Set();
    seen.set(label, known);
    if (known.has(value)) return value;
    if (known.size >= MAX_LABEL_VALUES || value.length > MAX_LABEL_LENGTH) return OTHER;
    known.add(value);
    return value;
  };
}
