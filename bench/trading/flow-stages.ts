/**
 * Where the CPU of the flow goes: the same messages through the codec alone, the codec with pipeline and head, and the store, in one
 * process on a virtual clock. NATS and the threads' messages are not in it. CPU time counts, all threads and collections included.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCodecRegistry } from '../../sidecar/src/codec/registry.ts';
import { Head } from '../../sidecar/src/head/head.ts';
import { Pipeline } from '../../sidecar/src/pipeline/pipeline.ts';
import type { ColumnBatch, SampleSink, Telemetry } from '../../sidecar/src/ports.ts';
import { DuckDbStore } from '../../sidecar/src/store/duckdb/duckdb-store.ts';
import { orderStep, quote } from './event-text.ts';
import { FLOW_TARGET } from './flow-target.ts';

const TICK_MS = 2;
const TICKS_PER_COMMIT = 125;
const START_MS = 1_772_442_000_000;
const RECOVERY = { series: [], positions: [], sealed: [], openAlerts: [] };
const STREAMS = ['orders', 'quotes'] as const;
const PAYLOADS = { orders: 'order', quotes: 'quote' } as const;

export interface FlowStages {
  /** CPU microseconds an event. */
  readonly decode: number;
  readonly decodeAndIntake: number;
  readonly store: number;
}

interface Message {
  readonly stream: (typeof STREAMS)[number];
  readonly payload: Uint8Array;
}

export async function benchFlowStages(batch: number, seconds: number): Promise<FlowStages> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-bench-flow-'));
  const store = new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 1_024, threads: 2 });
  try {
    await store.open();
    return await measure(store, batch, seconds);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

async function measure(store: DuckDbStore, batch: number, seconds: number): Promise<FlowStages> {
  let nowMs = START_MS;
  const next = generator(batch);
  const batches: ColumnBatch[] = [];
  const { pipeline, tick } = virtualPipeline(
    () => BigInt(nowMs) * 1_000_000n,
    (columns) => batches.push(columns),
  );
  const codec = createCodecRegistry().codecFor('', 'json');
  const cpu = { decode: 0, intake: 0, store: 0 };
  let events = 0;
  const rounds = (seconds * 1_000) / (TICK_MS * TICKS_PER_COMMIT);
  for (let round = -WARM_ROUNDS; round < rounds; round++) {
    if (round === 0) [events, cpu.decode, cpu.intake, cpu.store] = [0, 0, 0, 0];
    const ticks = Array.from({ length: TICKS_PER_COMMIT }, (_, i) => next(nowMs + i * TICK_MS));
    const receivedNanos = BigInt(nowMs) * 1_000_000n;
    cpu.decode += cpuOf(() => {
      for (const { stream, payload } of ticks.flat())
        codec.decodeInto(payload, { payloadKind: PAYLOADS[stream], labels: {}, receivedNanos }, NO_SINK);
    });
    cpu.intake += cpuOf(() => {
      for (const messages of ticks) {
        const received = BigInt(nowMs) * 1_000_000n;
        for (const { stream, payload } of messages)
          pipeline.accept({ stream, payload, subject: stream, contentType: '', receivedNanos: received });
        nowMs += TICK_MS;
        tick();
      }
    });
    events += ticks.flat().length * batch;
    await new Promise((done) => setImmediate(done));
    const before = process.cpuUsage();
    for (const columns of batches.splice(0)) await store.append(columns);
    cpu.store += microsSince(before);
  }
  const { decode, intake, store: stored } = cpu;
  return { decode: decode / events, decodeAndIntake: intake / events, store: stored / events };
}

const WARM_ROUNDS = 8;

/** The messages of one tick after the other, at the rates of the target. */
function generator(batch: number): (nowMs: number) => Message[] {
  const [orders, quotes] = [
    { sent: 0, due: 0 },
    { sent: 0, due: 0 },
  ];
  const encoder = new TextEncoder();
  return (nowMs) => {
    orders.due += (FLOW_TARGET.ordersPerSecond * TICK_MS) / 1_000;
    quotes.due += (FLOW_TARGET.quotesPerSecond * TICK_MS) / 1_000;
    const messages: Message[] = [];
    const make = (stream: Message['stream'], of: { sent: number; due: number }, text: (i: number) => string): void => {
      for (; of.sent + batch <= of.due; of.sent += batch) {
        const items = Array.from({ length: batch }, (_, i) => text(of.sent + i));
        messages.push({ stream, payload: encoder.encode(`[${items.join(',')}]`) });
      }
    };
    make('orders', orders, (i) => orderStep(i, 's', nowMs));
    make('quotes', quotes, (i) => quote(i, nowMs));
    return messages;
  };
}

function virtualPipeline(now: () => bigint, taken: (batch: ColumnBatch) => void) {
  const codecs = createCodecRegistry();
  const head = new Head(
    {
      keepMs: 1_200_000,
      maxBytes: 192 * 2 ** 20,
      startMs: START_MS,
      now: () => Number(now() / 1_000_000n),
      streams: STREAMS,
      scale: 7,
    },
    [],
  );
  let tick: () => void = () => undefined;
  const pipeline = new Pipeline(
    {
      streams: STREAMS.map((name) => ({
        payloadKind: PAYLOADS[name],
        codec: (contentType: string) => codecs.codecFor(contentType, 'json'),
        labels: () => NO_LABELS,
        policy: { name, watermarkDelayMs: 1_000, idleDelayMs: 2_000, maxLatenessMs: 3_600_000, maxFutureMs: 600_000 },
      })),
      clock: { now, every: (_ms, callback) => ((tick = callback), () => undefined) },
      telemetry: NO_TELEMETRY,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      append: (batch) => (taken(batch), Promise.resolve({ duplicates: 0 })),
      onFatal: (error) => {
        throw error;
      },
      limits: { maxSeries: 100_000, maxNewPerSecond: 100_000 },
      ...{ flushIntervalMs: 2, commitIntervalMs: 250, maxBatchRows: 10_000_000, maxPendingRows: 10_000_000 },
      maxExemplars: 0,
      head,
      resting: { restAfterMs: 1_200_000, totalsOf: () => Promise.resolve([]), onRest: nothing },
    },
    RECOVERY,
  );
  pipeline.start();
  return { pipeline, tick: () => tick() };
}

const nothing = (): void => undefined;
const NO_LABELS = {};
const NO_SINK: SampleSink = {
  series: () => 1,
  ...{ number: nothing, stale: nothing, histogram: nothing, exemplar: nothing, event: nothing, problem: nothing },
};
const NO_TELEMETRY: Telemetry = {
  ...{ received: nothing, stored: nothing, dropped: nothing, deadLetters: nothing, duplicates: nothing, late: nothing },
  ...{ storeAppended: nothing, level: nothing },
} as unknown as Telemetry;

function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return microsSince(before);
}

function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
