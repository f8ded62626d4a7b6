/**
 * The composition root: opens the store, recovers, and wires sources, pipeline, queries, alerting, HTTP and the door for
 * Grafana. Embeddable: tests start it in their own process. What was opened is closed in the opposite order.
 */
import { msFromNanos } from '@tapewatch/core';
import { startAlerting, type Alerting } from './alerting/start-alerting.ts';
import { Backups } from './backup/backups.ts';
import { ChannelSet } from './channel/channel-set.ts';
import { SystemClock } from './clock.ts';
import type { Config } from './config.ts';
import { openGrafana } from './grafana/open-grafana.ts';
import { resultText } from './http/prometheus-json.ts';
import { startHttpServer } from './http/server.ts';
import { AlertQueue } from './ingest/alert-queue.ts';
import { contractsOf } from './instrument-options.ts';
import { startMonitoring } from './monitoring.ts';
import { Observers } from './observer.ts';
import { RECORDED_STREAM } from './pipeline/build-pipeline.ts';
import type { FindExemplars, HealthHistory, Logger, QueryService, Source, TargetsView } from './ports.ts';
import { latencyExplanation } from './query/alert-explanation.ts';
import { createCatalogue, type Catalogue } from './query/catalogue.ts';
import { ChangeLog } from './query/change-log.ts';
import { warmUp } from './query/warm-up.ts';
import { exemplarFinder } from './query/exemplar-query.ts';
import { openQueries, type Queries } from './query/open-queries.ts';
import { RevisionLog } from './query/revision-log.ts';
import { createQueryService } from './query/query-service.ts';
import { traceFinder } from './query/trace-finder.ts';
import { openSql } from './query/sql/open-sql.ts';
import { compileRegex } from './regex.ts';
import { SCRAPE_STREAM } from './scrape/job-runner.ts';
import { Scraper } from './scrape/scraper.ts';
import { openAll, startIngest, type Base, type Closers, type Ingest } from './start-ingest.ts';
import { createLogger } from './telemetry/log.ts';
import { createTelemetry, type TelemetryRegistry } from './telemetry/metrics.ts';
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

/** What the parts of the composition share, beside what the way in needs. */
interface Shared extends Base {
  readonly registry: TelemetryRegistry;
  readonly closers: Closers;
  readonly observers: Observers;
}

async function compose(config: Config, closers: Closers, closeAll: () => Promise<void>): Promise<App> {
  const log = createLogger(config.log);
  const registry = createTelemetry();
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<unknown>((resolve) => (fail = resolve));
  const base: Base = { config, clock: new SystemClock(), log, telemetry: registry.port, fail };
  const shared: Shared = { ...base, registry, closers, observers: new Observers(log) };

  const ingest = await startIngest(base, closers, [SCRAPE_STREAM]);
  const queries = startQueries(shared, ingest);
  await warmUp(queries.engine, ingest.pipeline.registry.examples(), {
    nowMs: msFromNanos(base.clock.now()),
    write: (result) => resultText(result, 0, async () => undefined),
  });
  const scraper = await startScraper(shared, ingest);
  let sourcesAreOpen: () => void = () => undefined;
  const sourcesOpen = new Promise<void>((resolve) => (sourcesAreOpen = resolve));
  const alerting = await openAlerting(shared, { ...ingest, ...queries, sourcesOpen });
  const { line, engine, catalogue } = queries;
  const sql = openSql(ingest.store, config.query.sql);
  closers.push(() => sql.close());
  const queryService = createQueryService({
    ...{ engine, reader: ingest.reader, alerting, line, exemplars: queries.exemplars, sql },
    unitOf: catalogue.unitOf,
    contractOf: contractsOf(config.instruments),
    initialEquity: config.initial_equity,
  });
  const backups = openBackups(shared, ingest);
  const checks: { health?: HealthHistory } = {};
  const healthHistory: HealthHistory = { history: () => checks.health?.history() ?? [] };
  const served = { ingest, queries, scraper, alerting, queryService, backups, healthHistory };
  const { http, grafana } = await serve(shared, served);
  const { reader, pipeline, sources } = ingest;
  const monitoring = await startMonitoring({
    ...{ config, clock: base.clock, log, telemetry: registry, engine, reader, catalogue },
    store: { health: ingest.storeHealth },
    progress: pipeline,
    sources: () => sources.map((source) => source.status()),
    grafana: () => grafana?.address,
    record: (samples) => pipeline.acceptSamples(RECORDED_STREAM, samples),
    alerting,
    backups,
    checkAlerts: () => alerting.check(),
    observers: shared.observers,
  });
  checks.health = monitoring.health;
  closers.push(() => monitoring.close());
  void openAll(sources, pipeline, base).then(sourcesAreOpen);
  log.info({ version: VERSION, http: http.address, grafana: grafana?.address, store: config.store.kind }, 'ready');
  return {
    httpAddress: http.address,
    grafanaAddress: grafana?.address,
    prometheusAddress: monitoring.prometheusAddress,
    liveAddress: monitoring.liveAddress,
    on: shared.observers.on.bind(shared.observers),
    failed,
    reload: () => reload({ alerting, scraper }, log),
    stop: closeAll,
  };
}

type Answering = Queries & { readonly catalogue: Catalogue; readonly exemplars: FindExemplars };

