/**
 * Where settings are used, watched from outside: each function builds the part from a configuration, on virtual time
 * where time matters, and tells what it does.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fill, NumberSample, Transition } from '@tapewatch/core';
import { Labels, nanos } from '@tapewatch/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { AlertDispatcher } from '../alerting/alert-dispatcher.ts';
import { Restraint } from '../alerting/restraint.ts';
import { startAlerting } from '../alerting/start-alerting.ts';
import {
  RecordingChannel,
  RecordingLog,
  ScriptedEngine,
  ManualProgress,
  NOTHING_LATE,
  settle,
  VirtualClock,
} from '../alerting/testing/virtual-world.ts';
import { NOTIFICATION } from '../channel/channel.contract.ts';
import { ChannelSet } from '../channel/channel-set.ts';
import { configuredChecks, NOT_YET } from '../check/checks.ts';
import type { HealthCheckName } from '../check/health-check-options.ts';
import { tradingCollector } from '../collect/trading.ts';
import type { Config } from '../config.ts';
import { buildHttpServer } from '../http/server.ts';
import { fixture } from '../http/testing/fixture.ts';
import { PullSession } from '../ingest/pull-session.ts';
import { startMonitoring } from '../monitoring.ts';
import { Observers } from '../observer.ts';
import type { Channel, StoreReader } from '../ports.ts';
import { createCatalogue } from '../query/catalogue.ts';
import { ChangeLog } from '../query/change-log.ts';
import { openQueries } from '../query/open-queries.ts';
import { compileRegex } from '../regex.ts';
import { loadScrapeFiles } from '../scrape/scrape-file.ts';
import { engineSettings } from '../store/duckdb/database.ts';
import { cutoffsAt } from '../store/retention.ts';
import { createTelemetry } from '../telemetry/metrics.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SECOND_NANOS = 1_000_000_000n;
/** What was opened; the test closes it after each row. */
export const closers: (() => Promise<unknown> | unknown)[] = [];
/** What receivers got. */
export const arrived: string[] = [];

export function fileOf(name: string, text: string): string {
  const file = join(temporaryFolder('settings'), name);
  writeFileSync(file, text);
  return file;
}

// --- Places of use -------------------------------------------------------------------------------------------------

export async function scrapeSeconds({ scrape }: Config): Promise<number> {
  const file = fileOf('scrape.yaml', 'scrape_configs: [{ job_name: x, static_configs: [{ targets: ["a:1"] }] }]');
  const timeout = Math.min(scrape.timeout, scrape.interval);
  return ((await loadScrapeFiles([file], { ...scrape, timeout }))[0]?.intervalMs ?? NaN) / 1000;
}

export function daysKept({ store }: Config): Record<string, number> {
  const now = 1_800_000_000;
  const { horizon, events } = cutoffsAt(BigInt(now) * SECOND_NANOS, store.retention);
  const days = (fromSeconds: number): number => Math.round((now - fromSeconds) / 86_400);
  return {
    detail: days(horizon['10s']),
    seconds: days(horizon['1s']),
    fills: days(Number(events.fills / SECOND_NANOS)),
  };
}

/** Messages of one pull, and rows of one write. */
export function pulled({ nats, pipeline }: Config): unknown {
  const asked: number[] = [];
  const connection = {
    info: { max_payload: 1_048_576 },
    subscribe: () => ({ unsubscribe: () => undefined }),
    publish: (_subject: string, request: string) => void asked.push((JSON.parse(request) as { batch: number }).batch),
  };
  const session = new PullSession(connection as unknown as NatsConnection, {
    nextSubject: 'x',
    batch: nats.pullBatch,
    maxMessages: 1_000_000,
    maxBytes: 1_000_000_000,
    inFlight: () => ({ inFlight: 0, inFlightBytes: 0 }),
    onMessage: () => undefined,
    exists: async () => true,
  });
  session.start();
  session.stop();
  return [new Set(asked).size === 1 ? asked[0] : asked, pipeline.maxBatchRows];
}

