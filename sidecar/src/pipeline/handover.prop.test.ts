/**
 * The promise of a query: what it has shown of a sample it shows again, once and with its labels, in whatever order samples
 * come, late ones too, memory lets go, commits begin and end, and queries are asked and answered. On the real pipeline, head,
 * layered reader and engine, with and without its cache, over a store whose commits the test holds back.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels, METRIC_NAME, nanos, type EvaluationRange, type Sample } from '@tapewatch/core';
import fc from 'fast-check';
import { Head } from '../head/head.ts';
import type { Clock, Store } from '../ports.ts';
import { ChangeLog } from '../query/change-log.ts';
import { createPromqlEngine } from '../query/promql-engine.ts';
import { DuckDbStore } from '../store/duckdb/duckdb-store.ts';
import { MemoryStore } from '../store/memory/memory-store.ts';
import { createTelemetry } from '../telemetry/metrics.ts';
import { buildPipeline, internalStream } from './build-pipeline.ts';
import { LayeredReader } from './layered-reader.ts';
import { pipelineOptions } from './pipeline-options.ts';
import type { Pipeline } from './pipeline.ts';

const START_MS = 1_700_000_000_000;
const STREAM = 'billing';
const KEEP_MS = 60_000;
const CURRENCIES = ['EUR', 'USD'] as const;
/** Each begins elsewhere: before all that memory keeps, and on both sides of where it lets go. */
const WINDOWS = ['1h', '90s', '45s'] as const;
const RANGE: EvaluationRange = { startMs: START_MS, endMs: START_MS + 120_000, stepMs: 15_000 };
const NOTHING = (): void => undefined;
const TELEMETRY = createTelemetry().port;

type Command =
  | { readonly do: 'ingest'; readonly currency: number; readonly ageMs: number; readonly late: boolean }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'commit' }
  | { readonly do: 'ask'; readonly window: number; readonly cached: boolean };

const ingest = fc.record({
  do: fc.constant('ingest' as const),
  currency: fc.nat(CURRENCIES.length - 1),
  ageMs: fc.nat(3_000),
  late: fc.boolean(),
});
/** Memory lets go every five seconds at most. */
const pass = fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(2, 60, 1_500, 6_000) });
const ask = fc.record({
  do: fc.constant('ask' as const),
  window: fc.nat(WINDOWS.length - 1),
  cached: fc.boolean(),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: ingest },
  { weight: 4, arbitrary: pass },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('commit' as const) }) },
  { weight: 5, arbitrary: ask },
);

class ManualClock implements Clock {
  ms = START_MS;
  #tick = NOTHING;
  now(): bigint {
    return BigInt(this.ms) * 1_000_000n;
  }
  every(_intervalMs: number, callback: () => void): () => void {
    this.#tick = callback;
    return NOTHING;
  }
  pass(ms: number): void {
    this.ms += ms;
    this.#tick();
  }
}

/** Samples by currency and step of the range. */
type Counts = Map<string, number>;

class World {
  readonly clock = new ManualClock();
  readonly #store: Store;
  readonly #pipeline: Pipeline;
  readonly #cached: ReturnType<typeof createPromqlEngine>;
  readonly #uncached: ReturnType<typeof createPromqlEngine>;
  /** Commits that wait for the test to let them go. */
  readonly #held: (() => void)[] = [];
  readonly #stamps: { readonly currency: string; readonly ms: number }[] = [];
  readonly #seen = WINDOWS.map((): Counts => new Map());
  readonly #asked: Promise<void>[] = [];
  #isOver = false;

