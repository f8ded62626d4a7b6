/**
 * What a store does to itself once a minute: windows of silent sources are sealed, rows and files past their retention
 * go, closed spans become segments, the disk cap is kept, and one segment is read whole to find flipped bits.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';
import { isOutOfMemory } from '../faults.ts';
import {
  cutoffsAt,
  DEFAULT_RETENTION,
  ENDLESS,
  laterHorizon,
  type Cutoffs,
  type Horizon,
  type Retention,
} from '../retention.ts';
import { overCap } from './disk-cap.ts';
import type { LateSamples } from './late-samples.ts';
import { commitMerge, prepareMerge } from './merge-segments.ts';
import { dropSegments, expired } from './retain-segments.ts';
import { firstCutoffs, readHorizon, retainRows, writeHorizon } from './retain.ts';
import { commitSegment, prepareSegment, removeStrays, rowsAtOnce, type SealSource } from './seal-segment.ts';
import { SEALABLE, type Sealable, type Segment, type SegmentList } from './segment.ts';
import type { SeriesIndex } from './series-index.ts';
import type { Session } from './session.ts';
import { transaction } from './sql.ts';
import type { StoreLadder } from './store-ladder.ts';
import { findBroken, quarantineSegments } from './verify-segments.ts';
import { writeMarks } from './write-batch.ts';
import { writeSealed } from './write-windows.ts';

/** `damage`: a file was put aside; `unclean`: the last run did not close its file; `cap`: the disk cap removed something. */
export type NoticeKind = 'damage' | 'unclean' | 'cap';
export type OnNotice = (message: string, kind: NoticeKind) => void;

export interface MaintenanceOptions {
  readonly path: string;
  /** Memory of the engine. */
  readonly memoryLimitMb: number;
  readonly retention?: Retention;
  /** Parquet segments with zstd or lz4; default true. */
  readonly compression?: boolean;
  /** Database and segments together, MiB; past it the oldest of the finest level goes. 0 or absent: no cap. */
  readonly maxDiskMb?: number;
  /** Told what an operator must know. */
  readonly onNotice?: OnNotice;
  /** Of series without a sample for so long only a text is kept in memory; default 20 minutes. */
  readonly restAfterMs?: number;
  /** Closed spans become Parquet segments; default true. */
  readonly sealSegments?: boolean;
  /** From the opening on, no segment is made for so long: the first queries come then. Default 0. */
  readonly sealAfterMs?: number;
}

export interface MaintainedParts {
  readonly session: Session;
  readonly ladder: StoreLadder;
  readonly index: SeriesIndex;
  readonly late: LateSamples;
  readonly segments: SegmentList;
}

const REST_AFTER_MS = 1_200_000;
/** How long after its end a span may still be needed by the ladder, or get late samples. */
const CLOSED_AFTER_SECONDS = 3_600;
/** In one call a table gets one file, and more while this lasts: a busy hour is many, and they must not pile up. */
const SEAL_FOR_MS = 30_000;

/** From so many rows on that a transaction moves, the file is opened anew (see `Session.demandRenewal`). */
const LARGE_CHANGE = 30_000;
/** Rows past their retention that must fit into a transaction. */
const LEAST_EXPIRING = 10_000;

