/**
 * What a millisecond costs: slippage in basis points regressed on latency in milliseconds, with the load of the market held
 * fixed (a busy market is slow *and* dear; without it the milliseconds would be charged for the market). Errors of fills
 * that are near in time go together and grow with the load, so the standard error is the jackknife's over blocks of time (one
 * block left out at a time; MacKinnon, Nielsen and Webb, "Fast and reliable jackknife and bootstrap methods for
 * cluster-robust inference", 2023), with Student's t of as many degrees as blocks minus one.
 * Regressors are first cleared of the controls (Frisch, Waugh and Lovell). Fills whose benchmark was a stale quote say nothing
 * about latency: they are left out and counted. No interval below 10 blocks of 20 fills.
 */
import { studentCritical } from '../stats/student-t.ts';

export interface TimedFill {
  readonly timeNanos: bigint;
  readonly latencyMs: number;
  /** Cost is positive. */
  readonly slippageBps: number;
  /** What the slippage is a part of; sums to the money at stake. */
  readonly notional: number;
  /** The benchmark's quote was too old. */
  readonly stale: boolean;
  /** The market's state at that moment, such as the logarithm of volatility and of the message rate; all fills alike. */
  readonly load: readonly number[];
}

export interface CostPerMs {
  readonly bpsPerMs: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly standardError: number | null;
  /** The interval does not contain zero. */
  readonly significant: boolean;
  /** Money per millisecond on the notional of all fills that count. */
  readonly moneyPerMs: number | null;
  readonly fills: number;
  readonly staleExcluded: number;
  readonly notional: number;
  readonly withheld: 'too_few_fills' | 'latency_does_not_vary' | null;
}

export const MIN_COST_FILLS = 200;
const MIN_BLOCKS = 10;
const FILLS_PER_BLOCK = 20;
/** More blocks gain nothing, and longer ones hold more of what goes together. */
const MAX_BLOCKS = 25;

export function costPerMs(fills: readonly TimedFill[], confidence = 0.95): CostPerMs {
  const counted = fills
    .filter(({ stale, latencyMs, slippageBps }) => !stale && Number.isFinite(latencyMs) && Number.isFinite(slippageBps))
    .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
  const notional = counted.reduce((sum, fill) => sum + fill.notional, 0);
  const counts = { fills: counted.length, staleExcluded: fills.filter(({ stale }) => stale).length, notional };
  if (counted.length < MIN_COST_FILLS) return { ...NOTHING, ...counts, withheld: 'too_few_fills' };
  const load = Array.from({ length: counted[0]?.load.length ?? 0 }, (_, k) => counted.map((fill) => fill.load[k] ?? 0));
  const controls = orthogonal([counted.map(() => 1), ...load]);
  const x = cleared(
    counted.map(({ latencyMs }) => latencyMs),
    controls,
  );
  const y = cleared(
    counted.map(({ slippageBps }) => slippageBps),
    controls,
  );
  const xx = dot(x, x);
  if (!(xx > 1e-12 * counted.length)) return { ...NOTHING, ...counts, withheld: 'latency_does_not_vary' };
  const slope = dot(x, y) / xx;
  const blocks = Math.max(MIN_BLOCKS, Math.min(MAX_BLOCKS, Math.floor(counted.length / FILLS_PER_BLOCK)));
  const standardError = jackknifeError(x, y, slope, blocks);
  const half = studentCritical(confidence, blocks - 1) * standardError;
  const [lower, upper] = [slope - half, slope + half];
  return {
    ...{ bpsPerMs: slope, lower, upper, standardError, significant: lower > 0 || upper < 0, ...counts, withheld: null },
    moneyPerMs: (slope / 1e4) * notional,
  };
}

const NOTHING = {
  ...{ bpsPerMs: null, lower: null, upper: null, standardError: null, significant: false, moneyPerMs: null },
} as const;

/** Gram and Schmidt; columns that say nothing new are dropped. */
function orthogonal(columns: readonly (readonly number[])[]): number[][] {
  const kept: number[][] = [];
  for (const column of columns) {
    const rest = cleared(column, kept);
    if (dot(rest, rest) > 1e-12 * Math.max(1, dot(column, column))) kept.push(rest);
  }
  return kept;
}

/** What is left of a column after its parts along orthogonal ones. */
function cleared(column: readonly number[], of: readonly (readonly number[])[]): number[] {
  const rest = [...column];
  for (const other of of) {
    const factor = dot(rest, other) / dot(other, other);
    for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] as number) - factor * (other[i] as number);
  }
  return rest;
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Spread of the slopes without one block each, blocks in order of time. */
function jackknifeError(x: readonly number[], y: readonly number[], slope: number, blocks: number): number {
  const n = x.length;
  const [xx, xy] = [dot(x, x), dot(x, y)];
  let sum = 0;
  for (let block = 0; block < blocks; block++) {
    let [partXx, partXy] = [0, 0];
    const end = Math.floor(((block + 1) * n) / blocks);
    for (let i = Math.floor((block * n) / blocks); i < end; i++) {
      partXx += (x[i] as number) ** 2;
      partXy += (x[i] as number) * (y[i] as number);
    }
    sum += ((xy - partXy) / (xx - partXx) - slope) ** 2;
  }
  return Math.sqrt(((blocks - 1) / blocks) * sum);
}
