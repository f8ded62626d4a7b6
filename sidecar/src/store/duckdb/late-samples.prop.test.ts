/**
 * Samples that wait in bulk, beside a twin that makes windows of each at once: at every level, with retention, restarts
 * and folds at any moment in between, both answer the same, and in the end both files hold the same windows.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { WINDOW_AGGREGATES } from '@tapewatch/core';
import type { DuckDBValue } from '@duckdb/node-api';
import { LEVELS } from '../level.ts';
import { SHORT_RETENTION } from '../store.contract.ts';
import { batchOf, clockAt, samplesOf, seconds, seriesOf, T0_MS } from '../store.fixture.ts';
import { putStaleMarker } from '../../stale-marker.ts';
import { Database } from './database.ts';
import { DuckDbStore, type DuckDbStoreOptions } from './duckdb-store.ts';
import { windowTable } from './fold.ts';
import { readRows } from './sql.ts';

const SPAN_SECONDS = 3 * 3_600;
const SERIES = [
  seriesOf(1, { __name__: 'depth' }),
  seriesOf(2, { __name__: 'orders_total' }, 'counter'),
  seriesOf(3, { __name__: 'ack' }, 'distribution'),
];
const AGGREGATES = { names: WINDOW_AGGREGATES, meetsMs: 1_000 };
const MATCHERS = [{ name: '__name__', operator: '=~', value: 'depth|orders_total' }] as const;

/** Few stamps, so that some meet; the end of the span is not sealed at every level. No value: the series ends. */
const sample = fc.record({
  id: fc.integer({ min: 1, max: 3 }),
  second: fc.nat(SPAN_SECONDS / 30).map((step) => step * 30),
  value: fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.constantFrom(NaN, Infinity, -Infinity, null)),
});
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(sample, { minLength: 1, maxLength: 12 }).map((rows) => ({ kind: 'append', rows }) as const),
  },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'maintain' } as const, { kind: 'restart' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'expire' } as const) },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

class Twin {
  #store: DuckDbStore;
  readonly #options: DuckDbStoreOptions;

  constructor(options: Pick<DuckDbStoreOptions, 'path' | 'bulkRows' | 'sealSegments'>) {
    this.#options = { ...options, memoryLimitMb: 128, threads: 1, retention: SHORT_RETENTION };
    this.#store = new DuckDbStore(this.#options);
  }

  async open(): Promise<void> {
    await this.#store.open();
    await this.#store.append(batchOf({ series: SERIES }));
    await this.#store.append(clockAt(SPAN_SECONDS - 600));
  }

  async run(todo: Command): Promise<void> {
    if (todo.kind === 'append') {
      const samples = samplesOf(todo.rows.map(({ id, second, value }) => [id, seconds(second), value ?? NaN] as const));
      todo.rows.forEach(({ value }, row) => value === null && putStaleMarker(samples.values, row));
      await this.#store.append(batchOf({ samples }));
    } else if (todo.kind === 'restart') {
      await this.#store.close();
      this.#store = new DuckDbStore(this.#options);
      await this.#store.open();
    } else {
      // Raw samples go after an hour.
      await this.#store.retain(seconds(todo.kind === 'expire' ? SPAN_SECONDS : 1_800));
    }
  }

  async answers(): Promise<unknown[]> {
    const request = { matchers: MATCHERS, startMs: T0_MS, endMs: T0_MS + SPAN_SECONDS * 1_000 };
    const answers: unknown[] = [await this.#store.series([MATCHERS], T0_MS, T0_MS + 3_600_000)];
    for (const resolutionMs of [1_000, 60_000, 720_000]) {
      answers.push(await this.#store.select({ ...request, resolutionMs, aggregates: AGGREGATES }));
      answers.push(await this.#store.select({ ...request, resolutionMs, newestOfStep: true }));
    }
    return answers;
  }

  /** What the windows of each level add up to, but for increases: they join what came together. */
  async windows(): Promise<DuckDBValue[][]> {
    await this.#store.close();
    const database = await Database.open(this.#options);
    const connection = await database.connect();
    const tables = LEVELS.slice(1).map(
      (level) => `SELECT '${level}' AS level, series_id, start_nanos, sum(count), sum(sum), min(min), max(max),
        arg_min(first, first_nanos), min(first_nanos), arg_max(last, (last_nanos, rowid)), max(last_nanos)
        FROM ${windowTable('value', level)} GROUP BY ALL`,
    );
    const rows = await readRows(connection, `${tables.join(' UNION ALL ')} ORDER BY ALL`);
    database.close();
    return rows;
  }
}

it('answers as if every late sample had become a window at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-late-'));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (commands, sealSegments) => {
        const prompt = new Twin({ path: join(folder, `${run}-prompt.duckdb`), bulkRows: Infinity, sealSegments });
        const waiting = new Twin({ path: join(folder, `${run++}-waiting.duckdb`), bulkRows: 1, sealSegments });
        for (const twin of [prompt, waiting]) await twin.open();
        for (const todo of commands) {
          for (const twin of [prompt, waiting]) await twin.run(todo);
          expect(await waiting.answers()).toEqual(await prompt.answers());
        }
        // The first call sees that they came, the second that no more did.
        for (let call = 0; call < 2; call++) await waiting.run({ kind: 'maintain' });
        expect(await waiting.answers()).toEqual(await prompt.answers());
        const windows = [await waiting.windows(), await prompt.windows()];
        // With segments, some of them are in files.
        if (!sealSegments) expect(windows[0]).toEqual(windows[1]);
      },
    ),
    { numRuns: Number(process.env['TAPEWATCH_PROPERTY_RUNS'] ?? 12) },
  );
  rmSync(folder, { recursive: true });
}, 120_000);
