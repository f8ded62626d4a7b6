/**
 * The embedded store: one DuckDB file. Appends are one transaction each, with the stream positions inside; reads run on
 * connections of their own. Histograms are handed out as base and deltas, so that the thread which asked cumulates.
 */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type EncodedHistogram,
  type EventTable,
  type Matcher,
  type Quote,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
} from '@tapewatch/core';
import type {
  ColumnBatch,
  EventFilter,
  EventRowByTable,
  MergedHistograms,
  MergeRequest,
  RawSlice,
  Recovery,
  Store,
  TransitionRow,
} from '../../ports.ts';
import { demandWanted, unknownSeries } from '../faults.ts';
import { LEVEL_SECONDS } from '../level.ts';
import { cutoffsAt, DEFAULT_RETENTION, ENDLESS, laterHorizon, type Horizon, type Retention } from '../retention.ts';
import { planDistributions, planValues, type ReadState } from '../select-plan.ts';
import {
  groupsBy,
  mergeRange,
  toMergedHistograms,
  toSeriesData,
  type MergedSlices,
  type SelectSlices,
  type SeriesSlices,
} from '../slices.ts';
import type { DatabaseOptions } from './database.ts';
import { packBatch, withLabels, type PackedBatch } from './packed-batch.ts';
import { readBases, readDeltas } from './read-distributions.ts';
import { readEvents, readQuotesBefore, type AskedQuote } from './read-events.ts';
import { readMerged } from './read-merged.ts';
import { readRawSince } from './read-raw.ts';
import { readRecovery, readSeries, readTransitions } from './read-recovery.ts';
import { readActive, readValues, type ReadSource } from './read-values.ts';
import { readHorizon, retainRows } from './retain.ts';
import { dropSegments, expired } from './retain-segments.ts';
import { removeStrays, sealOldest } from './seal-segment.ts';
import { SEALABLE, SegmentList } from './segment.ts';
import { SeriesIndex } from './series-index.ts';
import { Session } from './session.ts';
import { transaction } from './sql.ts';
import { StoreLadder } from './store-ladder.ts';
import { BATCH_MARK, readMark, writeBatch, writeMarks } from './write-batch.ts';
import { writeSealed } from './write-windows.ts';

export interface DuckDbStoreOptions extends DatabaseOptions {
  /** Parquet segments with zstd; default true. */
  readonly compress?: boolean;
  /** Closed spans become Parquet segments; default true. */
  readonly sealSegments?: boolean;
  readonly retention?: Retention;
}

export class DuckDbStore implements Store {
  readonly #session: Session;
  readonly #retention: Retention;
  readonly #index = new SeriesIndex();
  readonly #ladder = new StoreLadder();
  readonly #segments: SegmentList;
  readonly #options: DuckDbStoreOptions;
  #horizon: Horizon = ENDLESS;
  #lastBatch = 0;
  /** Digest of a batch whose append threw, until the file has told whether it holds it. */
  #uncertain: string | undefined;

  constructor(options: DuckDbStoreOptions) {
    this.#session = new Session(options);
    this.#retention = options.retention ?? DEFAULT_RETENTION;
    this.#options = options;
    this.#segments = new SegmentList(options.path);
  }