export async function compressed({ store, http: settings }: Config): Promise<unknown> {
  const app = await buildHttpServer(fixture().deps, settings);
  closers.push(() => app.close());
  const headers = { host: '127.0.0.1', 'accept-encoding': 'gzip' };
  const { headers: answer } = await app.inject({ url: '/openapi.json', headers });
  const disk = store.kind === 'duckdb' ? engineSettings(store)['force_compression'] : '';
  return [disk, answer['content-encoding'] ?? 'plain'];
}

/** Seconds between two evaluations of a group without an interval, while no news comes. */
export async function evaluationSeconds({ alerting, alerts, notifications }: Config): Promise<number> {
  const clock = new VirtualClock();
  const engine = new ScriptedEngine();
  const rules = 'groups: [{ name: g, rules: [{ alert: A, expr: x > 1 }] }]';
  const started = await startAlerting(
    {
      engine,
      progress: new ManualProgress(),
      late: NOTHING_LATE,
      clock,
      log: new RecordingLog(),
      compileRegex,
      reader: { transitions: async () => [], select: async () => [] },
      explain: async () => ({}),
      telemetry: { ruleEvaluated: () => undefined, notified: () => undefined, level: () => undefined },
      storeTransitions: async () => undefined,
      recordSamples: () => undefined,
      openChannels: async () => new Map(),
      broadcast: [],
      sourcesOpen: Promise.resolve(),
      random: () => 0,
    },
    {
      ...alerting,
      ruleFiles: [fileOf('r.yaml', rules)],
      suppression: alerts,
      notificationsEnabled: notifications.enabled,
    },
    [],
  );
  closers.push(() => started.close());
  await clock.advance(3_000);
  engine.asked.length = 0;
  await clock.advance(600_000);
  return 600 / engine.asked.length;
}

const FIRING: Transition = {
  timeNanos: nanos(0n),
  labels: Labels.from({ alertname: 'A', severity: 'WARNING' }),
  annotations: {},
  from: 'inactive',
  to: 'firing',
  reason: 'test',
  value: 1,
  activeAtNanos: nanos(0n),
};

/** One notification to a channel; what becomes of it. */
async function delivery({ alerting }: Config, channel: Channel): Promise<{ log: RecordingLog; clock: VirtualClock }> {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const target = { id: 't', receiver: 'r', sendResolved: true };
  const route = {
    id: '0',
    receiver: 'r',
    groupBy: [],
    groupWaitNanos: 0n,
    groupIntervalNanos: 3_600n * SECOND_NANOS,
    repeatIntervalNanos: 36_000n * SECOND_NANOS,
    continue: false,
    matches: () => true,
    routes: [],
  };
  const dispatcher = new AlertDispatcher(
    { clock, log, telemetry: { notified: () => undefined }, random: () => 0 },
    alerting.notification,
    {
      config: { route, targets: [target], maxGroups: 10, maxAlertsPerGroup: 10 },
      channels: new Map([['t', channel]]),
    },
  );
  dispatcher.take([FIRING]);
  closers.push(() => dispatcher.close(0));
  return { log, clock };
}

export async function secondsUntilGivenUp(config: Config): Promise<number> {
  const hangs: Channel = {
    kind: 'hangs',
    send: (_notification, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ sent: false, retryable: true, detail: 'called off' }));
      }),
  };
  const { log, clock } = await delivery(config, hangs);
  for (let seconds = 0; seconds < 1_000; seconds += 1) {
    if (log.lines.some((line) => line.includes('A notification failed'))) return seconds;
    await clock.advance(1_000);
  }
  return Infinity;
}

export async function attempts(config: Config): Promise<number> {
  const channel = new RecordingChannel();
  channel.receipts.push(
    ...Array.from({ length: 50 }, () => ({ sent: false as const, retryable: true, detail: 'busy' })),
  );
  const { clock } = await delivery(config, channel);
  await clock.advance(600_000);
  return channel.sent.length;
}

