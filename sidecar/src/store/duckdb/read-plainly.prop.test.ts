/**
 * Reading rows plainly and arranging them here, beside the same rows arranged by the engine; and reading only what is in
 * sight of a step, beside reading everything.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SelectRequest } from '@tapewatch/core';
import type { ValueSegment } from '../select-plan.ts';
import { batchOf, clockAt, samplesOf, seconds, seriesOf, T0_MS } from '../store.fixture.ts';
import { Database } from './database.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { readPlainly } from './read-plainly.ts';
import { readArranged } from './read-values.ts';
import type { ReadSource } from './segment.ts';

const SPAN_SECONDS = 3 * 3_600;
const SERIES = [seriesOf(1, { __name__: 'depth' }), seriesOf(2, { __name__: 'depth', venue: 'XNAS' })];
const SOURCE: ReadSource = {
  ids: [1, 2],
  relation: (table) => `(SELECT *, rowid AS arrival FROM ${table})`,
};

const rows = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.nat(SPAN_SECONDS), fc.integer({ min: -9, max: 9 })), {
  minLength: 1,
  maxLength: 40,
});
const ask = fc.record({
  fromSecond: fc.nat(SPAN_SECONDS),
  forSeconds: fc.nat(SPAN_SECONDS),
  resolutionMs: fc.constantFrom(0, 15_000, 60_000, 720_000, 1_000_000),
  lookbackMs: fc.constantFrom(5_000, 60_000, 300_000),
});

describe('rows of a store', () => {
  let folder: string;
  let run = 0;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tapewatch-plain-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function filled(all: readonly (readonly [id: number, second: number, value: number])[]): Promise<string> {
    const path = join(folder, `${run++}.duckdb`);
    const store = new DuckDbStore({ path, memoryLimitMb: 128, threads: 1 });
    await store.open();
    await store.append(batchOf({ series: SERIES }));
    // Some come later than what they are newer than.
    for (let from = 0; from < all.length; from += 10) {
      const rows = all.slice(from, from + 10).map(([id, second, value]) => [id, seconds(second), value] as const);
      await store.append(batchOf({ samples: samplesOf(rows) }));
    }
    await store.append(clockAt(SPAN_SECONDS + 3_600));
    await store.close();
    return path;
  }

  it('are the same whether the engine arranges them or we do', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(ask, { minLength: 1, maxLength: 8 }), async (all, questions) => {
        const database = await Database.open({ path: await filled(all), memoryLimitMb: 128, threads: 1 });
        const connection = await database.connect();
        for (const { fromSecond, forSeconds, resolutionMs } of questions) {
          const range = { startMs: T0_MS + fromSecond * 1_000, endMs: T0_MS + (fromSecond + forSeconds) * 1_000 };
          for (const level of ['raw', '10s', '1m'] as const) {
            for (const newestOfStep of level === 'raw' ? [true, undefined] : [true]) {
              const request: SelectRequest = {
                ...{ matchers: [], ...range, resolutionMs },
                ...(newestOfStep && { newestOfStep }),
              };
              const asked: { segment: ValueSegment; request: SelectRequest } = {
                segment: { level, ...range },
                request,
              };
              const plain = await readPlainly(connection, SOURCE, asked);
              const arranged = await readArranged(connection, SOURCE, asked);
              expect(plain && sorted(plain)).toEqual(sorted(arranged.columns));
            }
          }
        }
        database.close();
      }),
      { numRuns: 6 },
    );
  }, 120_000);

  it('hold what is in sight of each step when nothing else is read', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(ask, { minLength: 1, maxLength: 8 }), async (all, questions) => {
        const store = new DuckDbStore({ path: await filled(all), memoryLimitMb: 128, threads: 1 });
        await store.open();
        for (const { fromSecond, forSeconds, resolutionMs, lookbackMs } of questions) {
          if (resolutionMs <= lookbackMs) continue;
          const endMs = T0_MS + (fromSecond + forSeconds) * 1_000;
          const request = {
            matchers: [],
            startMs: T0_MS + fromSecond * 1_000,
            endMs,
            resolutionMs,
            newestOfStep: true,
          } as const;
          const inSight = (ms: number): boolean =>
            (((endMs - ms) % resolutionMs) + resolutionMs) % resolutionMs < lookbackMs;
          const points = (found: Awaited<ReturnType<DuckDbStore['select']>>): unknown =>
            found
              .map(({ labels, timesMs, values }) => [
                labels.pairs,
                Array.from(timesMs, (ms, i) => [ms, values[i]]).filter(([ms]) => inSight(ms as number)),
              ])
              .filter(([, seen]) => (seen as unknown[]).length > 0);
          expect(points(await store.select({ ...request, lookbackMs }))).toEqual(points(await store.select(request)));
        }
        await store.close();
      }),
      { numRuns: 6 },
    );
  }, 120_000);
});

function sorted([series, times, values]: readonly [Uint32Array, Float64Array, Float64Array]): unknown[] {
  const all = Array.from(series, (id, i) => [id, times[i] as number, values[i]] as const);
  return [1, 2].map((wanted) => all.filter(([id]) => id === wanted));
}
