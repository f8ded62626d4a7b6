/**
 * The embedded store: one DuckDB file. Appends are one transaction each, with the stream positions inside; reads run on
 * connections of their own. Histograms are handed out as base and deltas, so that the thread which asked cumulates.
 */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type EncodedHistogram,
  type Labels,
  type Matcher,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
} from '@tapewatch/core';
import type {
  ColumnBatch,
  EventExportRequest,
  ExportedEvents,
  MergedHistograms,
  MergeRequest,
  RawSlice,
  Recovery,
  Store,
  StoreHealth,
  TransitionRow,
} from '../../ports.ts';
import { demandWanted, reasonOf, unknownSeries } from '../faults.ts';
import { LEVEL_SECONDS } from '../level.ts';
import { isOvertaken, planDistributions, planValues, type ReadState } from '../select-plan.ts';
import {
  groupsBy,
  meetsSteps,
  mergeRange,
  toMergedHistograms,
  toSeriesData,
  type MergedSlices,
  type SelectSlices,
  type SeriesSlices,
} from '../slices.ts';
import { isCorrupt, quarantineDatabase, uncleanEnd, type CorruptionPolicy } from './corruption.ts';
import { backUp } from './backup.ts';
import type { DatabaseOptions } from './database.ts';
import { EventReads } from './event-reads.ts';
import { LateSamples } from './late-samples.ts';
import { Maintenance, type MaintenanceOptions } from './maintenance.ts';
import { packBatch, withLabels, type PackedBatch } from './packed-batch.ts';
import { readBases, readDeltas } from './read-distributions.ts';
import { exportEvents, removeOldExports } from './export-events.ts';
import { readMerged } from './read-merged.ts';
import { readRawSince } from './read-raw.ts';
import { readRecovery, readSeries, readTransitions } from './read-recovery.ts';
import { readActive, readValues } from './read-values.ts';
import { absorbExpired } from './retain.ts';
import { SegmentList, type ReadSource } from './segment.ts';
import type { VerifiedBackup } from './verify-backup.ts';
import { mayBeSegmentFault } from './verify-segments.ts';
import { SeriesIndex } from './series-index.ts';
import { Session } from './session.ts';
import { StoreLadder } from './store-ladder.ts';
import { cutUncommitted } from './uncommitted-tail.ts';
import { BATCH_MARK, readMark, writeBatch } from './write-batch.ts';

/** Of one read. Retention moves its horizons once a minute, and every second or two while it catches up. */
const MAX_PLANS = 100;

export interface DuckDbStoreOptions extends DatabaseOptions, MaintenanceOptions {
  /** What to do with a damaged file; default: start without it. */
  readonly onCorruption?: CorruptionPolicy;
  /** Late samples of a batch from which on they wait to become windows; see late-samples.ts. */
  readonly bulkRows?: number;
}

export class DuckDbStore extends EventReads implements Store {
  readonly #session: Session;
  readonly #index = new SeriesIndex();
  readonly #ladder = new StoreLadder();
  readonly #late: LateSamples;
  readonly #segments: SegmentList;
  readonly #maintenance: Maintenance;
  readonly #options: DuckDbStoreOptions;
  #lastBatch = 0;
  /** Digest of a batch whose append threw, until the file has told whether it holds it. */
  #uncertain: string | undefined;

