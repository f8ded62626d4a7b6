/**
 * The composition root: opens the store, recovers, and wires sources, pipeline, queries, alerting, HTTP and the door for
 * Grafana. Embeddable: tests start it in their own process. What was opened is closed in the opposite order.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startAlerting, type Alerting } from './alerting/start-alerting.ts';
import { ChannelSet } from './channel/channel-set.ts';
import { SystemClock } from './clock.ts';
import { createCodecRegistry } from './codec/registry.ts';
import type { Config } from './config.ts';
import { openGrafana } from './grafana/open-grafana.ts';
import { startHttpServer } from './http/server.ts';
import { openSources } from './ingest/open-sources.ts';
import { startMonitoring } from './monitoring.ts';
import { Observers } from './observer.ts';
import { buildPipeline, RECORDED_STREAM, type ConfiguredStream } from './pipeline/build-pipeline.ts';
import { durableAppend } from './pipeline/durable-append.ts';
import { LayeredReader } from './pipeline/layered-reader.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { recover } from './pipeline/recover.ts';
import type { AlertingView, Clock, Logger, PromqlEngine, Source, Store, StoreReader, Telemetry } from './ports.ts';
import { createCatalogue } from './query/catalogue.ts';
import { ChangeLog } from './query/change-log.ts';
import { exemplarFinder } from './query/exemplar-query.ts';
import { openQueries } from './query/open-queries.ts';
import { createQueryService } from './query/query-service.ts';
import { compileRegex } from './regex.ts';
import { LiveHead } from './store/memory/live-head.ts';
import { openStore } from './store/open-store.ts';
import { createLogger } from './telemetry/log.ts';
import { createTelemetry } from './telemetry/metrics.ts';
import { VERSION } from './version.ts';

const RETAIN_EVERY_MS = 60_000;

export interface App {
  /** `http://host:port` of the API. */
  readonly httpAddress: string;
  /** Where Grafana's data source connects; undefined when switched off. */
  readonly grafanaAddress: string | undefined;
  /** `host:port` of the exposition and of live updates; undefined while switched off, or taken by another process. */
  readonly prometheusAddress: () => string | undefined;
  readonly liveAddress: () => string | undefined;
  /** Calls back at each trade, change of an alert, or change of health; returns what ends it. */
  readonly on: Observers['on'];
  /** Resolves when the process cannot go on, with the reason. */
  readonly failed: Promise<unknown>;
  /** Reads rules and routes anew; a bad file changes nothing and is logged. */
  reload(): Promise<void>;
  /** Takes nothing in any more, writes everything down, and closes. */
  stop(): Promise<void>;
}

