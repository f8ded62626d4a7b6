/**
 * The store as the main thread sees it: every call is a message to the store's thread with a number, and is answered
 * once. If the thread fails, all calls are rejected with `store.unavailable` and `onFailure` is told once: the process
 * must then end in order. The thread is never terminated from here, because that aborts the process in mid-call.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  bookRequest,
  bookRows,
  type BookColumns,
  type BookRequest,
  type EncodedHistogram,
  type EventTable,
  type FeedGap,
  type FillColumns,
  type Matcher,
  type QuotedBook,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
} from '@tapewatch/core';
import { TapewatchError } from '../../errors.ts';
import type {
  ColumnBatch,
  EventExportRequest,
  EventFilter,
  EventRowByTable,
  FillArrivals,
  ExportedEvents,
  MarkRequest,
  MergedHistograms,
  MergeRequest,
  QuoteGapRequest,
  RawSlice,
  Recovery,
  Store,
  StoreHealth,
  TraceSample,
  TraceSampleRequest,
  TradedInstrument,
  TransitionRow,
} from '../../ports.ts';
import { LabelReceiver } from '../../label-exchange.ts';
import { cancelled, demandWanted, reasonOf } from '../faults.ts';
import { toMergedHistograms, toSeriesData } from '../slices.ts';
import type { DuckDbStoreOptions } from './duckdb-store.ts';
import { eventsFrom } from './packed-events.ts';
import { buffersOf, packBatch, withLabels } from './packed-batch.ts';
import type { VerifiedBackup } from './verify-backup.ts';
import { storeWorkerPath } from './worker-path.ts';
import { errorFrom, type FromWorker, type StoreCalls, type StoreMethod, type ToWorker } from './worker-protocol.ts';

/** Calls under way; past it a call is refused, so that a stalled disk cannot fill the memory. */
const MAX_IN_FLIGHT = 1_000;

/** Files that this process has open. The engine would let a second thread in and lose rows. */
const openFiles = new Set<string>();