  constructor(options: DuckDbStoreOptions) {
    super();
    this.#session = new Session(options, (connection) => this.#maintenance.reload(connection));
    this.#options = options;
    this.#late = new LateSamples(options.bulkRows);
    this.#segments = new SegmentList(options.path, this.#late);
    this.#maintenance = new Maintenance(options, {
      session: this.#session,
      ladder: this.#ladder,
      index: this.#index,
      late: this.#late,
      segments: this.#segments,
    });
  }

  async open(): Promise<Recovery> {
    // Looked at before the engine works the log in, told when the file is ours: that of a running sidecar has a log, too.
    let unclean = uncleanEnd(this.#options.path);
    const tellUnclean = (): void => {
      if (unclean !== undefined) this.#maintenance.notify(unclean, 'unclean');
      unclean = undefined;
    };
    await cutUncommitted(this.#options.path);
    for (let attempt = 0; ; attempt++) {
      try {
        const recovery = await this.#openOnce();
        tellUnclean();
        return recovery;
      } catch (error) {
        const { path, onCorruption = 'quarantine' } = this.#options;
        // First the log of commits may go, then the file.
        if (onCorruption === 'fail' || !isCorrupt(error) || attempt === 2) throw error;
        tellUnclean();
        await this.#session.close();
        this.#maintenance.notify(quarantineDatabase(path, error, Date.now()), 'damage');
      }
    }
  }

  async #openOnce(): Promise<Recovery> {
    await this.#session.open();
    removeOldExports(this.#options.path);
    const recovery = await this.#session.read(async (connection) => {
      this.#lastBatch = (await readMark(connection, BATCH_MARK)) ?? 0;
      return readRecovery(connection);
    });
    for (const definition of recovery.series) this.#index.add(definition);
    // Wider levels that a crash, or an older schema, left behind are caught up with.
    await this.#session.write(async (connection) => {
      await this.#maintenance.load(connection);
      await this.#ladder.load(connection, this.#index.kinds);
      await this.#ladder.catchUp(connection);
    });
    return recovery;
  }

  protected read<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#segments.readSettled(() => this.#readOnce(work, signal));
  }

  /** When a segment is the fault, without it. */
  async #readOnce<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await this.#session.read(work, signal);
    } catch (error) {
      if (signal?.aborted === true || this.#segments.all.length === 0 || !mayBeSegmentFault(reasonOf(error)))
        throw error;
      const named = this.#segments.all.filter(({ file }) => reasonOf(error).includes(file));
      // Once more in any case: a file may also have been merged into another one meanwhile.
      await this.#maintenance.verify(named);
      return this.#session.read(work, signal);
    }
  }

  append(batch: ColumnBatch): Promise<{ readonly duplicates: number }> {
    return this.appendPacked(packBatch(batch));
  }

  /** As `append`, for a batch that came from another thread. */
  appendPacked(batch: PackedBatch): Promise<{ readonly duplicates: number }> {
    return this.#session.append(async (connection, retry) => {
      this.#demandKnownSeries(batch);
      try {
        return await this.#appendOnce(connection, batch, retry);
      } catch (error) {
        this.#uncertain = digestOf(batch);
        this.#ladder.forget();
        throw error;
      }
    });
  }

  async #appendOnce(
    connection: DuckDBConnection,
    batch: PackedBatch,
    retry: boolean,
  ): Promise<{ readonly duplicates: number }> {
    let committed = await this.#isCommitted(connection);
    if (committed && !retry && this.#uncertain !== digestOf(batch)) {
      // The batch that failed is in the file after all, and this is another one.
      this.#lastBatch++;
      committed = false;
      for (const definition of await readSeries(connection)) this.#index.add(definition);
    }
    const series = batch.series.filter(({ id }) => !this.#index.has(id));
    const duplicates = committed ? 0 : await this.#write(connection, { ...batch, series });
    this.#uncertain = undefined;
    this.#lastBatch++;
    for (const definition of series) this.#index.add(withLabels(definition));
    for (const { seriesIds, seconds, nanos } of [batch.samples, batch.histograms]) {
      this.#index.observe(seriesIds, seconds, nanos);
    }
    return { duplicates };
  }

  async #write(connection: DuckDBConnection, batch: PackedBatch): Promise<number> {
    const kinds = this.#index.kindsWith(batch.series);
    const { prompt, late } = this.#late.split(batch.samples, kinds, this.#ladder.marks.value['1h']);
    const rows = { ...batch, samples: prompt };
    const sealed = await this.#ladder.feed(connection, rows, kinds);
    const seal = { mark: this.#lastBatch + 1, sealed, marks: this.#ladder.marks };
    const writeLate = (): Promise<void> => this.#late.write(connection, late);
    const duplicates = await writeBatch(connection, rows, { ...seal, writeLate });
    await this.#ladder.committed(connection, sealed);
    const { horizon } = this.#maintenance;
    if (prompt.seconds.some((second) => second < horizon.raw)) await absorbExpired(connection, horizon);
    return duplicates;
  }

  /** After a failure nobody knows whether the transaction went through; its number in the file tells. */
  async #isCommitted(connection: DuckDBConnection): Promise<boolean> {
    return this.#uncertain !== undefined && (await readMark(connection, BATCH_MARK)) === this.#lastBatch + 1;
  }

  async select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    return toSeriesData(await this.selectSlices(request, signal), request);
  }

  /** As `select`, in plain form and with distributions not yet cumulated. */
  selectSlices(request: SelectRequest, signal?: AbortSignal): Promise<SelectSlices> {
    return this.#planned(request, (state) => this.#selectBy(request, state, signal));
  }

  /** Reads by a plan; by a new one when retention has overtaken it meanwhile: rows that it moved would be missing. */
  async #planned<T>(range: SelectRequest, read: (state: ReadState) => Promise<T>): Promise<T> {
    for (let plans = 1; ; plans++) {
      const state = this.#readState();
      const answer = await read(state);
      if (plans === MAX_PLANS || !isOvertaken(range, state, this.#maintenance.horizon)) return answer;
    }
  }

  async #selectBy(request: SelectRequest, state: ReadState, signal?: AbortSignal): Promise<SelectSlices> {
    demandWanted(signal);
    const matching = this.#index.matching([request.matchers], request.startMs);
    const { relation } = this.#segments;
    const sourceOf = (distribution: boolean): ReadSource => {
      const series = matching.filter(({ kind }) => (kind === 'distribution') === distribution);
      return { ids: series.map(({ id }) => id), relation };
    };
    const spans = planDistributions(request, state);
    return this.read(async (connection) => {
      const points = await readValues(connection, sourceOf(false), {
        segments: planValues(request, state),
        request,
      });
      const { bySeries, histograms } = await readDeltas(connection, sourceOf(true), spans);
      const before = spans[0]?.from ?? 0;
      const bases = await readBases(connection, { ids: [...bySeries.keys()], relation }, { before, state });
      const levelsMs = [...new Set(spans.map(({ level }) => LEVEL_SECONDS[level] * 1_000))];
      const slicesOf = (id: number): SeriesSlices | undefined => {
        const values = points.get(id);
        if (values !== undefined) return values;
        const added = bySeries.get(id);
        if (added === undefined) return undefined;
        const base = bases.get(id);
        return { ...added, values: NO_VALUES, levelsMs, ...(base === undefined ? {} : { base: base.encode() }) };
      };
      const [labels, series]: [Labels[], SeriesSlices[]] = [[], []];
      for (const definition of matching) {
        const slices = slicesOf(definition.id);
        if (slices === undefined) continue;
        labels.push(definition.labels);
        series.push(slices);
      }
      return { labels, series, histograms };
    }, signal);
  }

  async mergedHistograms(request: MergeRequest, signal?: AbortSignal): Promise<MergedHistograms[] | undefined> {
    const slices = await this.mergedSlices(request, signal);
    return slices === undefined ? undefined : toMergedHistograms(slices, request);
  }

  mergedSlices(request: MergeRequest, signal?: AbortSignal): Promise<MergedSlices | undefined> {
    return this.#planned(mergeRange(request), (state) => this.#mergeBy(request, state, signal));
  }

  async #mergeBy(request: MergeRequest, state: ReadState, signal?: AbortSignal): Promise<MergedSlices | undefined> {
    demandWanted(signal);
    const series = this.#index.matching([request.matchers], request.startMs - request.stepMs);
    const spans = planDistributions(mergeRange(request), state);
    if (series.some(({ kind }) => kind !== 'distribution') || !meetsSteps(spans, request)) return undefined;
    const { groupOf, labels } = groupsBy(series, request.by);
    const { startMs: firstMs, stepMs } = request;
    const allSeries = groupOf.size === this.#index.distributions;
    const rows = await this.read(
      (connection) =>
        readMerged(connection, { groupOf, spans, firstMs, stepMs, allSeries, relation: this.#segments.relation }),
      signal,
    );
    return { ...rows, labels, levelsMs: [...new Set(spans.map(({ level }) => LEVEL_SECONDS[level] * 1_000))] };
  }

  #readState(): ReadState {
    return { marks: this.#ladder.marks, horizon: this.#maintenance.horizon };
  }

  async series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]> {
    demandWanted(signal);
    const matching = this.#index.matching(matcherLists, startMs);
    const unknown = matching.filter(({ id }) => !this.#index.hasWithin(id, startMs, endMs)).map(({ id }) => id);
    const found =
      unknown.length === 0
        ? new Set<number>()
        : await this.read(
            (connection) =>
              readActive(
                connection,
                { ids: unknown, relation: this.#segments.relation },
                { startMs, endMs, horizon: this.#maintenance.horizon },
              ),
            signal,
          );
    const silent = new Set(unknown.filter((id) => !found.has(id)));
    return matching.filter(({ id }) => !silent.has(id));
  }

  exportEvents(request: EventExportRequest, signal?: AbortSignal): Promise<ExportedEvents> {
    // Once: no segment holds events, and of a second reading nobody would remove the first one's folder.
    return this.#session.read((connection) => exportEvents(connection, this.#options.path, request, signal), signal);
  }

  async transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]> {
    return this.read((connection) => readTransitions(connection, filter));
  }

  async distributionTotals(asked?: readonly number[]): Promise<{ seriesId: number; histogram: EncodedHistogram }[]> {
    const ids = asked ?? this.#index.idsOf('distribution');
    // A series that comes back to a silent store may have windows that the last maintenance found too young to seal.
    if (asked !== undefined)
      await this.#session.write((connection) => this.#maintenance.sealIdle(connection, Math.floor(Date.now() / 1_000)));
    const state = this.#readState();
    const totals = await this.read((connection) =>
      readBases(
        connection,
        { ids, relation: this.#segments.relation },
        { before: state.marks.distribution['1s'], state },
      ),
    );
    return [...totals]
      .sort(([a], [b]) => a - b)
      .map(([seriesId, histogram]) => ({ seriesId, histogram: histogram.encode() }));
  }

  async rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]> {
    const ids = this.#index.ofStream(stream);
    return this.read((connection) => readRawSince(connection, { ids, relation: this.#segments.relation }, fromNanos));
  }

  backUp(target: string): Promise<VerifiedBackup> {
    const { path, memoryLimitMb, threads } = this.#options;
    return backUp(
      { session: this.#session, segments: this.#segments, path, engine: { memoryLimitMb, threads } },
      target,
    );
  }

  retain(nowNanos: bigint, signal?: AbortSignal): Promise<number> {
    return this.#maintenance.run(nowNanos, signal);
  }

  async health(): Promise<StoreHealth> {
    const memoryBytes = await this.#session.memoryBytes();
    const cut =
      this.#maintenance.cutSegments === 0 ? '' : `, ${this.#maintenance.cutSegments} segments removed by the disk cap`;
    const detail = `DuckDB, ${this.#index.size} series, batch ${this.#lastBatch}${cut}`;
    return { ok: true, detail, bytesOnDisk: this.#session.bytesOnDisk + this.#segments.bytes, memoryBytes };
  }

  async close(): Promise<void> {
    await Promise.all([this.#maintenance.stop(), this.#session.close()]);
  }

  #demandKnownSeries({ series, samples, histograms }: PackedBatch): void {
    const added = new Set(series.map(({ id }) => id));
    for (const ids of [samples.seriesIds, histograms.seriesIds]) {
      const unknown = this.#index.firstUnknown(ids, added);
      if (unknown !== undefined) throw unknownSeries(unknown);
    }
  }
}

const NO_VALUES = new Float64Array(0);

/** Tells a batch that is given again after a failure from another one. */
function digestOf(batch: PackedBatch): string {
  return createHash('sha256').update(serialize(batch)).digest('base64');
}
