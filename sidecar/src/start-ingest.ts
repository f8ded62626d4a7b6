/**
 * The way in, composed: store and what it remembers, the head, the pipeline with its streams, and the sources that feed it
 * (opened last, in the background). What was opened is registered for closing, in order.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExponentialHistogram } from '@tapewatch/core';
import { createCodecRegistry, type CodecRegistry } from './codec/registry.ts';
import type { Config } from './config.ts';
import { Head } from './head/head.ts';
import { openSources } from './ingest/open-sources.ts';
import type { CompiledStream } from './ingest/stream.ts';
import { buildPipeline, internalStream, RECORDED_STREAM, type ConfiguredStream } from './pipeline/build-pipeline.ts';
import { HttpIntake, httpStreams } from './pipeline/http-intake.ts';
import { durableAppend } from './pipeline/durable-append.ts';
import { LayeredReader } from './pipeline/layered-reader.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { SilentSeriesOptions } from './pipeline/silent-series.ts';
import { recover } from './pipeline/recover.ts';
import type {
  Clock,
  ColumnBatch,
  Intake,
  Logger,
  Recovery,
  Source,
  Store,
  StoreHealth,
  StoreReader,
  Telemetry,
} from './ports.ts';
import type { OnNotice } from './store/duckdb/maintenance.ts';
import { openStore } from './store/open-store.ts';

const RETAIN_EVERY_MS = 60_000;

/** What every part of the composition has. */
export interface Base {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Ends the process in order, with the reason. */
  readonly fail: (reason: unknown) => void;
}

export type Closers = (() => Promise<unknown> | void)[];

export interface Ingest {
  readonly store: Store;
  readonly head: Head;
  readonly pipeline: Pipeline;
  readonly reader: StoreReader;
  readonly intake: Intake;
  readonly sources: readonly Source[];
  readonly openAlerts: Recovery['openAlerts'];
  /** What the store tells of its size becomes metrics. */
  readonly storeHealth: () => Promise<StoreHealth>;
}

/** `internalStreams`: names of streams that the sidecar itself writes, beside the recording rules'. */
export async function startIngest(
  base: Base,
  closers: Closers,
  internalStreams: readonly string[] = [],
): Promise<Ingest> {
  const { config, clock, log, telemetry, fail } = base;
  if (config.store.kind === 'duckdb') await mkdir(dirname(config.store.path), { recursive: true });
  const restAfterMs = config.pipeline.headMinutes * 60_000;
  const onNotice = storeNotices(base);
  const store = openStore(config.store, fail, { onNotice, restAfterMs });
  const recovery = await store.open();
  closers.push(() => store.close());
  const { sources, streams } = openSources({
    nats: config.nats,
    streams: config.streams,
    clock,
    report: (level, message) => log[level]({ part: 'nats' }, message),
  });
  const codecs = createCodecRegistry();
  const configured = [
    ...configuredStreams([...streams.values()], codecs),
    ...httpStreams(config.pipeline.httpLatenessMs, (contentType) => codecs.codecFor(contentType, 'auto')),
    ...[RECORDED_STREAM, ...internalStreams].map(internalStream),
  ];
  const head = openHead(base, configured, recovery);
  let isEnding = false;
  const write = async (batch: ColumnBatch) => {
    await pipeline.restore();
    return store.append(batch);
  };
  const append = durableAppend({ append: write, sleep, log, isEnding: () => isEnding });
  const resting = { restAfterMs, totalsOf: totalsOf(store), onRest: codecs.rest.bind(codecs) };
  const pipeline: Pipeline = buildPipeline(
    { settings: config.pipeline, streams: configured, clock, telemetry, log, head, append, onFatal: fail, resting },
    recovery,
  );
  telemetry.level('head_bytes', 'Memory that the samples and windows of the present take.', () => head.bytes);
  const recovered = await recover({
    pipeline,
    store,
    nowNanos: clock.now(),
    sealed: recovery.sealed,
    replay: (rows) => head.append(rows),
    setHeadTotal: (seriesId, total) => head.setTotal(seriesId, total),
  });
  log.info({ ...recovered, series: recovery.series.length }, 'recovered');
  pipeline.start();
  // A source is closed twice: first it takes nothing in any more, then, when all is stored, it acknowledges and ends.
  const closeSources = () => Promise.all(sources.map((source) => source.close()));
  closers.push(closeSources);
  closers.push(() => {
    isEnding = true;
    return pipeline.stop();
  });
  closers.push(keepRetention(store, base));
  closers.push(closeSources);
  const [reader, intake] = [new LayeredReader(head, store, pipeline.handover), new HttpIntake(pipeline, clock)];
  const storeHealth = watchSize(store, telemetry);
  return { store, head, pipeline, reader, intake, sources, openAlerts: recovery.openAlerts, storeHealth };
}