export interface WorkerStoreOptions extends DuckDbStoreOptions {
  readonly workerPath?: string;
  readonly onFailure?: (error: TapewatchError) => void;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export class WorkerStore implements Store {
  readonly #options: WorkerStoreOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #labels = new LabelReceiver();
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #file = '';
  #nextId = 1;
  #closing = false;
  /** Why the last batch was not taken; undefined when it was. */
  #writeFault: string | undefined;
  #failure: TapewatchError | undefined;
  /** At the last look. */
  #seen: StoreHealth = { ok: true, detail: '', bytesOnDisk: 0, memoryBytes: 0 };

  constructor(options: WorkerStoreOptions) {
    this.#options = options;
  }

  async open(): Promise<Recovery> {
    const { workerPath, onFailure: _, onNotice: __, ...store } = this.#options;
    const { path } = store;
    this.#file = takeFile(path);
    const worker = new Worker(workerPath ?? storeWorkerPath(), { workerData: store, name: 'tapewatch-store' });
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#settle(message));
    worker.on('error', (error) => this.#fail(error));
    worker.on('messageerror', (error) => this.#fail(error));
    this.#exited = new Promise((resolveExit) => {
      worker.on('exit', (code) => {
        openFiles.delete(this.#file);
        this.#fail(new Error(`exit code ${code}`));
        resolveExit();
      });
    });
    try {
      const { series, openAlerts, positions, sealed } = await this.#call('open', []);
      return { positions, sealed, series: series.map(withLabels), openAlerts: openAlerts.map(withLabels) };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async append(batch: ColumnBatch): Promise<{ readonly duplicates: number }> {
    const packed = packBatch(batch);
    try {
      const result = await this.#call('append', [packed], { transfer: buffersOf(packed) });
      this.#writeFault = undefined;
      return result;
    } catch (error) {
      // A bug of the caller says nothing about the store.
      if (error instanceof TapewatchError) this.#writeFault = error.message;
      throw error;
    }
  }

  async select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]> {
    return toSeriesData(await this.#call('select', [request], { signal }), request);
  }

  async mergedHistograms(request: MergeRequest, signal?: AbortSignal): Promise<MergedHistograms[] | undefined> {
    const slices = await this.#call('mergedHistograms', [request], { signal });
    return slices === undefined ? undefined : toMergedHistograms(slices, request);
  }

  async series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]> {
    return (await this.#call('series', [matcherLists, startMs, endMs], { signal })).map(withLabels);
  }

  async events<T extends EventTable>(
    table: T,
    filter: EventFilter,
    signal?: AbortSignal,
  ): Promise<EventRowByTable[T][]> {
    return eventsFrom<T>(await this.#call('events', [table, filter], { signal }));
  }

  exportEvents(request: EventExportRequest, signal?: AbortSignal): Promise<ExportedEvents> {
    return this.#call('exportEvents', [request], { signal });
  }

  /** As columns between the threads: no object a stamp there. */
  async quotesBefore(
    asked: readonly { venue: string; symbol: string; timeNanos: bigint }[],
    signal?: AbortSignal,
  ): Promise<(QuotedBook | null)[]> {
    const request = bookRequest(asked);
    return bookRows(request, await this.books(request, signal));
  }

  books(request: BookRequest, signal?: AbortSignal): Promise<BookColumns> {
    return this.#call('books', [request], { signal });
  }

  fillColumns(filter: EventFilter, signal?: AbortSignal): Promise<FillColumns> {
    return this.#call('fillColumns', [filter], { signal });
  }

  tradedInstruments(filter: EventFilter, signal?: AbortSignal): Promise<readonly TradedInstrument[]> {
    return this.#call('tradedInstruments', [filter], { signal });
  }

  quoteGaps(request: QuoteGapRequest, signal?: AbortSignal): Promise<FeedGap[] | null> {
    return this.#call('quoteGaps', [request], { signal });
  }

  fillArrivals(filter: EventFilter, signal?: AbortSignal): Promise<FillArrivals> {
    return this.#call('fillArrivals', [filter], { signal });
  }

  marks(request: MarkRequest, signal?: AbortSignal): Promise<Float64Array> {
    return this.#call('marks', [request], { signal });
  }

  traceSample(request: TraceSampleRequest, signal?: AbortSignal): Promise<TraceSample | undefined> {
    return this.#call('traceSample', [request], { signal });
  }

  async transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]> {
    return (await this.#call('transitions', [filter])).map(withLabels);
  }

  distributionTotals(ids?: readonly number[]): Promise<{ seriesId: number; histogram: EncodedHistogram }[]> {
    return this.#call('distributionTotals', [ids]);
  }

  rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]> {
    return this.#call('rawSince', [stream, fromNanos]);
  }

  backUp(target: string): Promise<VerifiedBackup> {
    return this.#call('backUp', [target]);
  }

  retain(nowNanos: bigint, signal?: AbortSignal): Promise<number> {
    return this.#call('retain', [nowNanos], { signal });
  }

  /** A store that answers queries but takes no rows, as with a full disk, is not well. */
  async health(): Promise<StoreHealth> {
    const writeFault = this.#writeFault;
    const looked = this.#call('health', []).then((health) => (this.#seen = health));
    if (writeFault === undefined) return looked;
    return { ...(await looked.catch(() => this.#seen)), ok: false, detail: writeFault };
  }

  /** Resolves when everything under way is answered, the file is closed and the thread has ended. */
  async close(): Promise<void> {
    if (this.#closing || this.#worker === undefined) return this.#exited;
    const closed = this.#call('close', []).catch(() => undefined);
    this.#closing = true;
    await closed;
    await this.#exited;
  }

  async #call<M extends StoreMethod>(
    method: M,
    values: StoreCalls[M]['arguments'],
    { signal, transfer = [] }: { signal?: AbortSignal | undefined; transfer?: readonly ArrayBuffer[] } = {},
  ): Promise<StoreCalls[M]['result']> {
    demandWanted(signal);
    const worker = this.#demandWorker(method);
    const id = this.#nextId++;
    const cancel = (): void => {
      this.#post(worker, { kind: 'cancel', id });
      this.#settle({ kind: 'error', id, error: { ...cancelled(), message: cancelled().message } });
    };
    const answered = new Promise<StoreCalls[M]['result']>((resolveCall, reject) => {
      this.#waiting.set(id, { resolve: resolveCall as Waiting['resolve'], reject });
    });
    signal?.addEventListener('abort', cancel, { once: true });
    this.#post(worker, { kind: 'call', id, method, arguments: values }, transfer);
    try {
      return await answered;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  #post(worker: Worker, message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    worker.postMessage(message, transfer);
  }

  #demandWorker(method: StoreMethod): Worker {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#worker === undefined || this.#closing) throw unavailable(this.#options.path, 'it is not open');
    if (this.#waiting.size >= MAX_IN_FLIGHT && method !== 'close') {
      throw unavailable(this.#options.path, `${MAX_IN_FLIGHT} calls are under way already; ask again later`);
    }
    return this.#worker;
  }

  #settle(message: FromWorker): void {
    if (message.kind === 'notice') {
      this.#options.onNotice?.(message.message, message.about);
      return;
    }
    if (message.kind === 'failed') return this.#fail(new Error(message.message));
    const labels =
      message.kind === 'result' && message.labels !== undefined ? { labels: this.#labels.unpack(message.labels) } : {};
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if (message.kind === 'error') waiting.reject(errorFrom(message.error));
    else if ('labels' in labels) waiting.resolve({ ...(message.result as object), ...labels } as never);
    else waiting.resolve(message.result as never);
  }

  #fail(cause: unknown): void {
    const expected = this.#closing && this.#waiting.size === 0;
    if (this.#failure !== undefined || expected) return;
    const reason = reasonOf(cause);
    const failure = unavailable(this.#options.path, `its thread has ended: ${reason}; restart the sidecar`, cause);
    this.#failure = failure;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    this.#options.onFailure?.(failure);
  }
}

function unavailable(path: string, reason: string, cause?: unknown): TapewatchError {
  return new TapewatchError('store.unavailable', `the store file ${path} cannot be used: ${reason}`, { cause });
}

/** Claims the file for one store of this process; a file that is yet to be made is known by its folder. */
function takeFile(path: string): string {
  const whole = resolve(path);
  let file = whole;
  try {
    file = join(realpathSync(dirname(whole)), basename(whole));
    file = realpathSync(file);
  } catch {
    // Not there yet: opening reports a missing folder in its own words.
  }
  if (openFiles.has(file)) {
    throw new TapewatchError(
      'store.locked',
      `the store file ${path} is open in this process already; close that store first`,
    );
  }
  openFiles.add(file);
  return file;
}
