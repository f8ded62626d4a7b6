/**
 * Adds histogram series step by step, so that percentiles of the whole are computed from the whole (percentiles
 * themselves must never be averaged). Buckets of the exponential layouts nest: a finer bucket lies inside the coarser
 * one, so it is folded into it and the sum is exact at the coarser resolution.
 * Complexity: O(cells log cells of a step).
 */
import { SeriesBuilder, type BucketCell, type HistogramSeries } from './histogram-series.ts';

/** Two neighbours whose bounds were computed by different code may differ in the last bits. */
const RELATIVE_TOLERANCE = 1e-9;

export function mergeSeries(series: readonly HistogramSeries[]): HistogramSeries {
  const [only] = series;
  if (only !== undefined && series.length === 1) return only;
  const times = [...new Set(series.flatMap((one) => [...one.times]))].sort((a, b) => a - b);
  const builder = new SeriesBuilder(series.reduce((sum, one) => sum + one.count.length, 0));
  const next = series.map(() => 0);
  for (const time of times) {
    const cells: BucketCell[] = [];
    series.forEach((one, s) => {
      const step = next[s] as number;
      if (one.times[step] !== time) return;
      next[s] = step + 1;
      pushStep(one, step, cells);
    });
    for (const cell of foldNested(cells)) builder.add(time, cell);
  }
  const intervalMs = Math.min(...series.map((one) => one.intervalMs));
  return { ...builder.finish('', intervalMs, true), skipped: series.reduce((sum, one) => sum + one.skipped, 0) };
}

function pushStep(series: HistogramSeries, step: number, into: BucketCell[]): void {
  for (let i = series.offsets[step] as number; i < (series.offsets[step + 1] as number); i++) {
    into.push({ lower: series.lower[i] as number, upper: series.upper[i] as number, count: series.count[i] as number });
  }
}

/** Sorts by lower bound, the widest first, and adds every cell that lies inside its predecessor to that one. */
export function foldNested(cells: BucketCell[]): BucketCell[] {
  cells.sort((a, b) => (same(a.lower, b.lower) ? b.upper - a.upper : a.lower - b.lower));
  const folded: BucketCell[] = [];
  for (const cell of cells) {
    const outer = folded[folded.length - 1];
    if (outer !== undefined && (cell.upper <= outer.upper || same(cell.upper, outer.upper))) {
      folded[folded.length - 1] = { ...outer, count: outer.count + cell.count };
    } else {
      folded.push(cell);
    }
  }
  return folded;
}

function same(a: number, b: number): boolean {
  return Math.abs(a - b) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}
