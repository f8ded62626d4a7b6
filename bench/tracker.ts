/**
 * What the tracker of closed trades costs (REQUIREMENTS.md PRF-24, PCT-10): recording a trade and computing all figures
 * anew, by size of the window. Seeded profits; the median and the 99th percentile of many single recalculations.
 * Linear: a window of a hundred times as many trades takes no longer a trade of it, where n log n would take twice as long.
 */
import { quantileType7, sorted, TradeTracker } from '@tapewatch/core';
import type { Demand } from './demand.ts';
import { seededRandom } from './samples.ts';

const WINDOWS = [100, 1_000, 10_000] as const;
const WARM_UP = 2_000;
const DAY_NANOS = 86_400_000_000_000n;

export interface TrackerResult {
  readonly window: number;
  readonly recalculations: number;
  /** How often the figures were computed for each trade, with ten reads after it. */
  readonly computedPerTrade: number;
  /** Least of all: what the work takes when nothing comes between. */
  readonly leastMicros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Reading again without a trade between. */
  readonly cachedNanos: number;
}

const READS_PER_TRADE = 10;

export function benchTracker(): TrackerResult[] {
  return WINDOWS.map(measure);
}

export function trackerDemands(results: readonly TrackerResult[]): Demand[] {
  const [usual, , widest] = WINDOWS.map((window) => results.find((result) => result.window === window));
  const perTrade = (result: TrackerResult | undefined): number =>
    (result?.leastMicros ?? NaN) / (result?.window ?? NaN);
  const once = Math.max(...results.map(({ computedPerTrade }) => Math.abs(computedPerTrade - 1)));
  return [
    {
      ...{
        name: 'all figures anew, window of 100, p99',
        value: usual?.p99Micros,
        unit: 'us',
        bound: 'below',
        limit: 1_000,
      },
      rows: ['PRF-24', 'PCT-10'],
    },
    {
      ...{ name: 'time a trade of the window, 10,000 beside 100', value: perTrade(widest) / perTrade(usual) },
      ...{ unit: 'times', bound: 'at most', limit: 1.25, rows: ['PCT-10'] },
    },
    {
      ...{
        name: 'computations a trade other than one',
        value: once,
        unit: '',
        bound: 'at most',
        limit: 0,
        rows: ['PCT-10'],
      },
    },
  ];
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
  const computedBefore = tracker.recalculations;
  for (let trade = 0; trade < 100; trade++) {
    record();
    for (let read = 0; read < READS_PER_TRADE; read++) tracker.metrics(timeNanos);
  }
  const computedPerTrade = (tracker.recalculations - computedBefore) / 100;
  const reads = 100_000;
  const start = process.hrtime.bigint();
  for (let i = 0; i < reads; i++) tracker.metrics(timeNanos);
  const cachedNanos = Number(process.hrtime.bigint() - start) / reads;
  const ascending = sorted(micros);
  return {
    window,
    ...{ recalculations, computedPerTrade },
    leastMicros: ascending[0] as number,
    p50Micros: quantileType7(ascending, 0.5),
    p99Micros: quantileType7(ascending, 0.99),
    cachedNanos,
  };
}