function startQueries({ config, log, telemetry, closers }: Shared, { pipeline, reader }: Ingest): Answering {
  const changes = new ChangeLog();
  pipeline.announceTo(changes);
  const revisions = new RevisionLog();
  pipeline.late.onLate((spans) => revisions.add(spans));
  const queries = openQueries({ reader, telemetry, log, changes, revisions }, config.query);
  closers.push(() => queries.close());
  return {
    ...queries,
    catalogue: createCatalogue(() => pipeline.registry.examples()),
    exemplars: exemplarFinder({ reader, kept: pipeline.exemplars }),
  };
}

async function startScraper(shared: Shared, { pipeline }: Ingest): Promise<Scraper> {
  const { config, clock, log, telemetry, closers } = shared;
  const scraper = await Scraper.start(config.scrape, {
    ...{ clock, log, telemetry, version: VERSION },
    write: (use) => void pipeline.write(SCRAPE_STREAM, use),
  });
  closers.push(() => scraper.close());
  return scraper;
}

interface Served {
  readonly ingest: Ingest;
  readonly queries: Answering;
  readonly scraper: TargetsView;
  readonly alerting: Alerting;
  readonly queryService: QueryService;
  readonly backups: Backups;
  readonly healthHistory: HealthHistory;
}

function openBackups({ config, clock, log, telemetry, closers }: Shared, { store }: Ingest): Backups {
  const backUp = store.backUp?.bind(store);
  const backups = new Backups({ backUp, clock, log, telemetry }, config.backup);
  closers.push(() => backups.close());
  return backups;
}

/** The doors: HTTP, and the one for Grafana where it is configured. */
async function serve(
  { config, clock, log, registry, closers }: Shared,
  {
    ingest: { reader, intake, sources, store, storeHealth },
    queries,
    scraper,
    alerting,
    queryService,
    backups,
    healthHistory,
  }: Served,
) {
  const { engine, line, catalogue } = queries;
  const health = async () => ({ version: VERSION, source: worstStatus(sources), store: await storeHealth() });
  const http = await startHttpServer(
    {
      ...{ engine, line, reader, queryService, alerting, intake, catalogue, health, clock, log, version: VERSION },
      exemplars: queries.exemplars,
      traces: traceFinder(reader, () => msFromNanos(clock.now())),
      targets: scraper,
      histories: { alerts: alerting, health: healthHistory },
      ...(store.backUp === undefined ? {} : { backUp: backups.run.bind(backups) }),
      telemetry: registry,
    },
    config.http,
  );
  closers.push(() => http.close());
  const grafana = await openGrafana(
    {
      ...{ queryService, reader, clock, health, version: VERSION, logger: log },
      metadata: catalogue,
      metrics: registry.text,
    },
    { ...config.grafana, queryTimeoutMs: config.query.timeoutMs },
  );
  if (grafana !== undefined) closers.push(() => grafana.close());
  return { http, grafana };
}

async function openAlerting(
  { config, clock, log, telemetry, closers, observers }: Shared,
  parts: Pick<Ingest, 'pipeline' | 'reader' | 'openAlerts'> & Pick<Queries, 'engine'> & { sourcesOpen: Promise<void> },
): Promise<Alerting> {
  const { engine, pipeline, reader, openAlerts, sourcesOpen } = parts;
  const { notifications } = config;
  const channels = new ChannelSet(config.channels, {
    log,
    notifications,
    externalUrl: `http://${config.http.listen}`,
  });
  closers.push(() => channels.close());
  const queue = openAlertQueue({ config, log, telemetry, closers });
  const alerting = await startAlerting(
    {
      ...{ engine, reader, clock, log, telemetry, compileRegex, sourcesOpen, random: Math.random },
      progress: pipeline,
      late: pipeline.late,
      explain: latencyExplanation(reader),
      storeTransitions: (rows) => pipeline.storeTransitions(rows),
      recordSamples: (samples) => pipeline.acceptSamples(RECORDED_STREAM, samples),
      openChannels: (integrations) => channels.open(integrations),
      broadcast: channels.broadcast,
      ...(queue === undefined ? {} : { publish: queue.put.bind(queue) }),
      onTransitions: (transitions) => {
        for (const transition of transitions) observers.tell('alert', transition);
      },
    },
    { ...config.alerting, suppression: config.alerts, notificationsEnabled: notifications.enabled },
    openAlerts,
  );
  closers.push(() => alerting.close());
  return alerting;
}

function openAlertQueue({
  config,
  log,
  telemetry,
  closers,
}: Pick<Shared, 'config' | 'log' | 'telemetry' | 'closers'>): AlertQueue | undefined {
  if (!config.publish.alerts.enabled) return undefined;
  const queue = new AlertQueue(
    { nats: config.nats, telemetry, report: (level, message) => log[level]({ part: 'alert queue' }, message) },
    config.publish.alerts,
  );
  closers.push(() => queue.close());
  return queue;
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

/** The status of a source that is not connected, else that of the first; without streams there is nothing to wait for. */
function worstStatus(sources: readonly Source[]): ReturnType<Source['status']> {
  const all = sources.map((source) => source.status());
  return (
    all.find(({ connected }) => !connected) ??
    all[0] ?? { connected: true, server: '', detail: 'no stream is configured' }
  );
}
