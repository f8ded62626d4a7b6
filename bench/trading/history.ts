/**
 * How long questions over a year of fills take: the query service over the embedded store, in one process, from the
 * document to the table. CPU is the whole process, the engine's threads included.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createQueryService } from '../../sidecar/src/query/query-service.ts';
import { DuckDbStore } from '../../sidecar/src/store/duckdb/duckdb-store.ts';
import { DOCUMENTS } from './year-documents.ts';
import { writeYear, YEAR, type YearSize } from './year.ts';

const REPEATS = 5;
/** What REQUIREMENTS and issue 5 ask for. */
export const HISTORY_TARGET_MS = 1_000;

export interface HistoryResult {
  readonly query: string;
  /** The first answer of this kind: nothing of it is in memory, its code is not compiled. */
  readonly coldMs: number;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly cpuMs: number;
  readonly rows: number;
  readonly limitMs: number;
}

export async function benchHistory(size: YearSize, only = ''): Promise<HistoryResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-bench-year-'));
  const path = join(folder, 'store.duckdb');
  const store = new DuckDbStore({ path, memoryLimitMb: 1_024, threads: 2 });
  try {
    await writeYear(path, size);
    await store.open();
    const names = Object.keys(DOCUMENTS).filter((name) => name.includes(only));
    const results: HistoryResult[] = [];
    for (const name of names) results.push(await measure(store, name));
    return results;
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The limit counts for the median; the first answer stands beside it. */
async function measure(store: DuckDbStore, name: string): Promise<HistoryResult> {
  const service = createQueryService({
    reader: store,
    engine: { query: () => Promise.reject(new Error('no PromQL here')) },
    alerting: { groups: () => [], transitions: () => Promise.resolve([]) },
    exemplars: () => Promise.resolve([]),
    unitOf: () => undefined,
  });
  const envelope = { ...YEAR, intervalMs: 60_000, maxDataPoints: 1_000, fromAlert: false };
  const times: number[] = [];
  let [coldMs, cpuMs, rows] = [0, 0, 0];
  for (let run = 0; run <= REPEATS; run++) {
    const [cpu, started] = [process.cpuUsage(), performance.now()];
    const tables = await service.run(DOCUMENTS[name], envelope);
    const { user, system } = process.cpuUsage(cpu);
    const tookMs = performance.now() - started;
    if (run === 0) {
      coldMs = Math.round(tookMs);
      continue;
    }
    times.push(tookMs);
    cpuMs += (user + system) / 1e3 / REPEATS;
    rows = tables.reduce((sum, { fields }) => sum + (fields[0]?.values.length ?? 0), 0);
  }
  times.sort((a, b) => a - b);
  const [medianMs, worstMs] = [times[REPEATS >> 1] ?? 0, times.at(-1) ?? 0].map(Math.round) as [number, number];
  return { query: name, coldMs, medianMs, worstMs, cpuMs: Math.round(cpuMs), rows, limitMs: HISTORY_TARGET_MS };
}