/** Seconds until the second beginning of an alert is told. */
export function heldSeconds(severity: string) {
  return async ({ alerts, notifications }: Config): Promise<number> => {
    const clock = new VirtualClock();
    let told = 0;
    const restraint = new Restraint(
      {
        clock,
        log: new RecordingLog(),
        telemetry: { notified: () => undefined, level: () => undefined },
        enabled: notifications.enabled,
        pass: (transitions) => void (told += transitions.filter(({ to }) => to === 'firing').length),
      },
      alerts,
    );
    closers.push(() => restraint.close());
    const labels = Labels.from({ alertname: 'A', severity });
    for (const to of ['firing', 'inactive', 'firing'] as const) {
      restraint.take([{ ...FIRING, labels, to, from: to === 'firing' ? 'inactive' : 'firing' }]);
    }
    for (let seconds = 0; seconds <= 1_000; seconds += 1) {
      if (told === 2) return seconds;
      await clock.advance(1_000);
    }
    return told === 0 ? NaN : Infinity;
  };
}

const answering: Pick<StoreReader, 'select'> = { select: async () => [] };
const hanging: Pick<StoreReader, 'select'> = { select: () => new Promise(() => undefined) };

function queries(config: Config, reader: Pick<StoreReader, 'select'>) {
  const telemetry = createTelemetry('test');
  closers.push(() => telemetry.close());
  const opened = openQueries(
    { reader: reader as StoreReader, telemetry: telemetry.port, log: new RecordingLog(), changes: new ChangeLog() },
    { ...config.query, threads: 0 },
  );
  closers.push(() => opened.close());
  return opened.engine;
}

const FAKE = { doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] } as const;
const RANGE = { startMs: 0, endMs: 60_000, stepMs: 15_000 };

export async function queryTimeoutSeconds(config: Config): Promise<number> {
  jest.useFakeTimers({ ...FAKE, doNotFake: [...FAKE.doNotFake] });
  const engine = queries(config, hanging);
  let failed = false;
  engine.query('x', RANGE).catch(() => (failed = true));
  for (let seconds = 0; seconds <= 1_000; seconds += 1) {
    if (failed) return seconds;
    jest.advanceTimersByTime(1_000);
    await settle();
  }
  return Infinity;
}

export async function cacheSeconds(config: Config): Promise<number> {
  jest.useFakeTimers({ ...FAKE, doNotFake: [...FAKE.doNotFake] });
  let reads = 0;
  const engine = queries(config, {
    select: async (request) => {
      reads += 1;
      return answering.select(request);
    },
  });
  for (let seconds = 0; seconds <= 1_000; seconds += 1) {
    await engine.query('x', RANGE);
    if (reads > 1) return seconds;
    jest.advanceTimersByTime(1_000);
  }
  return Infinity;
}

export async function queriesAtOnce(config: Config): Promise<number> {
  let running = 0;
  const engine = queries(config, {
    select: () => {
      running += 1;
      return new Promise(() => undefined);
    },
  });
  const clients = Array.from({ length: 80 }, () => new AbortController());
  const asked = clients.map(({ signal }, i) => engine.query(`x${i}`, RANGE, signal).catch(() => undefined));
  await settle();
  const atOnce = running;
  for (const client of clients) client.abort();
  await Promise.all(asked);
  return atOnce;
}

/** The channels that get every alert, and where a message of each arrives. */
export async function sent({ notifications, channels: options }: Config): Promise<unknown> {
  const set = new ChannelSet(
    { ...options, allowPrivate: ['127.0.0.1'] },
    { log: new RecordingLog(), externalUrl: 'http://x', notifications },
  );
  closers.push(() => set.close());
  arrived.length = 0;
  for (const { channel } of set.broadcast) {
    const receipt = await channel.send(NOTIFICATION, new AbortController().signal);
    if (!receipt.sent) arrived.push(`${channel.kind}: ${receipt.detail}`);
  }
  return [...arrived];
}

/** Turns of a loop within ten minutes, by the names and periods that the metrics show. */
export function loopSeconds(loop: string) {
  return async (config: Config): Promise<number> => {
    const { clock, telemetry, started } = await monitoring({
      ...config,
      monitoring: { ...config.monitoring, prometheus_port: 0, websocket_port: 0 },
    });
    await clock.advance(600_000);
    // A run may read the machine still; it is counted when it ends.
    await started.close();
    const lines = (await telemetry.text())
      .split('\n')
      .filter((line) => line.startsWith(`tapewatch_loop_runs_total{loop="${loop}"`));
    return 600 / lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
  };
}

