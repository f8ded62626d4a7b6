/**
 * What the store costs: batches of a seeded load, appended as fast as it takes them, and the CPU time of the whole
 * process (the engine's threads included, the generator's apart) for each second of that load. Half of the series are
 * distributions; stamps run on a virtual clock that starts ten minutes before an hour ends, so that every level seals.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Labels, type SeriesDefinition } from '@tapewatch/core';
import type { ColumnBatch } from '../sidecar/src/ports.ts';
import { DuckDbStore } from '../sidecar/src/store/duckdb/duckdb-store.ts';

export interface StoreLoad {
  readonly name: string;
  readonly series: number;
  /** Samples a second of the load. */
  readonly rate: number;
  /** Seconds of the load. */
  readonly seconds: number;
}

export interface StoreResult {
  readonly load: string;
  readonly series: number;
  readonly rate: number;
  /** CPU time of the process for each second of the load, in percent of a core. */
  readonly cpuPercent: number;
  readonly microsPerSample: number;
  readonly appendP50Ms: number;
  readonly appendP99Ms: number;
  readonly appendMaxMs: number;
  readonly bytesPerSample: number;
}

/** Batches a second, as the committer makes them. */
const BATCHES_PER_SECOND = 4;
const START = 1_700_000_000 - (1_700_000_000 % 3_600) + 3_000;

export const STORE_LOADS: readonly StoreLoad[] = [
  { name: 'required', series: 5_000, rate: 50_000, seconds: 60 },
  { name: 'goal', series: 10_000, rate: 1_000_000, seconds: 15 },
];

export async function benchStore(loads: readonly StoreLoad[]): Promise<StoreResult[]> {
  const results: StoreResult[] = [];
  for (const load of loads) results.push(await measure(load));
  return results;
}

async function measure({ name, series, rate, seconds }: StoreLoad): Promise<StoreResult> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-bench-store-'));
  const store = new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 1_024, threads: 2 });
  try {
    await store.open();
    const next = generator(series, rate);
    await store.append({ ...next(0), series: definitions(series) });
    let cpuMicros = 0;
    const took: number[] = [];
    for (let i = 0; i < seconds * BATCHES_PER_SECOND; i++) {
      const batch = next(rate / BATCHES_PER_SECOND);
      const [cpu, started] = [process.cpuUsage(), performance.now()];
      await store.append(batch);
      took.push(performance.now() - started);
      const { user, system } = process.cpuUsage(cpu);
      cpuMicros += user + system;
    }
    const { bytesOnDisk } = await store.health();
    took.sort((a, b) => a - b);
    const at = (share: number): number => round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0);
    return {
      load: name,
      series,
      rate,
      cpuPercent: round(cpuMicros / 1e4 / seconds),
      microsPerSample: round(cpuMicros / (rate * seconds), 3),
      appendP50Ms: at(0.5),
      appendP99Ms: at(0.99),
      appendMaxMs: at(1),
      bytesPerSample: round(bytesOnDisk / (rate * seconds)),
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

/** Batches in order of time: every series in turn, a log-normal-like value each. */
function generator(series: number, rate: number): (samples: number) => ColumnBatch {
  let made = 0;
  return (samples) => {
    const columns = {
      seriesIds: new Uint32Array(samples),
      seconds: new Uint32Array(samples),
      nanos: new Uint32Array(samples),
      values: new Float64Array(samples),
    };
    for (let i = 0; i < samples; i++, made++) {
      columns.seriesIds[i] = 1 + (made % series);
      columns.seconds[i] = START + Math.floor(made / rate);
      columns.nanos[i] = Math.floor(((made % rate) / rate) * 1e9);
      columns.values[i] = Math.exp(-6 + (((made * 7_919) % 10_007) / 10_007 + ((made * 104_729) % 9_973) / 9_973 - 1));
    }
    return { series: [], samples: columns, histograms: [], events: [], transitions: [], positions: [] };
  };
}

function definitions(count: number): SeriesDefinition[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    labels: Labels.from({ __name__: `bench_${i % 2 === 0 ? 'depth' : 'ack_seconds'}`, series: String(i) }),
    kind: i % 2 === 0 ? ('gauge' as const) : ('distribution' as const),
    stream: 'bench',
    unit: 's',
    help: '',
  }));
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