/** Throws `config.invalid`, `store.*`, `rule.invalid` or `listen.refused` after closing what it had opened. */
export async function startApp(config: Config): Promise<App> {
  const closers: (() => Promise<unknown> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await compose(config, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function compose(
  config: Config,
  closers: (() => Promise<unknown> | void)[],
  closeAll: () => Promise<void>,
): Promise<App> {
  const clock = new SystemClock();
  const log = createLogger(config.log);
  const telemetry = createTelemetry();
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<unknown>((resolve) => (fail = resolve));
  const base: Base = { config, clock, log, telemetry: telemetry.port, fail };

  const { store, pipeline, reader, sources, openAlerts } = await startIngest(base, closers);
  const catalogue = createCatalogue(() => pipeline.registry.all());
  const changes = new ChangeLog();
  pipeline.announceTo(changes);
  const queries = openQueries({ reader, telemetry: telemetry.port, log, changes }, config.query);
  closers.push(() => queries.close());
  const { engine, line } = queries;
  const observers = new Observers(log);
  const channels = new ChannelSet(config.channels, {
    log,
    externalUrl: `http://${config.http.listen}`,
    notifications: config.notifications,
  });
  closers.push(() => channels.close());
  let sourcesAreOpen: () => void = () => undefined;
  const sourcesOpen = new Promise<void>((resolve) => (sourcesAreOpen = resolve));
  const alerting = await openAlerting(base, { engine, pipeline, reader, openAlerts, channels, sourcesOpen, observers });
  closers.push(() => alerting.close());
  const queryService = createQueryService({ engine, reader, alerting, line, unitOf: catalogue.unitOf });

  const health = async () => ({ version: VERSION, source: worstStatus(sources), store: await store.health() });
  const http = await startHttpServer(
    {
      engine,
      line,
      exemplars: exemplarFinder(reader),
      reader,
      queryService,
      alerting,
      catalogue,
      health,
      telemetry,
      clock,
      log,
      version: VERSION,
    },
    config.http,
  );
  closers.push(() => http.close());
  const grafana = await openGrafana(
    {
      queryService,
      reader,
      clock,
      metadata: catalogue,
      health,
      metrics: telemetry.text,
      version: VERSION,
      logger: log,
    },
    { ...config.grafana, queryTimeoutMs: config.query.timeoutMs },
  );
  if (grafana !== undefined) closers.push(() => grafana.close());
  const monitoring = await startMonitoring({
    config,
    clock,
    log,
    telemetry,
    engine,
    reader,
    store,
    progress: pipeline,
    catalogue,
    sources: () => sources.map((source) => source.status()),
    grafana: () => grafana?.address,
    record: (samples) => pipeline.acceptSamples(RECORDED_STREAM, samples),
    checkAlerts: () => alerting.check(),
    observers,
  });
  closers.push(() => monitoring.close());
  void openAll(sources, pipeline, base).then(sourcesAreOpen);
  log.info({ version: VERSION, http: http.address, grafana: grafana?.address, store: config.store.kind }, 'ready');
  return {
    httpAddress: http.address,
    grafanaAddress: grafana?.address,
    prometheusAddress: monitoring.prometheusAddress,
    liveAddress: monitoring.liveAddress,
    on: observers.on.bind(observers),
    failed,
    reload: () => reload(alerting, log),
    stop: closeAll,
  };
}

interface Base {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly fail: (reason: unknown) => void;
}

interface Ingest {
  readonly store: Store;
  readonly pipeline: Pipeline;
  readonly reader: StoreReader;
  readonly sources: readonly Source[];
  readonly openAlerts: Awaited<ReturnType<Store['open']>>['openAlerts'];
}

/** Store, recovery, pipeline and sources (not opened yet). */
async function startIngest(base: Base, closers: (() => Promise<unknown> | void)[]): Promise<Ingest> {
  const { config, clock, log, telemetry, fail } = base;
  if (config.store.kind === 'duckdb') await mkdir(dirname(config.store.path), { recursive: true });
  const store = openStore(config.store, fail);
  const recovery = await store.open();
  closers.push(() => store.close());
  const { sources, streams } = openSources({
    nats: config.nats,
    streams: config.streams,
    clock,
    report: (level, message) => log[level]({ part: 'nats' }, message),
  });
  const codecs = createCodecRegistry();
  const startNanos = clock.now();
  const keepNanos = BigInt(config.pipeline.headMinutes) * 60_000_000_000n;
  // An empty store holds nothing that memory does not: everything can be answered from memory from the first second on.
  const completeSinceNanos = recovery.series.length === 0 ? 0n : startNanos;
  const maxSamples = config.pipeline.headMaxSamples;
  const head = new LiveHead(
    { keepNanos, maxSamples, startNanos: completeSinceNanos, now: () => clock.now() },
    recovery.series,
  );
  const pipeline = buildPipeline(
    {
      settings: config.pipeline,
      streams: [...streams.values()].map(({ options, labelsOf }): ConfiguredStream => ({
        name: options.name,
        payloadKind: options.payload,
        watermarkDelayMs: options.watermarkDelay,
        latenessMs: options.lateness,
        codec: (contentType) => codecs.codecFor(contentType, options.codec),
        labels: labelsOf,
      })),
      clock,
      telemetry,
      log,
      head,
      append: durableAppend({ append: (batch) => store.append(batch), sleep, log }),
      onFatal: fail,
    },
    recovery,
  );
  const recovered = await recover({
    pipeline,
    store,
    streams: [...streams.keys(), RECORDED_STREAM],
    nowNanos: startNanos,
    setHeadBase: (seriesId, histogram) => head.setBase(seriesId, histogram),
  });
  log.info({ ...recovered, series: recovery.series.length }, 'recovered');
  pipeline.start();
  // A source is closed twice: first it takes nothing in any more, then, when all is stored, it acknowledges and ends.
  const closeSources = () => Promise.all(sources.map((source) => source.close()));
  closers.push(closeSources);
  closers.push(() => pipeline.stop());
  closers.push(clock.every(RETAIN_EVERY_MS, () => void retain(store, base)));
  closers.push(closeSources);
  return { store, pipeline, reader: new LayeredReader(head, store), sources, openAlerts: recovery.openAlerts };
}

function openAlerting(
  { config, clock, log, telemetry }: Base,
  parts: Pick<Ingest, 'pipeline' | 'reader' | 'openAlerts'> & {
    engine: PromqlEngine;
    channels: ChannelSet;
    sourcesOpen: Promise<void>;
    observers: Observers;
  },
): Promise<Alerting> {
  const { engine, pipeline, reader, openAlerts, channels, sourcesOpen, observers } = parts;
  return startAlerting(
    {
      engine,
      progress: pipeline,
      reader,
      clock,
      log,
      telemetry,
      compileRegex,
      storeTransitions: (rows) => pipeline.storeTransitions(rows),
      recordSamples: (samples) => pipeline.acceptSamples(RECORDED_STREAM, samples),
      openChannels: (integrations) => channels.open(integrations),
      sourcesOpen,
      broadcast: channels.broadcast,
      onTransitions: (transitions) => {
        for (const transition of transitions) observers.tell('alert', transition);
      },
      random: Math.random,
    },
    {
      ...config.alerting,
      suppression: config.alerts,
      notificationsEnabled: config.notifications.enabled,
    },
    openAlerts,
  );
}

/** Sources connect in the background: a broker that comes up late, or is mended, is picked up without a restart. */
async function openAll(sources: readonly Source[], pipeline: Pipeline, { log, fail }: Base): Promise<void> {
  try {
    await Promise.all(sources.map((source) => source.open((envelope) => pipeline.accept(envelope))));
  } catch (error) {
    log.error({ err: error }, 'a source cannot be opened');
    fail(error);
  }
}

async function retain(store: Store, { clock, log }: Base): Promise<void> {
  try {
    const removed = await store.retain(clock.now());
    if (removed > 0) log.info({ removed }, 'rows past their retention were removed');
  } catch (error) {
    log.warn({ err: error }, 'retention failed; it is tried again in a minute');
  }
}

async function reload(alerting: AlertingView & Pick<Alerting, 'reload'>, log: Logger): Promise<void> {
  try {
    await alerting.reload();
  } catch (error) {
    log.error({ err: error }, 'the reload was refused; the rules and routes stay as they were');
  }
}

/** The status of a source that is not connected, else that of the first. */
function worstStatus(sources: readonly Source[]): ReturnType<Source['status']> {
  const all = sources.map((source) => source.status());
  return (
    all.find(({ connected }) => !connected) ??
    all[0] ?? { connected: false, server: '', detail: 'no stream is configured' }
  );
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
