/** The durable store equals the memory store after any sequence of batches, restarts and retention runs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENT_TABLES } from '@tapewatch/contract';
import fc from 'fast-check';
import { ExponentialHistogram, WINDOW_AGGREGATES, type EventRow, type SeriesData } from '@tapewatch/core';
import type { ColumnBatch, Store } from '../ports.ts';
import { DuckDbStore } from './duckdb/duckdb-store.ts';
import { marketTradeOf, positionOf, signalOf, spanOf } from './event.fixture.ts';
import { MemoryStore } from './memory/memory-store.ts';
import { expectSame, SHORT_RETENTION } from './store.contract.ts';
import {
  batchOf,
  fillOf,
  histogramOf,
  orderOf,
  quoteOf,
  readyMade,
  samplesOf,
  seconds,
  seriesOf,
  T0_MS,
  transitionOf,
} from './store.fixture.ts';

const GAUGES = [0, 1, 2];
const DISTRIBUTIONS = [3, 4];
const SERIES = [
  ...GAUGES.map((id) => seriesOf(id, { __name__: `gauge_${id}`, odd: String(id % 2) })),
  ...DISTRIBUTIONS.map((id) => seriesOf(id, { __name__: `spread_${id}`, odd: String(id % 2) }, 'distribution')),
];
/** Three hours, so that retention and the coarse plan both bite. */
const LAST_SECOND = 3 * 3_600;

interface Model {
  readonly memory: Store;
}
interface Real {
  duckdb: Store;
  readonly restart: () => Promise<Store>;
}
type Command = fc.AsyncCommand<Model, Real>;

class Append implements Command {
  constructor(readonly batch: ColumnBatch) {}
  check = () => true;
  async run({ memory }: Model, { duckdb }: Real): Promise<void> {
    expect(await duckdb.append(this.batch)).toEqual(await memory.append(this.batch));
  }
  toString = () => `append ${JSON.stringify(this.batch.samples)}, ${this.batch.histograms.length} histograms`;
}

class Select implements Command {
  constructor(
    readonly range: readonly [startMs: number, lengthMs: number],
    readonly resolutionMs: number,
  ) {}
  check = () => true;
  async run({ memory }: Model, { duckdb }: Real): Promise<void> {
    const [startMs, lengthMs] = this.range;
    const matchers = [{ name: 'odd', operator: '=~', value: '0|1' }] as const;
    const aggregates = { names: WINDOW_AGGREGATES, meetsMs: 1 };
    const request = { matchers, startMs, endMs: startMs + lengthMs, resolutionMs: this.resolutionMs, aggregates };
    const [found, expected] = [await duckdb.select(request), await memory.select(request)];
    expect(found.map(plain)).toEqual(expected.map(plain));
    found.forEach(({ histograms }, i) =>
      histograms?.forEach((histogram, j) => {
        expectSame(histogram, (expected[i]?.histograms?.[j] as ExponentialHistogram).encode());
      }),
    );
    const end = startMs + lengthMs;
    expect(await duckdb.series([matchers], startMs, end)).toEqual(await memory.series([matchers], startMs, end));
  }
  toString = () => `select ${this.range.join('+')} at ${this.resolutionMs}`;
}

class ReadEvents implements Command {
  constructor(
    readonly range: readonly [start: bigint, end: bigint],
    readonly rest: { newestFirst: boolean; limit: number; venue: string[] },
  ) {}
  check = () => true;
  async run({ memory }: Model, { duckdb }: Real): Promise<void> {
    const filter = { startNanos: this.range[0], endNanos: this.range[1], ...this.rest };
    for (const table of EVENT_TABLES) {
      expect(await duckdb.events(table, filter)).toEqual(await memory.events(table, filter));
    }
    expect(await duckdb.transitions({ ...filter })).toEqual(await memory.transitions({ ...filter }));
    const asked = this.range.flatMap((timeNanos) =>
      ['XNAS', 'BATS'].map((venue) => ({ venue, symbol: 'ACME', timeNanos })),
    );
    expect(await duckdb.quotesBefore(asked)).toEqual(await memory.quotesBefore(asked));
    expect(await duckdb.rawSince('metrics', this.range[0])).toEqual(await memory.rawSince('metrics', this.range[0]));
  }
  toString = () => `events ${this.range.join('..')}`;
}

class Restart implements Command {
  check = () => true;
  async run({ memory }: Model, real: Real): Promise<void> {
    await real.duckdb.close();
    real.duckdb = await real.restart();
    const [found, expected] = [await real.duckdb.open(), await memory.open()];
    expect(found).toEqual(expected);
    const [totals, wanted] = [await real.duckdb.distributionTotals(), await memory.distributionTotals()];
    expect(totals.map(({ seriesId }) => seriesId)).toEqual(wanted.map(({ seriesId }) => seriesId));
    totals.forEach(({ histogram }, i) =>
      expectSame(ExponentialHistogram.decode(histogram), (wanted[i] as (typeof wanted)[number]).histogram),
    );
  }
  toString = () => 'restart';
}

class Retain implements Command {
  constructor(readonly atSecond: number) {}
  check = () => true;
  async run({ memory }: Model, { duckdb }: Real): Promise<void> {
    // Rows that add up are one window in memory, so how many go is not comparable.
    await duckdb.retain(seconds(this.atSecond));
    await memory.retain(seconds(this.atSecond));
  }
  toString = () => `retain at ${this.atSecond} s`;
}