async function monitoring(config: Config) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const telemetry = createTelemetry('test');
  closers.push(() => telemetry.close());
  const recorded: NumberSample[] = [];
  const started = await startMonitoring({
    config: { ...config, store: { ...config.store, kind: 'memory' } as Config['store'] },
    clock,
    log,
    telemetry,
    engine: new ScriptedEngine(),
    reader: { ...answering, events: async () => [] } as unknown as StoreReader,
    store: { health: async () => ({ ok: true, detail: 'ok', bytesOnDisk: 0, memoryBytes: 0 }) },
    progress: new ManualProgress(),
    catalogue: createCatalogue(() => []),
    sources: () => [],
    grafana: () => undefined,
    record: (samples) => void recorded.push(...(samples as NumberSample[])),
    alerting: { groups: () => [], transitions: async () => [] },
    backups: { latest: () => undefined },
    checkAlerts: () => undefined,
    observers: new Observers(log),
  });
  closers.push(() => started.close());
  return { clock, log, telemetry, started };
}

/** The port that was opened, or tried: on this machine somebody else may have it. */
export function port(name: 'exposition' | 'live') {
  return async (config: Config): Promise<number> => {
    const other = name === 'exposition' ? 'websocket_port' : 'prometheus_port';
    const { log } = await monitoring({ ...config, monitoring: { ...config.monitoring, [other]: 0 } });
    const told = log.lines.find((line) => line.includes(`The ${name} port`)) ?? '';
    return Number(/(?:127\.0\.0\.1:|_port )(\d+)/.exec(told)?.[1]);
  };
}

/**
 * Runs with its period. A check that this version does not have is named at the start when it is switched on; its period
 * has no place of use yet, and is only what was read.
 */
export function healthCheck(name: HealthCheckName) {
  return async (config: Config): Promise<unknown> => {
    const { interval_seconds: seconds } = config.health_checks[name];
    if (NOT_YET.includes(name)) {
      const { log } = await monitoring(config);
      const told = log.lines.find((line) => line.includes('this version does not run them yet'));
      return [told?.includes(name) === true, seconds];
    }
    const deps = {} as Parameters<typeof configuredChecks>[0];
    const found = configuredChecks(deps, config.health_checks).find((check) => check.name === name);
    return [found !== undefined, found?.intervalSeconds ?? seconds];
  };
}

/** Ten trades that win, then ten that lose: equity before, and the win rate after. */
export async function desk({
  initial_equity: initialEquity,
  rolling_window: rollingWindow,
}: Config): Promise<Record<string, number>> {
  const fills = Array.from({ length: 240 }, (_, i): Fill => {
    const isBuy = i % 2 === 0;
    const price = isBuy ? 100 : i < 220 ? 101 : 99;
    const identity = { venue: 'V', symbol: 'S', strategy: '', account: '', currency: 'USD', feeCurrency: 'USD' };
    const timeNanos = nanos(BigInt(i + 1) * SECOND_NANOS);
    return {
      table: 'fills',
      id: `${i}`,
      timeNanos,
      orderId: '',
      side: isBuy ? 'buy' : 'sell',
      quantity: 1,
      price,
      fee: 0,
      liquidity: '',
      execution: 'new',
      refersTo: '',
      ...identity,
    };
  });
  const reader = {
    events: async (_table: unknown, { startNanos }: { startNanos: bigint }) =>
      fills.filter(({ timeNanos }) => timeNanos >= startNanos) as never,
    quotesBefore: async (asked: readonly unknown[]) => asked.map(() => null),
    select: async () => [],
  };
  const figures = await tradingCollector(reader, { initialEquity, rollingWindow }).collect(3_600n * SECOND_NANOS);
  const valueOf = (name: string): number => figures.find((figure) => figure.name === name)?.value ?? NaN;
  return {
    start: valueOf('trading_equity') - valueOf('trading_realised_pnl'),
    window: valueOf('trading_rolling_trades'),
    winRate: Math.round(valueOf('trading_win_rate_percent')),
  };
}