  constructor(store: Store, maxBytes: number) {
    this.#store = store;
    const { clock } = this;
    const streams = [internalStream(STREAM)];
    const log = { debug: NOTHING, info: NOTHING, warn: NOTHING, error: NOTHING };
    const now = (): number => clock.ms;
    const head = new Head({ keepMs: KEEP_MS, maxBytes, startMs: 0, now, streams: [STREAM], scale: 5 }, []);
    this.#pipeline = buildPipeline(
      {
        ...{ settings: pipelineOptions.parse({}), streams, clock, telemetry: TELEMETRY, log, head },
        append: async (batch) => {
          if (!this.#isOver) await new Promise<void>((resolve) => this.#held.push(resolve));
          return store.append(batch);
        },
        onFatal: (error) => {
          throw error;
        },
        resting: { restAfterMs: 3_600_000, totalsOf: async () => [], onRest: NOTHING },
      },
      { series: [], positions: [], sealed: [], openAlerts: [] },
    );
    const changes = new ChangeLog();
    this.#pipeline.announceTo(changes);
    this.#pipeline.start();
    const reader = new LayeredReader(head, store, this.#pipeline.handover);
    this.#cached = createPromqlEngine(reader, { changes });
    this.#uncached = createPromqlEngine(reader);
  }

  async run(next: Command): Promise<void> {
    if (next.do === 'ingest') this.#ingest(next);
    else if (next.do === 'pass') this.clock.pass(next.ms);
    else if (next.do === 'commit') this.#held.shift()?.();
    else this.#ask(next);
    await turn();
  }

  /** No two at one stamp. */
  #ingest({ currency: number, ageMs, late }: Extract<Command, { do: 'ingest' }>): void {
    const currency = CURRENCIES[number] as string;
    let ms = this.clock.ms - ageMs - (late ? 600_000 : 0);
    while (this.#stamps.some((known) => known.currency === currency && known.ms === ms)) ms--;
    this.#stamps.push({ currency, ms });
    const labels = Labels.from({ [METRIC_NAME]: 'revenue_total', currency });
    const sample: Sample = { labels, kind: 'counter', timeNanos: nanos(BigInt(ms) * 1_000_000n), value: ms };
    this.#pipeline.acceptSamples(STREAM, [sample]);
  }

  /** The answer may come any number of commands later. */
  #ask({ window, cached }: Extract<Command, { do: 'ask' }>): void {
    const before = new Map(this.#seen[window]);
    const answered = this.#count(window, cached).then((found) => {
      for (const [place, count] of before) expect([place, found.get(place) ?? 0]).toEqual([place, atLeast(count)]);
      const seen = this.#seen[window] as Counts;
      for (const [place, count] of found) seen.set(place, Math.max(count, seen.get(place) ?? 0));
    });
    // Whoever awaits all of them hears of what went wrong.
    answered.catch(NOTHING);
    this.#asked.push(answered);
  }

  async #count(window: number, cached: boolean): Promise<Counts> {
    const range = WINDOWS[window] as string;
    const engine = cached ? this.#cached : this.#uncached;
    const found = await engine.query(`sum by (currency) (count_over_time(revenue_total[${range}]))`, RANGE);
    if (found.type !== 'matrix') throw new Error(`a ${found.type} came`);
    const taken = this.#taken(window);
    const counts: Counts = new Map();
    for (const { labels, points } of found.series) {
      for (const { timeMs, value } of points) {
        const place = placeOf(labels.get('currency'), timeMs);
        counts.set(place, value);
        expect([place, value]).toEqual([place, atMost(taken.get(place) ?? 0)]);
      }
    }
    return counts;
  }

  /** What would be found if all that came until now were shown. */
  #taken(window: number): Counts {
    const reachMs = { '1h': 3_600_000, '90s': 90_000, '45s': 45_000 }[WINDOWS[window] as (typeof WINDOWS)[number]];
    const counts: Counts = new Map();
    for (let timeMs = RANGE.startMs; timeMs <= RANGE.endMs; timeMs += RANGE.stepMs) {
      for (const { currency, ms } of this.#stamps) {
        if (ms <= timeMs - reachMs || ms > timeMs) continue;
        const place = placeOf(currency, timeMs);
        counts.set(place, (counts.get(place) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** Everything is durable, every answer has come, and each sample stands in each of them once. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const release of this.#held.splice(0)) release();
    await Promise.all(this.#asked);
    await this.#pipeline.stop();
    for (const window of WINDOWS.keys()) {
      for (const cached of [true, false]) expect(await this.#count(window, cached)).toEqual(this.#taken(window));
    }
    await this.#store.close();
  }
}

const atLeast = (least: number): unknown => ({ asymmetricMatch: (value: number) => value >= least });
const atMost = (most: number): unknown => ({ asymmetricMatch: (value: number) => value <= most });
const placeOf = (currency: string, timeMs: number): string => `${currency} ${(timeMs - START_MS) / 1_000} s`;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function live(store: Store, maxBytes: number, commands: readonly Command[]): Promise<void> {
  await store.open();
  const world = new World(store, maxBytes);
  try {
    for (const next of commands) await world.run(next);
  } finally {
    await world.end();
  }
}

const LATE: Command = { do: 'ingest', currency: 1, ageMs: 0, late: true };
const SHOW: Command = { do: 'pass', ms: 60 };
const LET_GO: Command = { do: 'pass', ms: 6_000 };
const ASK: Command = { do: 'ask', window: 0, cached: false };

describe('a sample that a query has shown', () => {
  it('is shown when memory lets its past go before the commit that holds the sample is done', async () => {
    await live(new MemoryStore(), 1e9, [LATE, SHOW, ASK, LET_GO, ASK, LET_GO, ASK, { do: 'commit' }, ASK]);
  });

  it('is shown again, once and with its labels, over a store in memory', async () => {
    const lives = fc.tuple(fc.constantFrom(1e9, 1), fc.array(command, { maxLength: 40, size: 'max' }));
    await fc.assert(
      fc.asyncProperty(lives, ([maxBytes, commands]) => live(new MemoryStore(), maxBytes, commands)),
      { numRuns: 30 },
    );
  });

  it('is shown again, once and with its labels, over a store on disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tapewatch-handover-'));
    let files = 0;
    const open = (): Store =>
      new DuckDbStore({ path: join(folder, `${files++}.duckdb`), memoryLimitMb: 256, threads: 1 });
    const lives = fc.tuple(fc.constantFrom(1e9, 1), fc.array(command, { minLength: 20, maxLength: 60, size: 'max' }));
    try {
      await fc.assert(
        fc.asyncProperty(lives, ([maxBytes, commands]) => live(open(), maxBytes, commands)),
        { numRuns: 3 },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