/** A look at the store's health; the metrics show what the last one saw. */
function watchSize(store: Store, telemetry: Base['telemetry']): () => Promise<StoreHealth> {
  let seen: Pick<StoreHealth, 'bytesOnDisk' | 'memoryBytes'> = { bytesOnDisk: NaN, memoryBytes: NaN };
  telemetry.level(
    'store_disk_bytes',
    'Database, commit log and segments, at the last look at the health of the store.',
    () => seen.bytesOnDisk,
  );
  telemetry.level(
    'store_memory_bytes',
    'What the engine holds, its cache included, at the last look at the health of the store.',
    () => seen.memoryBytes,
  );
  return async () => {
    const health = await store.health();
    seen = health;
    return health;
  };
}

/** What the store has to say goes into the log; damage and unclean ends are counted, too. */
function storeNotices({ log, telemetry }: Base): OnNotice {
  const told = { damage: 0, unclean: 0, cap: 0 };
  telemetry.level(
    'store_damages',
    'Damaged files of the store, found since the start and put aside.',
    () => told.damage,
  );
  telemetry.level('store_unclean_start', '1 when the last run did not close its store file.', () => told.unclean);
  return (notice, kind) => {
    told[kind]++;
    log[kind === 'unclean' ? 'warn' : 'error']({ part: 'store', about: kind }, notice);
  };
}

function openHead({ config, clock }: Base, streams: readonly ConfiguredStream[], { series }: Recovery): Head {
  const now = (): number => Number(clock.now() / 1_000_000n);
  const { headMinutes, headMaxBytes, histogramScale } = config.pipeline;
  return new Head(
    {
      keepMs: headMinutes * 60_000,
      maxBytes: headMaxBytes,
      // An empty store holds nothing that memory does not: everything can be answered from memory from the start on.
      startMs: series.length === 0 ? 0 : now(),
      now,
      streams: streams.map(({ name }) => name),
      scale: histogramScale,
    },
    series,
  );
}

function configuredStreams(streams: readonly CompiledStream[], codecs: CodecRegistry): ConfiguredStream[] {
  return streams.map(({ options, labelsOf }) => ({
    name: options.name,
    payloadKind: options.payload,
    watermarkDelayMs: options.watermarkDelay,
    latenessMs: options.lateness,
    kinds: options.kinds,
    codec: (contentType) => codecs.codecFor(contentType, options.codec),
    labels: labelsOf,
  }));
}

/** Sources connect in the background: a broker that comes up late, or is mended, is picked up without a restart. */
export async function openAll(sources: readonly Source[], pipeline: Pipeline, { log, fail }: Base): Promise<void> {
  try {
    await Promise.all(sources.map((source) => source.open((envelope) => void pipeline.accept(envelope))));
  } catch (error) {
    log.error({ err: error }, 'a source cannot be opened');
    fail(error);
  }
}

function totalsOf(store: Store): SilentSeriesOptions['totalsOf'] {
  return async (ids) =>
    (await store.distributionTotals(ids)).map(({ seriesId, histogram }) => ({
      seriesId,
      histogram: ExponentialHistogram.decode(histogram),
    }));
}

/** Once a minute, until the returned function is called: what is under way then must not hold the last commits up. */
function keepRetention(store: Store, { clock, log }: Base): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const retain = async (): Promise<void> => {
    try {
      const removed = await store.retain(clock.now(), signal);
      if (removed > 0) log.info({ removed }, 'rows past their retention were removed');
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'retention failed; it is tried again in a minute');
    }
  };
  const stop = clock.every(RETAIN_EVERY_MS, () => void retain());
  // What was open at the end of the last run is sealed now, so that queries of the store count it.
  void retain();
  return () => {
    stop();
    ending.abort();
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