function plain({ labels, timesMs, values, histograms, levelsMs, windows }: SeriesData) {
  const columns = { timesMs: Array.from(timesMs), values: Array.from(values) };
  const { counts = [], sums = [], mins = [], maxs = [], firsts = [] } = windows ?? {};
  // Which of two zeros is the smaller one, and the last digits of sums of huge values, follow the order of the rows.
  const told = [counts, mins, maxs, firsts].map((column) => Array.from(column, (value) => value + 0));
  return { key: labels.key, ...columns, points: histograms?.length, levelsMs, told, sums: sums.length };
}

// Few distinct stamps, so that ties, late rows and additive windows are common.
const second = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: LAST_SECOND }));
const stamp = fc.tuple(second, fc.integer({ min: 0, max: 3 })).map(([at, extra]) => seconds(at) + BigInt(extra));
const value = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }));
const venue = fc.constantFrom('XNAS', 'BATS');

// One sign of magnitude range, so that sums stay comparable; extremes are examples in the contract.
const observation = fc.constantFrom(0, 0.001, 0.5, -0.25, 7, 1e6, NaN, Infinity);
const sample = fc.oneof(
  fc.tuple(fc.constantFrom(...GAUGES), stamp, value),
  fc.tuple(fc.constantFrom(...DISTRIBUTIONS), stamp, observation),
  fc.tuple(fc.constantFrom(...DISTRIBUTIONS), stamp, observation),
);
const histogram = fc
  .record({
    id: fc.constantFrom(...DISTRIBUTIONS),
    stamp,
    scale: fc.constantFrom(7, 7, 3),
    values: fc.array(observation, { maxLength: 4 }),
  })
  .map((row) => readyMade(row.id, row.stamp, histogramOf(row.values, row.scale).encode()));

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const event: fc.Arbitrary<EventRow> = fc.oneof(
  fc.record({ id, stamp, venue }).map((row) => orderOf(row.id, row.stamp, { venue: row.venue })),
  fc.record({ id, stamp, venue }).map((row) => fillOf(row.id, row.stamp, { venue: row.venue })),
  fc.record({ stamp, venue, bid: value }).map((row) => quoteOf(row.stamp, row.bid, { venue: row.venue })),
  fc.record({ id, stamp, venue }).map((row) => marketTradeOf(row.id, row.stamp, { venue: row.venue })),
  fc.record({ id, stamp }).map((row) => spanOf(row.id, row.stamp)),
  fc.record({ id, stamp }).map((row) => signalOf(row.id, row.stamp)),
  fc.record({ stamp, venue }).map((row) => positionOf(row.stamp, { venue: row.venue })),
);

const transition = fc
  .record({ stamp, to: fc.constantFrom('pending', 'firing', 'inactive'), rule: fc.constantFrom('A', 'B') })
  .map(({ stamp: at, to, rule }) => transitionOf(at, to, { rule }));

const batch: fc.Arbitrary<ColumnBatch> = fc
  .record({
    samples: fc.array(sample, { maxLength: 12 }),
    histograms: fc.array(histogram, { maxLength: 3 }),
    events: fc.array(event, { maxLength: 8 }),
    transitions: fc.array(transition, { maxLength: 3 }),
    sequence: fc.nat({ max: 100 }),
  })
  .map(({ samples, sequence, ...rest }) =>
    batchOf({
      ...rest,
      series: SERIES,
      samples: samplesOf(samples),
      positions: [{ log: 'ORDERS@1', sequence }],
    }),
  );

const commands = fc.commands(
  [
    batch.map((row) => new Append(row)),
    batch.map((row) => new Append(row)),
    fc
      .tuple(
        fc.oneof(fc.integer({ min: -5, max: 40 }), fc.integer({ min: -20, max: LAST_SECOND })),
        fc.oneof(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: LAST_SECOND * 1_000 })),
        fc.constantFrom(1, 1_000, 10_000, 60_000, 600_000, 3_600_000),
      )
      .map(([start, length, resolution]) => new Select([T0_MS + start * 1_000, length], resolution)),
    fc
      .tuple(
        fc.tuple(stamp, stamp),
        fc.record({ newestFirst: fc.boolean(), limit: fc.nat({ max: 9 }), venue: fc.subarray(['XNAS', 'BATS']) }),
      )
      .map(([range, rest]) => new ReadEvents(range, rest)),
    fc.constant(new Restart()),
    fc.integer({ min: 0, max: LAST_SECOND }).map((at) => new Retain(at)),
  ],
  { maxCommands: 20 },
);

describe('the DuckDB store', () => {
  it('answers as the memory store does, whatever happens to both', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const folder = mkdtempSync(join(tmpdir(), 'tapewatch-model-'));
        const options = {
          path: join(folder, 'store.duckdb'),
          memoryLimitMb: 128,
          threads: 2,
          retention: SHORT_RETENTION,
        };
        const real: Real = { duckdb: new DuckDbStore(options), restart: async () => new DuckDbStore(options) };
        await real.duckdb.open();
        try {
          const model = { memory: new MemoryStore({ retention: SHORT_RETENTION }) };
          await fc.asyncModelRun(() => ({ model, real }), sequence);
        } finally {
          await real.duckdb.close();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: Number(process.env['TAPEWATCH_PROPERTY_RUNS'] ?? 20) },
    );
  }, 120_000);
});