export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #session: Session;
  readonly #ladder: StoreLadder;
  readonly #index: SeriesIndex;
  readonly #late: LateSamples;
  readonly #segments: SegmentList;
  #horizon: Horizon = ENDLESS;
  #nextVerified = 0;
  #cutSegments = 0;
  #isRetaining = false;
  /** Rows past their retention that go in one transaction; fewer when those were too many. */
  #maxExpiring: number;
  #sealing: Promise<unknown[]> | undefined;
  /** By table, rows of a portion that could be sorted. */
  readonly #portionRows = new Map<string, number>();
  #ending = new AbortController();
  readonly #createdMs = performance.now();

  constructor(options: MaintenanceOptions, { session, ladder, index, late, segments }: MaintainedParts) {
    this.#options = options;
    this.#maxExpiring = rowsAtOnce(options.memoryLimitMb);
    this.#session = session;
    this.#ladder = ladder;
    this.#index = index;
    this.#late = late;
    this.#segments = segments;
  }

  /** From where on each level is complete. */
  get horizon(): Horizon {
    return this.#horizon;
  }

  /** Segments that the disk cap removed. */
  get cutSegments(): number {
    return this.#cutSegments;
  }

  /** What the file says, at the start: files that nobody names go, those that were cut go into quarantine. */
  async load(connection: DuckDBConnection): Promise<void> {
    this.#ending = new AbortController();
    this.#horizon = await readHorizon(connection);
    await this.#late.load(connection);
    await this.#segments.load(connection);
    await removeStrays(this.#options.path, this.#segments);
    const broken = await findBroken(this.#segments, this.#segments.all, { deep: false });
    for (const notice of await quarantineSegments(connection, this.#segments, broken)) this.notify(notice, 'damage');
  }

  /** After the file was opened anew: a change that failed here may be in it. */
  async reload(connection: DuckDBConnection): Promise<void> {
    this.#horizon = laterHorizon(this.#horizon, await readHorizon(connection));
    await this.#segments.load(connection);
  }

  notify(message: string, kind: NoticeKind): void {
    this.#options.onNotice?.(message, kind);
  }

  /** Puts broken segments among these into quarantine; returns whether there were any. */
  async verify(which: readonly Segment[]): Promise<boolean> {
    const broken = await findBroken(this.#segments, which, { deep: true });
    if (broken.length === 0) return false;
    const notices = await this.#session.write((connection) => quarantineSegments(connection, this.#segments, broken));
    for (const notice of notices) this.notify(notice, 'damage');
    return true;
  }

  /** Resolves when what was under way has ended, which is soon; a file half made is made again after the next start. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#sealing;
  }

  /** Returns rows removed. What `wanted` aborts is left for the next call. */
  async run(nowNanos: bigint, wanted?: AbortSignal): Promise<number> {
    const signal = wanted === undefined ? this.#ending.signal : AbortSignal.any([this.#ending.signal, wanted]);
    if (signal.aborted) return 0;
    const cutoffs = cutoffsAt(nowNanos, this.#options.retention ?? DEFAULT_RETENTION);
    await this.#session.write((connection) => this.sealIdle(connection, Number(nowNanos / 1_000_000_000n)));
    const failures: unknown[] = [];
    const expiredRows = await this.#retain(cutoffs, signal).catch((error: unknown) => {
      // Nothing else waits for it: sealing and the disk cap make room, too.
      if (!signal.aborted) failures.push(error);
      return 0;
    });
    if (signal.aborted) return expiredRows;
    const removed = await this.#session.write(async (connection) => {
      this.#index.forgetBefore(this.#horizon.raw * 1_000);
      this.#index.rest(Number(nowNanos / 1_000_000n), this.#options.restAfterMs ?? REST_AFTER_MS);
      return expiredRows + (await dropSegments(connection, this.#segments, expired(this.#segments.all, this.#horizon)));
    });
    failures.push(...(await this.#seal(signal)));
    if (signal.aborted) return removed;
    const more = (await this.#keepWithinCap()) + (await this.#verifyNext());
    // Also after a failure: memory may have been what lacked.
    if (!signal.aborted) await this.#session.renew();
    if (failures.length > 0) throw failures[0];
    return removed + more;
  }

  /** In several turns when there is much, so that rows that come meanwhile need not wait for all of it. */
  async #retain(until: Cutoffs, signal: AbortSignal): Promise<number> {
    // What a weekend left takes longer than a minute.
    if (this.#isRetaining) return 0;
    this.#isRetaining = true;
    try {
      // What stands when the clock went back stays.
      const cutoffs = { ...until, horizon: laterHorizon(this.#horizon, until.horizon) };
      let removed = 0;
      for (let done = false; !done && !signal.aborted;) {
        const next = await this.#session.read(
          (connection) => firstCutoffs(connection, cutoffs, this.#maxExpiring),
          signal,
        );
        signal.throwIfAborted();
        try {
          const rows = await this.#session.write((connection) => this.#retainUntil(connection, next));
          removed += rows;
          if (rows > LARGE_CHANGE) {
            this.#session.demandRenewal();
            await this.#session.renew();
          }
          done = next === cutoffs;
          this.#maxExpiring = Math.min(this.#maxExpiring * 2, rowsAtOnce(this.#options.memoryLimitMb));
        } catch (error) {
          const isTooMuch = isOutOfMemory(error instanceof TapewatchError ? error.cause : error);
          if (!isTooMuch || this.#maxExpiring < LEAST_EXPIRING) throw error;
          this.#maxExpiring = Math.ceil(this.#maxExpiring / 4);
        }
      }
      return removed;
    } finally {
      this.#isRetaining = false;
    }
  }

  async #retainUntil(connection: DuckDBConnection, cutoffs: Cutoffs): Promise<number> {
    const horizon = laterHorizon(this.#horizon, cutoffs.horizon);
    const removed = await retainRows(connection, { ...cutoffs, horizon });
    this.#horizon = horizon;
    return removed;
  }

  async #keepWithinCap(): Promise<number> {
    const { maxDiskMb = 0 } = this.#options;
    const usedBytes = this.#session.bytesOnDisk + this.#segments.bytes;
    const maxBytes = maxDiskMb * 2 ** 20;
    if (maxBytes === 0 || usedBytes <= maxBytes) return 0;
    const cut = overCap(this.#segments.all, { usedBytes, maxBytes, horizon: this.#horizon });
    if (cut.dropped.length === 0) return 0;
    const removed = await this.#session.write(async (connection) => {
      const horizon = laterHorizon(this.#horizon, cut.horizon);
      await writeHorizon(connection, horizon);
      this.#horizon = horizon;
      return dropSegments(connection, this.#segments, cut.dropped);
    });
    this.#cutSegments += cut.dropped.length;
    this.notify(
      `the store took ${Math.ceil(usedBytes / 2 ** 20)} MiB, more than store.maxDiskMb (${maxDiskMb}): ` +
        `the ${cut.dropped.length} oldest segments of the finest levels were removed (${removed} rows)`,
      'cap',
    );
    return removed;
  }

  /** One segment a call is read whole, so that a flipped bit is found before somebody needs the file. */
  async #verifyNext(): Promise<0> {
    const next = this.#segments.all[this.#nextVerified++ % Math.max(1, this.#segments.all.length)];
    if (next !== undefined) await this.verify([next]);
    return 0;
  }

  /** Moves closed spans out of the tables and merges files of theirs. Copying needs no writer. */
  async #seal(signal: AbortSignal): Promise<unknown[]> {
    // A busy hour takes longer to sort than a minute: the next call must not start it again.
    if (this.#sealing !== undefined) return [];
    this.#sealing = this.#sealOnce(signal);
    try {
      return await this.#sealing;
    } finally {
      this.#sealing = undefined;
    }
  }

  /** What failed; nothing of that when the store is about to close. One table must not keep the others from being sealed. */
  async #sealOnce(signal: AbortSignal): Promise<unknown[]> {
    const { path, memoryLimitMb, compression = true, sealSegments = true, sealAfterMs = 0 } = this.#options;
    if (performance.now() - this.#createdMs < sealAfterMs) return [];
    const failures: unknown[] = [];
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      if (!signal.aborted) await work().catch((error: unknown) => void (signal.aborted || failures.push(error)));
    };
    await attempt(() => this.#foldLate(signal));
    if (!sealSegments) return failures;
    const untilMs = performance.now() + SEAL_FOR_MS;
    const { distribution, value } = this.#ladder.marks;
    const closedBefore = Math.min(distribution['1h'], value['1h']) - CLOSED_AFTER_SECONDS;
    const maxRows = rowsAtOnce(memoryLimitMb);
    const options = { databasePath: path, memoryLimitMb, compress: compression, closedBefore, maxRows };
    const source = {
      session: this.#session,
      segments: this.#segments,
      options,
      signal,
      portionRows: this.#portionRows,
    };
    for (const sealable of SEALABLE) {
      await attempt(async () => {
        while ((await this.#sealSpan(sealable, source)) && performance.now() < untilMs);
        await this.#mergeSpan(sealable, source);
      });
    }
    return failures;
  }

  /** False when there was nothing to seal, or when late rows were in the way. */
  async #sealSpan(sealable: Sealable, source: SealSource): Promise<boolean> {
    const prepared = await prepareSegment(sealable, source);
    if (prepared === undefined) return false;
    const isSealed = await this.#change(source.signal, (connection) =>
      commitSegment(connection, prepared, this.#segments),
    );
    // With the raw samples their windows of a second were made.
    if (isSealed && prepared.span.rows > LARGE_CHANGE) this.#session.demandRenewal();
    return isSealed;
  }

  async #mergeSpan(sealable: Sealable, source: SealSource): Promise<void> {
    const merged = await prepareMerge(sealable, source);
    if (merged === undefined) return;
    await this.#change(source.signal, (connection) => commitMerge(connection, merged, this.#segments));
  }

  /** As the session's `write`, unless the store is about to close: it waits for the writers that came before. */
  #change<T>(signal: AbortSignal, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    return this.#session.write(work);
  }

  /** In many turns, so that rows that come meanwhile need not wait for all of them. */
  async #foldLate(signal: AbortSignal): Promise<void> {
    if (!this.#late.isFoldDue()) return;
    const foldOldest = (connection: DuckDBConnection): Promise<number> =>
      this.#late.fold(connection, this.#horizon.raw);
    // What comes while they are folded is left to the next call.
    for (let left = this.#late.rows; left > 0;) left -= await this.#change(signal, foldOldest);
  }

  /** Windows of a silent source are sealed by the clock. */
  async sealIdle(connection: DuckDBConnection, nowSeconds: number): Promise<void> {
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
}