  async open(): Promise<Recovery> {
    await this.#session.open();
    const recovery = await this.#session.read(async (connection) => {
      this.#lastBatch = (await readMark(connection, BATCH_MARK)) ?? 0;
      this.#horizon = await readHorizon(connection);
      return readRecovery(connection);
    });
    for (const definition of recovery.series) this.#index.add(definition);
    // Wider levels that a crash, or an older schema, left behind are caught up with.
    await this.#session.write(async (connection) => {
      await this.#ladder.load(connection, this.#index.kinds);
      await this.#ladder.catchUp(connection);
      await this.#segments.load(connection);
      await removeStrays(this.#options.path, this.#segments);
    });
    return recovery;
  }

  append(batch: ColumnBatch): Promise<{ readonly duplicates: number }> {
    return this.appendPacked(packBatch(batch));
  }

  /** As `append`, for a batch that came from another thread. */
  appendPacked(batch: PackedBatch): Promise<{ readonly duplicates: number }> {
    return this.#session.write(async (connection, retry) => {
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
    const sealed = await this.#ladder.feed(connection, batch, kinds);
    const seal = { mark: this.#lastBatch + 1, sealed, marks: this.#ladder.marks };
    const duplicates = await writeBatch(connection, batch, seal);
    await this.#ladder.committed(connection, sealed);
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
  async selectSlices(request: SelectRequest, signal?: AbortSignal): Promise<SelectSlices> {
    demandWanted(signal);
    const matching = this.#index.matching([request.matchers]);
    const { relation } = this.#segments;
    const sourceOf = (distribution: boolean): ReadSource => {
      const series = matching.filter(({ kind }) => (kind === 'distribution') === distribution);
      return { ids: series.map(({ id }) => id), relation };
    };
    const state = this.#readState();
    const spans = planDistributions(request, state);
    return this.#session.read(async (connection) => {
      const points = await readValues(connection, sourceOf(false), {
        segments: planValues(request, state),
        request,
      });
      const { bySeries, histograms } = await readDeltas(connection, sourceOf(true), spans);
      const before = spans[0]?.from ?? 0;
      const bases = await readBases(connection, { ids: [...bySeries.keys()], relation }, { before, state });
      const levelsMs = [...new Set(spans.map(({ level }) => LEVEL_SECONDS[level] * 1_000))];
      const series = matching.flatMap(({ id, labels: { pairs } }): SeriesSlices[] => {
        const values = points.get(id);
        if (values !== undefined) return [{ pairs, ...values }];
        const added = bySeries.get(id);
        if (added === undefined) return [];
        const base = bases.get(id);
        return [
          { pairs, ...added, values: NO_VALUES, levelsMs, ...(base === undefined ? {} : { base: base.encode() }) },
        ];
      });
      return { series, histograms };
    }, signal);
  }

  async mergedHistograms(request: MergeRequest, signal?: AbortSignal): Promise<MergedHistograms[]> {
    return toMergedHistograms(await this.mergedSlices(request, signal), request);
  }

  async mergedSlices(request: MergeRequest, signal?: AbortSignal): Promise<MergedSlices> {
    demandWanted(signal);
    const series = this.#index.matching([request.matchers]).filter(({ kind }) => kind === 'distribution');
    const { groupOf, labels } = groupsBy(series, request.by);
    const spans = planDistributions(mergeRange(request), this.#readState());
    const { startMs: firstMs, stepMs } = request;
    const allSeries = groupOf.size === this.#index.distributions;
    const rows = await this.#session.read(
      (connection) => readMerged(connection, { groupOf, spans, firstMs, stepMs, allSeries, relation: this.#segments.relation }),
      signal,
    );
    return { ...rows, labels, levelsMs: [...new Set(spans.map(({ level }) => LEVEL_SECONDS[level] * 1_000))] };
  }

  #readState(): ReadState {
    return { marks: this.#ladder.marks, horizon: this.#horizon };
  }

  async series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]> {
    demandWanted(signal);
    const matching = this.#index.matching(matcherLists);
    const unknown = matching.filter(({ id }) => !this.#index.hasWithin(id, startMs, endMs)).map(({ id }) => id);
    const found =
      unknown.length === 0
        ? new Set<number>()
        : await this.#session.read(
            (connection) => readActive(connection, { ids: unknown, relation: this.#segments.relation }, { startMs, endMs, horizon: this.#horizon }),
            signal,
          );
    const silent = new Set(unknown.filter((id) => !found.has(id)));
    return matching.filter(({ id }) => !silent.has(id));
  }

  async events<T extends EventTable>(
    table: T,
    filter: EventFilter,
    signal?: AbortSignal,
  ): Promise<EventRowByTable[T][]> {
    return this.#session.read((connection) => readEvents(connection, table, filter), signal);
  }

  async quotesBefore(asked: readonly AskedQuote[], signal?: AbortSignal): Promise<(Quote | null)[]> {
    return this.#session.read((connection) => readQuotesBefore(connection, asked), signal);
  }

  async transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]> {
    return this.#session.read((connection) => readTransitions(connection, filter));
  }

  async distributionTotals(): Promise<{ seriesId: number; histogram: EncodedHistogram }[]> {
    const ids = this.#index.matching([]).filter(({ kind }) => kind === 'distribution');
    const state = this.#readState();
    const totals = await this.#session.read((connection) =>
      readBases(
        connection,
        { ids: ids.map(({ id }) => id), relation: this.#segments.relation },
        { before: state.marks.distribution['1s'], state },
      ),
    );
    return [...totals]
      .sort(([a], [b]) => a - b)
      .map(([seriesId, histogram]) => ({ seriesId, histogram: histogram.encode() }));
  }

  async rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]> {
    const ids = this.#index.ofStream(stream).map(({ id }) => id);
    return this.#session.read((connection) => readRawSince(connection, { ids, relation: this.#segments.relation }, fromNanos));
  }

  async retain(nowNanos: bigint): Promise<number> {
    const cutoffs = cutoffsAt(nowNanos, this.#retention);
    return this.#session.write(async (connection) => {
      await this.#sealIdle(connection, Number(nowNanos / 1_000_000_000n));
      const horizon = laterHorizon(this.#horizon, cutoffs.horizon);
      const removed = await retainRows(connection, cutoffs, horizon);
      this.#horizon = horizon;
      this.#index.forgetBefore(horizon.raw * 1_000);
      const dropped = await dropSegments(connection, this.#segments, expired(this.#segments.all, horizon));
      await this.#seal(connection);
      return removed + dropped;
    });
  }

  /** Moves closed spans out of the tables: a few a call, so that appends do not wait long. */
  async #seal(connection: DuckDBConnection): Promise<void> {
    const { distribution, value } = this.#ladder.marks;
    const closedBefore = Math.min(distribution['1h'], value['1h']) - CLOSED_AFTER_SECONDS;
    const { path, compress = true, sealSegments = true } = this.#options;
    if (!sealSegments) return;
    const options = { databasePath: path, compress, closedBefore };
    for (const sealable of SEALABLE) await sealOldest(connection, sealable, { options, segments: this.#segments });
  }

  /** Windows of a silent source are sealed by the clock. */
  async #sealIdle(connection: DuckDBConnection, nowSeconds: number): Promise<void> {
    try {
      const sealed = await this.#ladder.tick(connection, this.#index.kinds, nowSeconds);
      await transaction(connection, async () => {
        const moved = await writeSealed(connection, sealed, this.#ladder.marks);
        if (moved.length > 0) await writeMarks(connection, moved);
      });
      await this.#ladder.committed(connection, sealed);
    } catch (error) {
      this.#ladder.forget();
      throw error;
    }
  }

  async health(): Promise<{ ok: boolean; detail: string; bytesOnDisk: number }> {
    await this.#session.read((connection) => connection.run('SELECT 1'));
    const detail = `DuckDB, ${this.#index.size} series, batch ${this.#lastBatch}`;
    return { ok: true, detail, bytesOnDisk: this.#session.bytesOnDisk + this.#segments.bytes };
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #demandKnownSeries({ series, samples, histograms }: PackedBatch): void {
    const added = new Set(series.map(({ id }) => id));
    for (const ids of [samples.seriesIds, histograms.seriesIds]) {
      const unknown = this.#index.firstUnknown(ids, added);
      if (unknown !== undefined) throw unknownSeries(unknown);
    }
  }
}

/** How long after its end a span may still be needed by the ladder, or get late samples. */
const CLOSED_AFTER_SECONDS = 3_600;

const NO_VALUES = new Float64Array(0);

/** Tells a batch that is given again after a failure from another one. */
function digestOf(batch: PackedBatch): string {
  return createHash('sha256').update(serialize(batch)).digest('base64');
}
