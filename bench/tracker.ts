/**
 * What the tracker of closed trades costs (REQUIREMENTS.md PRF-24, PCT-10): recording a trade and computing all figures
 * anew, by size of the window. Seeded profits; the median and the 99th percentile of many single recalculations.
 */
import { quantileType7, sorted, TradeTracker } from '@tapewatch/core';
import { seededRandom } from './samples.ts';

const WINDOWS = [100, 1_000, 10_000] as const;
const WARM_UP = 2_000;
const DAY_NANOS = 86_400_000_000_000n;

export interface TrackerResult {
  readonly window: number;
  readonly recalculations: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Reading again without a trade between. */
  readonly cachedNanos: number;
}

export function benchTracker(): TrackerResult[] {
  return WINDOWS.map(measure);
}

function measure(window: number): TrackerResult {
  const random = seededRandom(7);
  const tracker = new TradeTracker({ window });
  let timeNanos = 19_000n * DAY_NANOS;
  const record = (): void => {
    timeNanos += DAY_NANOS / 20n;
    tracker.record({ timeNanos, profit: Math.round((random() - 0.48) * 10_000) / 100 });
  };
  for (let i = 0; i < window; i++) record();
  const recalculations = Math.max(500, Math.floor(2_000_000 / window / 4));
  for (let i = 0; i < WARM_UP; i++) {
    record();
    tracker.metrics(timeNanos);
  }
  const micros = Float64Array.from({ length: recalculations }, () => {
    const start = process.hrtime.bigint();
    record();
    tracker.metrics(timeNanos);
    return Number(process.hrtime.bigint() - start) / 1e3;
  });
  const reads = 100_000;
  const start = process.hrtime.bigint();
  for (let i = 0; i < reads; i++) tracker.metrics(timeNanos);
  const cachedNanos = Number(process.hrtime.bigint() - start) / reads;
  const ascending = sorted(micros);
  return {
    window,
    recalculations,
    p50Micros: quantileType7(ascending, 0.5),
    p99Micros: quantileType7(ascending, 0.99),
    cachedNanos,
  };
}
