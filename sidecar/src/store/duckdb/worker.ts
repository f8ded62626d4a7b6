/**
 * The store's thread: one DuckDB store behind a message port. It ends by itself after `close`, when everything that was
 * under way has been answered; ending it from outside would abort the process.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { LabelSender } from '../../label-exchange.ts';
import { reasonOf } from '../faults.ts';
import type { SelectSlices } from '../slices.ts';
import { DuckDbStore, type DuckDbStoreOptions } from './duckdb-store.ts';
import type { OnNotice } from './maintenance.ts';
import { buffersIn, withPairs } from './packed-batch.ts';
import { plainError, type FromWorker, type StoreCalls, type StoreMethod, type ToWorker } from './worker-protocol.ts';

type Handlers = {
  readonly [M in StoreMethod]: (
    signal: AbortSignal,
    ...values: StoreCalls[M]['arguments']
  ) => Promise<StoreCalls[M]['result']>;
};

function handlersOf(store: DuckDbStore): Handlers {
  return {
    open: async () => {
      const { series, openAlerts, positions, sealed } = await store.open();
      return { positions, sealed, series: series.map(withPairs), openAlerts: openAlerts.map(withPairs) };
    },
    append: (_, batch) => store.appendPacked(batch),
    select: (signal, request) => store.selectSlices(request, signal),
    mergedHistograms: (signal, request) => store.mergedSlices(request, signal),
    series: async (signal, matcherLists, startMs, endMs) =>
      (await store.series(matcherLists, startMs, endMs, signal)).map(withPairs),
    events: (signal, table, filter) => store.packedEvents(table, filter, signal),
    exportEvents: (signal, request) => store.exportEvents(request, signal),
    books: (signal, request) => store.books(request, signal),
    fillColumns: (signal, filter) => store.fillColumns(filter, signal),
    tradedInstruments: (signal, filter) => store.tradedInstruments(filter, signal),
    quoteGaps: (signal, request) => store.quoteGaps(request, signal),
    fillArrivals: (signal, filter) => store.fillArrivals(filter, signal),
    marks: (signal, request) => store.marks(request, signal),
    traceSample: (signal, request) => store.traceSample(request, signal),
    transitions: async (_, filter) => (await store.transitions(filter)).map(withPairs),
    distributionTotals: (_, ids) => store.distributionTotals(ids),
    rawSince: (_, stream, fromNanos) => store.rawSince(stream, fromNanos),
    backUp: (_, target) => store.backUp(target),
    retain: (signal, nowNanos) => store.retain(nowNanos, signal),
    health: () => store.health(),
    close: async () => {
      await store.close();
      return undefined;
    },
  };
}

function serve(port: MessagePort, store: DuckDbStore): void {
  const handlers = handlersOf(store);
  const sender = new LabelSender();
  const running = new Map<number, AbortController>();
  const send = (message: FromWorker): void => port.postMessage(message);
  let failed = false;
  // A thread that ends while the engine works for it aborts the process, and nobody would learn why.
  const endWhenIdle = (): void => void (failed && running.size === 0 && process.exit(1));
  process.on('uncaughtException', (error) => {
    if (!failed) send({ kind: 'failed', message: reasonOf(error) });
    failed = true;
    endWhenIdle();
  });
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'cancel') {
      running.get(message.id)?.abort();
      return;
    }
    if (failed) return;
    const { id, method } = message;
    const controller = new AbortController();
    running.set(id, controller);
    const handler = handlers[method] as (signal: AbortSignal, ...values: readonly unknown[]) => Promise<unknown>;
    handler(controller.signal, ...message.arguments)
      .then((result) => port.postMessage(answerOf({ id, method, result }, sender), transferOf(method, result)))
      .catch((error: unknown) => send({ kind: 'error', id, error: plainError(error) }))
      .finally(() => {
        running.delete(id);
        if (method === 'close') port.close();
        endWhenIdle();
      });
  });
}

/** Packed when it is sent: what the other side knows follows from the order of the messages. */
function answerOf(
  { id, method, result }: { id: number; method: StoreMethod; result: unknown },
  sender: LabelSender,
): FromWorker {
  if (method !== 'select') return { kind: 'result', id, result };
  const { labels, ...plain } = result as SelectSlices;
  return { kind: 'result', id, result: plain, labels: sender.pack(labels) };
}

const COLUMNAR: ReadonlySet<StoreMethod> = new Set([
  'events',
  'select',
  'mergedHistograms',
  'fillColumns',
  'fillArrivals',
  'books',
  'marks',
]);

/** Answers in columns are handed over, not copied. */
function transferOf(method: StoreMethod, result: unknown): ArrayBuffer[] {
  return COLUMNAR.has(method) && result !== undefined ? buffersIn(result) : [];
}

if (parentPort !== null) {
  const port = parentPort;
  const onNotice: OnNotice = (message, about) =>
    port.postMessage({ kind: 'notice', message, about } satisfies FromWorker);
  serve(port, new DuckDbStore({ ...(workerData as DuckDbStoreOptions), onNotice }));
}
