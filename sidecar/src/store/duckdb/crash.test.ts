import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededUniform } from '@tapewatch/core';
import { clockAt } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { bundleForTest, type TestBundle } from './worker-bundle.fixture.ts';

/** `npm run test:long` raises it to hundreds. */
const ROUNDS = Number(process.env['TAPEWATCH_CRASH_ROUNDS'] ?? 3);
/** Of the moments; each round has another one, and another run the same ones unless it is told a seed. */
const SEED = Number(process.env['TAPEWATCH_SEED'] ?? 2_026);

let bundle: TestBundle;
let folder = '';
beforeAll(() => {
  bundle = bundleForTest({ 'store-worker': 'worker.ts', 'crash-writer': 'crash-writer.fixture.ts' });
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-crash-'));
});
afterAll(() => {
  bundle.remove();
  rmSync(folder, { recursive: true });
});

interface Writing {
  readonly order: string;
  readonly rows: number;
}

/** Runs the writer, kills it after so many acknowledgements and a moment more, and returns the last acknowledged. */
async function crash(
  path: string,
  { acknowledgements, moreMs, order, rows }: Writing & { acknowledgements: number; moreMs: number },
) {
  const script = [bundle.pathOf('crash-writer'), path, bundle.pathOf('store-worker'), String(rows), order];
  const writer = spawn(process.execPath, script, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  let seen = 0;
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const before = seen;
    seen += chunk.split('\n').length - 1;
    if (before < acknowledgements && seen >= acknowledgements) setTimeout(() => writer.kill('SIGKILL'), moreMs);
  });
  await once(writer, 'close');
  return Number(text.trimEnd().split('\n').at(-1));
}

it.each([
  ['a killed process loses nothing that was acknowledged, and no batch is there by half', 'in time', 300, 200],
  ['nor does it lose samples that came late and wait to become windows', 'late', 300, 200],
  // More than a row group, which the engine writes to the file before the commit.
  ['nor in batches so large that their rows pass by the log', 'late', 125_000, 3],
])(
  `%s (seed ${SEED})`,
  async (_, order, rows, batchesMax) => {
    const uniform = seededUniform(SEED);
    const path = join(folder, `${order} ${rows}.duckdb`);
    // Every round reads all rows again, which for the large ones is a million soon.
    for (let round = 0; round < (rows > 300 ? Math.min(3, ROUNDS) : ROUNDS); round++) {
      const acknowledgements = 1 + Math.floor(uniform() * batchesMax);
      const acknowledged = await crash(path, { acknowledgements, moreMs: (uniform() * rows) / 40, order, rows });
      const store = new DuckDbStore({ path, memoryLimitMb: 256, threads: 2 });
      const { positions } = await store.open();
      const stored = positions[0]?.sequence ?? 0;
      expect(stored).toBeGreaterThanOrEqual(acknowledged);
      // One batch at a time was under way, so at most one more than acknowledged can be there.
      expect(stored).toBeLessThanOrEqual(acknowledged + 1);
      const rowsOf = new Map<number, number>();
      for (const { seriesId, value } of await store.rawSince('metrics', 0n)) {
        if (seriesId === 1) rowsOf.set(value, (rowsOf.get(value) ?? 0) + 1);
      }
      const batches = Array.from({ length: stored }, (_, i) => i + 1);
      expect([...rowsOf]).toEqual(batches.map((batch) => [batch, rows]));
      const orders = await store.events('orders', { startNanos: 0n, endNanos: 2n ** 63n - 1n });
      expect(orders.map(({ id }) => Number(id))).toEqual(batches);
      // All but the windows that are open: those of the last seconds, which come with the next sample.
      await store.append(clockAt(order === 'late' ? 90_000 : stored + 10));
      expect((await store.distributionTotals())[0]?.histogram.count).toBe(stored);
      await store.close();
    }
  },
  300_000,
);
