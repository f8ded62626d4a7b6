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
import type { Batch, EventFilter, EventRowByTable, RawSlice, Recovery, Store, TransitionRow } from '../../ports.ts';
import { demandWanted, unknownSeries } from '../faults.ts';
import {
  cutoffsAt,
  DEFAULT_RETENTION,
  ENDLESS,
  horizonOf,
  laterHorizon,
  type Horizon,
  type Retention,
} from '../retention.ts';
import { planLevel, planValues, SECOND_LEVEL_MS } from '../select-plan.ts';
import { toSeriesData, type SeriesSlices } from '../slices.ts';
import { BaseCache } from './base-cache.ts';
import type { DatabaseOptions } from './database.ts';
import { packBatch, withLabels, type PackedBatch } from './packed-batch.ts';
import { readBases, readDeltas } from './read-distributions.ts';
import { readEvents, readQuotesBefore, type AskedQuote } from './read-events.ts';
import { readRawSince } from './read-raw.ts';
import { readRecovery, readSeries, readTransitions } from './read-recovery.ts';
import { readActive, readValues } from './read-values.ts';
import { retainRows } from './retain.ts';
import { SeriesIndex } from './series-index.ts';
import { Session } from './session.ts';
import { BATCH_MARK, RAW_FROM_MARK, readMark, SECONDS_FROM_MARK, writeBatch } from './write-batch.ts';

export interface DuckDbStoreOptions extends DatabaseOptions {
  readonly retention?: Retention;
}

export class DuckDbStore implements Store {
  readonly #session: Session;
  readonly #retention: Retention;
  readonly #index = new SeriesIndex();
  readonly #bases = new BaseCache();
  #horizon: Horizon = ENDLESS;
  #lastBatch = 0;
  /** Digest of a batch whose append threw, until the file has told whether it holds it. */
  #uncertain: string | undefined;

  constructor(options: DuckDbStoreOptions) {
    this.#session = new Session(options);
    this.#retention = options.retention ?? DEFAULT_RETENTION;
  }

  async open(): Promise<Recovery> {
    await this.#session.open();
    const { recovery, marks } = await this.#session.read(async (connection) => ({
      recovery: await readRecovery(connection),
      marks: {
        batch: await readMark(connection, BATCH_MARK),
        rawFromMs: await readMark(connection, RAW_FROM_MARK),
        secondsFromMs: await readMark(connection, SECONDS_FROM_MARK),
      },
    }));
    this.#lastBatch = marks.batch ?? 0;
    this.#horizon = { rawFromMs: marks.rawFromMs ?? -Infinity, secondsFromMs: marks.secondsFromMs ?? -Infinity };
    for (const definition of recovery.series) this.#index.add(definition);
    return recovery;
  }

  append(batch: Batch): Promise<{ readonly duplicates: number }> {
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
    const write = () => writeBatch(connection, { ...batch, series }, this.#lastBatch + 1);
    const duplicates = committed ? 0 : await this.#bases.during(batch.windows, write);
    this.#uncertain = undefined;
    this.#lastBatch++;
    for (const definition of series) this.#index.add(withLabels(definition));
    this.#index.observe(batch.samples.seriesIds, batch.samples.timesNanos);
    this.#index.observe(batch.histograms.seriesIds, batch.histograms.timesNanos);
    return { duplicates };
  }

  /** After a failure nobody knows whether the transaction went through; its number in the file tells. */
  async #isCommitted(connection: DuckDBConnection): Promise<boolean> {
    return this.#uncertain !== undefined && (await readMark(connection, BATCH_MARK)) === this.#lastBatch + 1;
  }

  async select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    return (await this.selectSlices(request, signal)).map((slices) => toSeriesData(slices, request));
  }

  /** As `select`, in plain form and with distributions not yet cumulated. */
  async selectSlices(request: SelectRequest, signal?: AbortSignal): Promise<SeriesSlices[]> {
    demandWanted(signal);
    const series = this.#index.matching([request.matchers]);
    const idsOf = (distribution: boolean): number[] =>
      series.filter(({ kind }) => (kind === 'distribution') === distribution).map(({ id }) => id);
    const levelMs = planLevel(request, this.#horizon);
    return this.#session.read(async (connection) => {
      const points = await readValues(connection, idsOf(false), planValues(request, this.#horizon));
      const deltas = await readDeltas(connection, idsOf(true), { ...request, levelMs });
      const before = { levelMs, beforeMs: request.startMs, secondsFromMs: this.#horizon.secondsFromMs };
      const bases = await readBases(connection, [...deltas.keys()], before, this.#bases);
      return series.flatMap(({ id, labels: { pairs } }): SeriesSlices[] => {
        const values = points.get(id);
        if (values !== undefined) {
          return [{ pairs, timesMs: Float64Array.from(values.timesMs), values: Float64Array.from(values.values) }];
        }
        const added = deltas.get(id);
        if (added === undefined) return [];
        const base = bases.get(id);
        return [
          {
            pairs,
            timesMs: Float64Array.from(added.timesMs),
            values: new Float64Array(0),
            ...(base === undefined ? {} : { base: base.encode() }),
            deltas: added.deltas,
          },
        ];
      });
    }, signal);
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
        : await this.#session.read((connection) => readActive(connection, unknown, { startMs, endMs }), signal);
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
    const before = { levelMs: SECOND_LEVEL_MS, beforeMs: Infinity, secondsFromMs: this.#horizon.secondsFromMs };
    const totals = await this.#session.read((connection) =>
      readBases(
        connection,
        ids.map(({ id }) => id),
        before,
      ),
    );
    return [...totals]
      .sort(([a], [b]) => a - b)
      .map(([seriesId, histogram]) => ({ seriesId, histogram: histogram.encode() }));
  }

  async rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]> {
    const ids = this.#index.ofStream(stream).map(({ id }) => id);
    return this.#session.read((connection) => readRawSince(connection, ids, fromNanos));
  }

  async retain(nowNanos: bigint): Promise<number> {
    const cutoffs = cutoffsAt(nowNanos, this.#retention);
    const horizon = horizonOf(cutoffs);
    return this.#session.write(async (connection) => {
      const removed = await retainRows(connection, cutoffs, horizon);
      this.#horizon = laterHorizon(this.#horizon, horizon);
      this.#bases.clear();
      this.#index.forgetBefore(horizon.rawFromMs);
      return removed;
    });
  }

  async health(): Promise<{ ok: boolean; detail: string; bytesOnDisk: number }> {
    await this.#session.read((connection) => connection.run('SELECT 1'));
    const detail = `DuckDB, ${this.#index.size} series, batch ${this.#lastBatch}`;
    return { ok: true, detail, bytesOnDisk: this.#session.bytesOnDisk };
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #demandKnownSeries({ series, samples, histograms, windows }: PackedBatch): void {
    const added = new Set(series.map(({ id }) => id));
    for (const ids of [samples.seriesIds, histograms.seriesIds, windows.seriesIds]) {
      for (const id of ids) if (!this.#index.has(id) && !added.has(id)) throw unknownSeries(id);
    }
  }
}

/** Tells a batch that is given again after a failure from another one. */
function digestOf(batch: PackedBatch): string {
  return createHash('sha256').update(serialize(batch)).digest('base64');
}
