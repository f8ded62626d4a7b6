/**
 * What the sidecar does by its own clock, put together: the four loops (ING-30: metrics, health, alerts, broadcast), the
 * exposition port, the live port, and the callbacks of ING-31. A port that is taken does not stop the sidecar: it is
 * told, and tried again with each run of the loop of health.
 */
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { Sample } from '@tapewatch/core';
import { ownChecks, configuredChecks, NOT_YET } from './check/checks.ts';
import { Health, LEVELS, type HealthState } from './check/check.ts';
import { alertCollector } from './collect/alert.ts';
import { apiCollector } from './collect/api.ts';
import { backupCollector } from './collect/backup.ts';
import { createCollection, type Collector } from './collect/collector.ts';
import { AGENT_FIGURES, derivedCollector, EXCHANGE_FIGURES } from './collect/derived.ts';
import { hostCollector, hostReader, sharedReading, type HostReading } from './collect/host.ts';
import { tradingCollector } from './collect/trading.ts';
import type { Config } from './config.ts';
import { TapewatchError } from './errors.ts';
import { startExpositionServer, type SideServer } from './http/exposition-server.ts';
import { contractsOf } from './instrument-options.ts';
import { startLiveServer, type LiveServer, type LiveUpdate } from './http/live-server.ts';
import { LIVE_TYPES, startUpdates } from './live/updates.ts';
import { startLoops } from './loop/loops.ts';
import type { Observers } from './observer.ts';
import type {
  AlertingView,
  BackupView,
  Clock,
  Logger,
  Progress,
  PromqlEngine,
  SourceStatus,
  Store,
  StoreReader,
} from './ports.ts';
import type { Catalogue } from './query/catalogue.ts';
import { compileRegex } from './regex.ts';
import { collectedFamilies } from './telemetry/exposition/collected.ts';
import { createExposition } from './telemetry/exposition/expose.ts';
import { Forwarder } from './telemetry/forward/forwarder.ts';
import type { TelemetryRegistry } from './telemetry/metrics.ts';
import { VERSION } from './version.ts';

export interface MonitoringDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: TelemetryRegistry;
  readonly engine: PromqlEngine;
  readonly reader: StoreReader;
  readonly store: Pick<Store, 'health'>;
  readonly progress: Progress;
  readonly catalogue: Catalogue;
  readonly sources: () => readonly SourceStatus[];
  readonly grafana: () => string | undefined;
  readonly record: (samples: readonly Sample[]) => void;
  readonly alerting: AlertingView;
  readonly backups: BackupView;
  /** Looks at open alerts. */
  readonly checkAlerts: () => void;
  readonly observers: Observers;
}

type HostReader = () => Promise<HostReading>;

export interface Monitoring {
  /** `host:port`; undefined when switched off, or taken. */
  readonly prometheusAddress: () => string | undefined;
  readonly liveAddress: () => string | undefined;
  readonly health: Health;
  close(): Promise<void>;
}

/** Throws `listen.refused` when a port would let strangers in. */
export async function startMonitoring(deps: MonitoringDeps): Promise<Monitoring> {
  const { config, clock, log, telemetry, observers } = deps;
  const { monitoring } = config;
  const folder = await existingFolder(config.store.kind === 'duckdb' ? dirname(resolve(config.store.path)) : '/');
  const host = sharedReading(hostReader(folder), () => Number(clock.now() / 1_000_000n));
  const health = openHealth(deps, folder, host);
  const live: { server?: LiveServer } = {};
  const updates = openUpdates(deps, health, live);
  const ports = openPorts(deps, health, live);
  const stops = [
    observers.on('alert', updates.alert),
    observers.on('health_change', (change) => updates.health({ ...change, overall: health.level })),
  ];
  await ports.open();
  const collect = createCollection({ clock, log, record: deps.record }, collectors(deps, host));
  const forward = openForward(deps);
  const loops = startLoops({ clock, log, telemetry: telemetry.loops }, [
    { name: 'metrics', intervalSeconds: monitoring.metrics_interval_seconds, run: collect },
    {
      name: 'health',
      intervalSeconds: monitoring.health_check_interval_seconds,
      async run() {
        await Promise.all([health.runDue(), ports.open()]);
      },
    },
    { name: 'alerts', intervalSeconds: monitoring.alert_check_interval_seconds, run: deps.checkAlerts },
    { name: 'broadcast', intervalSeconds: monitoring.broadcast_interval_seconds, run: updates.heartbeat },
    ...forward.loops,
  ]);
  return {
    prometheusAddress: ports.prometheusAddress,
    liveAddress: () => live.server?.address,
    health,
    async close() {
      for (const stop of stops) stop();
      forward.close();
      health.close();
      updates.close();
      await loops.close();
      await ports.close();
    },
  };
}

function collectors(
  { config, engine, reader, telemetry, alerting, backups }: MonitoringDeps,
  host: HostReader,
): readonly Collector[] {
  return [
    hostCollector(host),
    tradingCollector(reader, {
      initialEquity: config.initial_equity,
      rollingWindow: config.rolling_window,
      contractOf: contractsOf(config.instruments),
    }),
    derivedCollector('exchange', engine, EXCHANGE_FIGURES),
    derivedCollector('agent', engine, AGENT_FIGURES),
    alertCollector(alerting),
    apiCollector(telemetry.api),
    backupCollector(backups),
  ];
}

