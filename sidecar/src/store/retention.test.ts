/** The retention that holds without any configuration, in each store: detail for a year, aggregates for three. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExponentialHistogram } from '@tapewatch/core';
import { loadConfig } from '../config.ts';
import type { Store } from '../ports.ts';
import { DuckDbStore } from './duckdb/duckdb-store.ts';
import { MemoryStore } from './memory/memory-store.ts';
import { batchOf, businessEventOf, clockAt, orderOf, samplesOf, seconds, seriesOf, T0_MS } from './store.fixture.ts';

const DAY = 86_400;
const YEAR = 365 * DAY;
const folder = mkdtempSync(join(tmpdir(), 'tapewatch-retention-'));
const { retention } = loadConfig({ file: undefined, environment: {} }).store;

afterAll(() => rmSync(folder, { recursive: true }));

const STORES: readonly (readonly [string, () => Store])[] = [
  ['memory', () => new MemoryStore({ retention })],
  ['DuckDB', () => new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 2, retention })],
];

it.each(STORES)(
  '%s: recent and old data answer; detail goes after a year, aggregates after three (proves: STO-01, STO-07)',
  async (_name, create) => {
    const store = create();
    await store.open();
    const old = seconds(5);
    const recent = seconds(YEAR + DAY);
    await store.append(
      batchOf({
        series: [seriesOf(1, { __name__: 'depth' }), seriesOf(2, { __name__: 'ack_seconds' }, 'distribution')],
        samples: samplesOf([
          [1, old, 7],
          [2, old, 0.25],
        ]),
        events: [orderOf('old', old), orderOf('recent', recent), businessEventOf(old), businessEventOf(recent)],
      }),
    );
    // An hour later every window of the old samples is sealed.
    await store.append(clockAt(3_700));
    await store.append(
      batchOf({
        samples: samplesOf([
          [1, recent, 8],
          [2, recent, 0.5],
        ]),
      }),
    );
    await store.append(clockAt(YEAR + DAY + 3_700));
    const depth = [{ name: '__name__', operator: '=', value: 'depth' }] as const;
    const range = { startMs: T0_MS, endMs: T0_MS + 5 * YEAR * 1_000, resolutionMs: 1_000 };
    const values = async (): Promise<unknown> => {
      const [series] = await store.select({ matchers: depth, ...range });
      return { values: Array.from(series?.values ?? []), levels: series?.levelsMs };
    };
    const observed = async (): Promise<(number | undefined)[]> =>
      (await store.distributionTotals()).map(({ histogram }) => ExponentialHistogram.decode(histogram).count);
    const events = async (): Promise<string[]> => {
      const whole = { startNanos: 0n, endNanos: seconds(5 * YEAR) };
      const orders = await store.events('orders', whole);
      const business = await store.events('events', whole);
      return [...orders.map(({ id }) => id), ...business.map(({ timeNanos }) => String(timeNanos))];
    };
    expect(await values()).toEqual({ values: [7, 8], levels: [0] });
    expect(await events()).toEqual(['old', 'recent', String(old), String(recent)]);

    await store.retain(seconds(YEAR + DAY + 3_700));
    // Raw samples, 1 s and 10 s windows of the old part are gone; its minute still answers.
    expect(await values()).toEqual({ values: [7, 8], levels: [60_000, 0] });
    expect(await observed()).toEqual([2]);
    expect(await events()).toEqual(['recent', String(recent)]);

    // A file goes when its last row is too old; those of 1 h windows span thirty days.
    await store.retain(seconds(3 * YEAR + 31 * DAY));
    expect(await values()).toMatchObject({ values: [8] });
    await store.close();
  },
);
