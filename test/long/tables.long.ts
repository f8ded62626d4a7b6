/**
 * Two hours of a busy desk in the store alone, as fast as it takes them: 5,000 distributions with a commit a second, in the
 * memory that it has by default. Closed hours must leave the tables, although the engine keeps something of every commit
 * (docs/adr/0022), which half an hour does not show. What the process holds meanwhile is told, not judged.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDbStore } from '../../sidecar/src/store/duckdb/duckdb-store.ts';
import { segmentFolder } from '../../sidecar/src/store/duckdb/segment-folder.ts';
import { storeOptions } from '../../sidecar/src/store/open-store.ts';
import { batchOf, seriesOf, T0_MS } from '../../sidecar/src/store/store.fixture.ts';

jest.setTimeout(1_800_000);

const SERIES = 5_000;
const SECONDS = 8_400;
const MAINTAIN_EVERY_SECONDS = 60;
const T0_SECONDS = T0_MS / 1_000;

it('two hours at 5,000 windows a second are sealed within the memory of the defaults', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-tables-'));
  const path = join(folder, 'store.duckdb');
  const { memoryLimitMb, threads } = storeOptions.parse({ kind: 'duckdb' }) as Record<
    'memoryLimitMb' | 'threads',
    number
  >;
  const store = new DuckDbStore({ path, memoryLimitMb, threads });
  try {
    await store.open();
    const seriesIds = Uint32Array.from({ length: SERIES }, (_, i) => i + 1);
    const added = Array.from(seriesIds, (id) => seriesOf(id, { __name__: 'ack', desk: `${id}` }, 'distribution'));
    const mostHeld: number[] = [];
    for (let second = 0; second < SECONDS; second++) {
      const samples = {
        seriesIds: seriesIds.slice(),
        seconds: new Uint32Array(SERIES).fill(T0_SECONDS + second),
        nanos: seriesIds.map((id) => id * 1_000),
        values: Float64Array.from(seriesIds, (id) => Math.exp(Math.sin(id * 12.9898 + second) * 0.7) / 1_000),
      };
      await store.append(batchOf({ series: second === 0 ? added : [], samples }));
      if (second % MAINTAIN_EVERY_SECONDS !== MAINTAIN_EVERY_SECONDS - 1) continue;
      await store.retain(BigInt(T0_SECONDS + second) * 1_000_000_000n);
      const { memoryBytes } = await store.health();
      const hour = Math.floor(second / 3_600);
      mostHeld[hour] = Math.max(mostHeld[hour] ?? 0, (process.memoryUsage().rss - memoryBytes) / 2 ** 20);
    }
    const files = readdirSync(segmentFolder(path)).filter((name) => name.endsWith('.parquet'));
    console.info(
      `sealed: ${files.join(', ')}; held beside the engine by hour, MB: ${mostHeld.map(Math.round).join(', ')}`,
    );
    for (const table of ['samples', 'distribution_windows_1s', 'distribution_windows_10s']) {
      expect(files.filter((name) => name.startsWith(`${table}-2026`))).not.toEqual([]);
    }
    const range = { matchers: [], startMs: T0_MS, endMs: T0_MS + SECONDS * 1_000, by: [], stepMs: 3_600_000 };
    const merged = await store.mergedHistograms(range);
    const counted = merged?.flatMap(({ histograms }) => Array.from(histograms, (one) => one.count));
    expect(counted?.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(SERIES * 7_100);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
    expect(existsSync(folder)).toBe(false);
  }
});
