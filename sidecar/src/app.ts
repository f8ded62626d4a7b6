/**
 * The composition root: opens the store, recovers, and wires sources, pipeline, queries, alerting, HTTP and the door for
 * Grafana. Embeddable: tests start it in their own process. What was opened is closed in the opposite order.
 */
import { startAlerting, type Alerting } from './alerting/start-alerting.ts';
import { ChannelSet } from './channel/channel-set.ts';
import { SystemClock } from './clock.ts';
import type { Config } from './config.ts';
import { openGrafana } from './grafana/open-grafana.ts';
import { startHttpServer } from './http/server.ts';
import { startMonitoring } from './monitoring.ts';
import { Observers } from './observer.ts';
import { RECORDED_STREAM } from './pipeline/build-pipeline.ts';
import type { AlertingView, Clock, Logger, PromqlEngine, Source, Store, StoreReader, Telemetry } from './ports.ts';
import { createCatalogue } from './query/catalogue.ts';
import { ChangeLog } from './query/change-log.ts';
import { exemplarFinder } from './query/exemplar-query.ts';
import { openQueries } from './query/open-queries.ts';
import { createQueryService } from './query/query-service.ts';
import { compileRegex } from './regex.ts';
import { SCRAPE_STREAM } from './scrape/job-runner.ts';
import { Scraper } from './scrape/scraper.ts';
import { openAll, startIngest, type Base, type Closers, type Ingest } from './start-ingest.ts';
import { createLogger } from './telemetry/log.ts';
import { createTelemetry } from './telemetry/metrics.ts';
import { VERSION } from './version.ts';

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
  const closers: Closers = [];
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

async function compose(config: Config, closers: Closers, closeAll: () => Promise<void>): Promise<App> {
  const clock = new SystemClock();
  const log = createLogger(config.log);
  const telemetry = createTelemetry();
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<unknown>((resolve) => (fail = resolve));
  const base: Base = { config, clock, log, telemetry: telemetry.port, fail };

  const { store, pipeline, reader, intake, sources, openAlerts } = await startIngest(base, closers, [SCRAPE_STREAM]);
  const catalogue = createCatalogue(() => pipeline.registry.all());
  const changes = new ChangeLog();
  pipeline.announceTo(changes);
  const queries = openQueries({ reader, telemetry: telemetry.port, log, changes }, config.query);
  closers.push(() => queries.close());
  const { engine, line } = queries;
  const scraper = await Scraper.start(config.scrape, {
    ...base,
    telemetry: telemetry.port,
    version: VERSION,
    write: (use) => void pipeline.write(SCRAPE_STREAM, use),
  });
  closers.push(() => scraper.close());
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
      intake,
      targets: scraper,
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
    reload: () => reload({ alerting, scraper }, log),
    stop: closeAll,
  };
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

/** Each part takes all of its files or none; a part that refuses keeps nothing from the others. */
async function reload(parts: Readonly<Record<string, { reload(): Promise<void> }>>, log: Logger): Promise<void> {
  for (const [name, part] of Object.entries(parts)) {
    try {
      await part.reload();
    } catch (error) {
      log.error({ err: error, part: name }, 'the reload was refused; what ran before runs on');
    }
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