function openHealth(
  { config, clock, log, telemetry, engine, store, sources, grafana, observers }: MonitoringDeps,
  folder: string,
  host: HostReader,
): Health {
  const inputs = {
    clock,
    engine,
    sources,
    store: () => store.health(),
    grafana,
    host,
    memory: () => ({ usedBytes: process.memoryUsage().heapUsed, limitBytes: getHeapStatistics().heap_size_limit }),
    wallMs: () => Date.now(),
    limits: {
      clockJumpSeconds: config.monitoring.clock_jump_seconds,
      heapDegradedPercent: config.monitoring.heap_degraded_percent,
    },
    folder,
  };
  const pending = NOT_YET.filter((name) => config.health_checks[name].enabled);
  if (pending.length > 0) {
    log.warn({ checks: pending }, 'These health checks are configured, and this version does not run them yet.');
  }
  return new Health(
    {
      clock,
      log,
      historySize: config.monitoring.health_history_size,
      onResult: ({ name, level }: HealthState) => telemetry.loops.health(name, LEVELS.indexOf(level)),
      onChange: ({ name, level, detail }, before) =>
        observers.tell('health_change', { check: name, level, before, detail }),
    },
    [...ownChecks(inputs), ...configuredChecks(inputs, config.health_checks)],
  );
}

function openUpdates(deps: MonitoringDeps, health: Health, live: { server?: LiveServer }) {
  const { clock, log, progress, reader, catalogue, observers } = deps;
  return startUpdates({
    clock,
    log,
    progress,
    reader,
    broadcast: (update) => live.server?.broadcast(update),
    listening: () => (live.server?.clients ?? 0) > 0,
    async latest(names, maxSeries) {
      const wanted = new Set(names);
      const metrics = catalogue.metrics().filter(({ name }) => wanted.has(name));
      const nowMs = Number(clock.now() / 1_000_000n);
      const { families } = await collectedFamilies(reader, metrics, { nowMs, maxSeries });
      return families;
    },
    onTrade: () => (observers.has('trade') ? (fill) => observers.tell('trade', fill) : undefined),
    status: () => statusOf(deps, health, live),
  });
}

async function statusOf({ sources, store }: MonitoringDeps, health: Health, live: { server?: LiveServer }) {
  const { ok, detail, bytesOnDisk } = await store.health();
  return {
    version: VERSION,
    level: health.level,
    checks: health.states().map(({ name, level, detail: seen }) => ({ name, level, detail: seen })),
    sources: sources(),
    store: { ok, detail, bytesOnDisk },
    clients: live.server?.clients ?? 0,
    uptimeSeconds: Math.round(process.uptime()),
  };
}

/** The two ports beside the API. `open` may be called again: it opens what is not open yet. */
function openPorts(deps: MonitoringDeps, health: Health, live: { server?: LiveServer }) {
  const { config, clock, log, telemetry, reader, catalogue } = deps;
  const { monitoring, http } = config;
  const shared = { host: monitoring.listen_address, tokens: http.tokens, compression: http.compression };
  const exposition = createExposition({
    reader,
    catalogue,
    own: telemetry.families,
    clock,
    telemetry: telemetry.port,
    compileRegex,
    maxSeries: monitoring.exposition_max_series,
  });
  let prometheus: SideServer | undefined;
  const told = new Set<string>();
  const attempt = async (name: string, open: () => Promise<SideServer>): Promise<void> => {
    try {
      const { address } = await open();
      log.info({ address }, `The ${name} port is open.`);
    } catch (error) {
      if (!(error instanceof TapewatchError) || error.cause === undefined) throw error;
      const level = told.has(name) ? 'debug' : 'error';
      told.add(name);
      log[level]({ reason: error.message }, `The ${name} port is closed; it is tried again every health interval.`);
    }
  };
  const openPrometheus = async (): Promise<SideServer> =>
    (prometheus = await startExpositionServer({ ...exposition, log }, { ...shared, port: monitoring.prometheus_port }));
  const openLive = async (): Promise<SideServer> =>
    (live.server = await startLiveServer(
      { clock, telemetry: telemetry.port, greeting: () => greeting(health) },
      {
        ...shared,
        port: monitoring.websocket_port,
        maxClients: monitoring.websocket_max_clients,
        bufferBytes: monitoring.websocket_buffer_bytes,
        origins: monitoring.websocket_origins,
      },
    ));
  return {
    prometheusAddress: () => prometheus?.address,
    async open() {
      if (monitoring.prometheus_port > 0 && prometheus === undefined) await attempt('exposition', openPrometheus);
      if (monitoring.websocket_port > 0 && live.server === undefined) await attempt('live', openLive);
    },
    async close() {
      await Promise.all([prometheus?.close(), live.server?.close()]);
    },
  };
}

/** One loop more where something is to be pushed. */
function openForward({ config, clock, log, telemetry, reader, catalogue }: MonitoringDeps) {
  const { forward: options } = config;
  if (options.remoteWrite.length === 0) return { loops: [], close: () => undefined };
  const own = telemetry.families;
  const userAgent = `Tapewatch/${VERSION}`;
  const forwarder = new Forwarder(
    { reader, catalogue, own, clock, log, telemetry: telemetry.port, userAgent },
    options,
  );
  const loop = { name: 'forward', intervalSeconds: options.interval_seconds, run: () => forwarder.run() };
  return { loops: [loop], close: () => forwarder.close() };
}

function greeting(health: Health): readonly LiveUpdate[] {
  return [{ type: LIVE_TYPES.STATUS, data: { version: VERSION, level: health.level } }];
}

async function existingFolder(folder: string): Promise<string> {
  return access(folder).then(
    () => folder,
    () => '/',
  );
}
