/** A read whose plan was made before retention moved rows, and which reaches them after it: it finds them where they are now. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { retentionOptions } from '../retention.ts';
import { batchOf, samplesOf, seriesOf, T0_MS } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';

const HOUR_MS = 3_600_000;
/** One in each window of the finest level that retention leaves. */
const EVERY_MS = 10_000;
const COUNT = (3 * HOUR_MS) / EVERY_MS;
const nanosAt = (ms: number): bigint => BigInt(ms) * 1_000_000n;

/** Lets reads wait when they are planned, and before they ask the engine. */
class HeldStore extends DuckDbStore {
  held: Promise<unknown> = Promise.resolve();

  protected override async read<T>(
    work: (connection: DuckDBConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await this.held;
    return super.read(work, signal);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tapewatch-overtaken-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('answers with every sample and observation although retention went between its plan and its reading', async () => {
  const retention = retentionOptions.parse({ samplesHours: 1, secondWindowsHours: 1 });
  const settings = { memoryLimitMb: 256, threads: 1, sealSegments: false, retention };
  const store = new HeldStore({ path: join(folder, 'store.duckdb'), ...settings });
  await store.open();
  const rows = Array.from({ length: COUNT }, (_, i) =>
    [1, 2].map((id) => [id, nanosAt(T0_MS + i * EVERY_MS), i + 1] as const),
  );
  const series = [
    seriesOf(1, { __name__: 'price' }, 'gauge'),
    seriesOf(2, { __name__: 'ack' }, 'distribution'),
    // A stamp later than all, so that their windows are sealed.
    seriesOf(3, { __name__: 'clock' }, 'gauge'),
  ];
  await store.append(
    batchOf({ series, samples: samplesOf([...rows.flat(), [3, nanosAt(T0_MS + 4 * HOUR_MS), 1] as const]) }),
  );
  const range = { startMs: T0_MS, endMs: T0_MS + 3 * HOUR_MS, resolutionMs: EVERY_MS };
  const matchers = [{ name: '__name__', operator: '=~', value: 'price|ack' }] as const;
  const request = { matchers, ...range };
  const read = async () => {
    const [price, ack] = await store.select(request);
    return [price?.timesMs.length, ack?.deltas?.countAt(ack.timesMs.length - 1)];
  };
  expect(await read()).toEqual([COUNT, COUNT]);
  for (const minutes of [90, 120, 150]) {
    // The plan is made at once.
    store.held = store.retain(nanosAt(T0_MS + HOUR_MS + minutes * 60_000));
    expect(await read()).toEqual([COUNT, COUNT]);
  }
  await store.close();
});
