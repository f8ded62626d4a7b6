/**
 * What makes the tail. Percentiles do not add up over hops, means do: of the traces in the tail band, the mean time of each
 * hop sums to the band's mean exactly. What a hop has there above the median band is what it adds to the tail; with an
 * earlier period to compare with, what it has above the same band then is what changed. A band of fewer than 50 traces
 * says nothing. Weights (from sampling) count as so many traces. Method: DOMAIN.md 7 after CRISP (ATC 2022).
 */
import type { ClockTrack } from './clock-track.ts';
import { isCrossing, totalNanos, type HopTrace } from './hop-trace.ts';

export const MIN_BAND_TRACES = 50;

export interface BandOptions {
  /** Such as 0.99. */
  readonly quantile: number;
  /** The band reaches from `quantile - halfWidth` to `quantile + halfWidth`; absent: everything from the quantile up. */
  readonly halfWidth?: number;
}

/** Mean time per trace in a band, and its parts. */
export interface Band {
  readonly traces: readonly HopTrace[];
  readonly meanNanos: number;
  /** Standard error of the mean, by blocks of time. */
  readonly standardError: number;
  /** Totals at the band's edges. */
  readonly lowerNanos: number;
  readonly upperNanos: number;
  readonly hops: ReadonlyMap<string, HopMean>;
}

export interface HopMean {
  readonly nanos: number;
  /** Standard error of the mean; traces in a row that share a fault count as one block. */
  readonly standardError: number;
  /** What clocks may have added or taken. */
  readonly clockError: number;
}

/** Traces with their totals, ascending by total: bands are cut from it. */
export interface RankedTraces {
  readonly traces: readonly HopTrace[];
  readonly totals: Float64Array;
  /** Share of the weight at or below each trace. */
  readonly ranks: Float64Array;
  readonly weight: number;
}

export function rankTraces(traces: readonly HopTrace[]): RankedTraces {
  const rows = traces
    .map((trace) => ({ trace, total: totalNanos(trace) }))
    .sort((a, b) => a.total - b.total || (a.trace.id < b.trace.id ? -1 : 1));
  const weight = rows.reduce((sum, { trace }) => sum + trace.weight, 0);
  let reached = 0;
  const ranks = Float64Array.from(rows, ({ trace }) => (reached += trace.weight) / weight);
  return {
    traces: rows.map(({ trace }) => trace),
    totals: Float64Array.from(rows, ({ total }) => total),
    ranks,
    weight,
  };
}

/** Null where it would hold fewer than `MIN_BAND_TRACES`. */
export function bandOf(ranked: RankedTraces, { quantile, halfWidth }: BandOptions, clocks: ClockTrack): Band | null {
  const low = halfWidth === undefined ? quantile : quantile - halfWidth;
  const high = halfWidth === undefined ? 1 : quantile + halfWidth;
  const { ranks, traces, totals } = ranked;
  let [first, last] = [0, traces.length];
  // The trace that reaches over the lower edge belongs to the band.
  while (first < last && (ranks[first] as number) <= low) first++;
  while (last > first && last > 1 && (ranks[last - 2] as number) >= high) last--;
  if (last - first < MIN_BAND_TRACES) return null;
  const inside = traces.slice(first, last);
  return {
    traces: inside,
    lowerNanos: totals[first] as number,
    upperNanos: totals[last - 1] as number,
    ...meansOf(inside, clocks),
  };
}

/** The hop's time with the clocks' movement taken out; the sum over a closed way stays what it was. */
export function correctedNanos(trace: HopTrace, index: number, clocks: ClockTrack): number {
  const hop = trace.hops[index];
  if (hop === undefined) return 0;
  return isCrossing(hop) ? hop.nanos - clocks.correction(trace, hop.from, hop.to) : hop.nanos;
}

interface Sums {
  nanos: number;
  clockError: number;
  /** Per trace, for the standard error; traces without the hop count as zero. */
  readonly values: Float64Array;
}

function meansOf(traces: readonly HopTrace[], clocks: ClockTrack): Pick<Band, 'meanNanos' | 'standardError' | 'hops'> {
  // In order of time, for the blocks of the standard error.
  const inTime = [...traces].sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
  const sums = new Map<string, Sums>();
  const totals = Float64Array.from(inTime, totalNanos);
  const weights = Float64Array.from(inTime, (trace) => trace.weight);
  let weight = 0;
  for (const [i, trace] of inTime.entries()) {
    weight += trace.weight;
    for (const [h, hop] of trace.hops.entries()) {
      let sum = sums.get(hop.name);
      if (sum === undefined)
        sums.set(hop.name, (sum = { nanos: 0, clockError: 0, values: new Float64Array(inTime.length) }));
      const nanos = correctedNanos(trace, h, clocks);
      sum.nanos += trace.weight * nanos;
      sum.values[i] = (sum.values[i] as number) + nanos;
      if (isCrossing(hop)) sum.clockError += trace.weight * clocks.error(trace, hop.from, hop.to);
    }
  }
  const hops = new Map(
    [...sums].map(([name, { nanos, clockError, values }]) => {
      const mean = nanos / weight;
      return [
        name,
        { nanos: mean, standardError: blockError(values, weights), clockError: clockError / weight },
      ] as const;
    }),
  );
  const meanNanos = [...hops.values()].reduce((sum, { nanos }) => sum + nanos, 0);
  return { meanNanos, standardError: blockError(totals, weights), hops };
}

const BLOCKS = 10;

/**
 * Standard error of a weighted mean from ten blocks in order of time: the mean is a ratio of two sums, so a block pulls it by
 * its share of the weight times its own distance (Cochran, "Sampling Techniques", 3rd ed., 6.4). Of equal weights that is
 * the deviation of the blocks' means over the root of their number.
 */
function blockError(values: Float64Array, weights: Float64Array): number {
  const blocks = Array.from({ length: BLOCKS }, (_, block) => {
    const [from, to] = [block, block + 1].map((edge) => Math.floor((edge * values.length) / BLOCKS)) as [
      number,
      number,
    ];
    const sums = { value: 0, weight: 0 };
    for (let row = from; row < to; row++) {
      const weight = weights[row] as number;
      sums.value += weight * (values[row] as number);
      sums.weight += weight;
    }
    return sums;
  });
  const weight = blocks.reduce((sum, block) => sum + block.weight, 0);
  const mean = blocks.reduce((sum, block) => sum + block.value, 0) / weight;
  const squares = blocks.reduce((sum, block) => sum + (block.value - block.weight * mean) ** 2, 0);
  return Math.sqrt((BLOCKS / (BLOCKS - 1)) * squares) / weight;
}
