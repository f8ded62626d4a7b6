/**
 * Windows of distributions merged into wider ones, bucket by bucket: the counts of a series' rows are added up in one
 * dense array over the bins that they span, so a bin costs an addition. Rows of different shapes (scale, zero threshold,
 * custom bounds) stay apart; they add up when read. O(bins + rows log rows).
 */
import type { DistributionWindows, HistogramColumns } from './rollup-columns.ts';

/** Rows in any order; merged are those with the same series, shape and wide window. Yields ascending start and series. */
export function foldDistributions(parts: DistributionWindows, widthSeconds: number): DistributionWindows {
  return folded(parts, runsOf(parts, { widthSeconds, takes: () => true }), widthSeconds);
}

/** As `foldLateValues`, of distributions: of the revised rows that begin before the stamp, seconds. */
export function foldLateDistributions(
  parts: DistributionWindows,
  { widthSeconds, beforeSeconds }: { readonly widthSeconds: number; readonly beforeSeconds: number },
): DistributionWindows {
  const takes = (row: number): boolean =>
    parts.revised[row] === 1 && (parts.startSeconds[row] as number) < beforeSeconds;
  const late = folded(parts, runsOf(parts, { widthSeconds, takes }), widthSeconds);
  return { ...late, revised: new Uint8Array(late.seriesIds.length).fill(1) };
}

function folded(parts: DistributionWindows, runs: readonly Run[], widthSeconds: number): DistributionWindows {
  const rows = runs.length;
  const seriesIds = Uint32Array.from(runs, ([first]) => parts.seriesIds[first as number] as number);
  const startSeconds = Uint32Array.from(runs, ([first]) => {
    const start = parts.startSeconds[first as number] as number;
    return start - (start % widthSeconds);
  });
  return { seriesIds, startSeconds, revised: new Uint8Array(rows), histograms: mergeRuns(parts.histograms, runs) };
}

/** Rows that belong together. */
type Run = Uint32Array | readonly number[];

/** Lists of rows that belong together. */
function runsOf(
  parts: DistributionWindows,
  { widthSeconds, takes }: { readonly widthSeconds: number; readonly takes: (row: number) => boolean },
): Run[] {
  const byStart = new Map<number, number[]>();
  for (let row = 0; row < parts.startSeconds.length; row++) {
    if (!takes(row)) continue;
    const start = parts.startSeconds[row] as number;
    const wide = start - (start % widthSeconds);
    const rows = byStart.get(wide);
    if (rows === undefined) byStart.set(wide, [row]);
    else rows.push(row);
  }
  return [...byStart].sort(([a], [b]) => a - b).flatMap(([, rows]) => runsOfSeries(parts, rows));
}

function runsOfSeries({ seriesIds, histograms }: DistributionWindows, rows: readonly number[]): Run[] {
  // Series and place in one exact double: ids have 32 bits, places fewer than 21.
  const keys = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) keys[i] = (seriesIds[rows[i] as number] as number) * 2 ** 21 + i;
  keys.sort();
  const runs: Run[] = [];
  for (let from = 0; from < keys.length;) {
    const series = Math.floor((keys[from] as number) / 2 ** 21);
    let to = from + 1;
    while (to < keys.length && Math.floor((keys[to] as number) / 2 ** 21) === series) to++;
    const run = new Uint32Array(to - from);
    for (let i = from; i < to; i++) run[i - from] = rows[(keys[i] as number) % 2 ** 21] as number;
    runs.push(...byShape(histograms, run));
    from = to;
  }
  return runs;
}

function byShape(histograms: HistogramColumns, run: Uint32Array): Run[] {
  const { scales, zeroThresholds, customBounds } = histograms;
  const first = run[0] as number;
  const isUniform = run.every(
    (row) =>
      scales[row] === scales[first] &&
      zeroThresholds[row] === zeroThresholds[first] &&
      customBounds.offsets[row] === customBounds.offsets[row + 1],
  );
  if (isUniform) return [run];
  const shapes = new Map<string, number[]>();
  for (const row of run) {
    const bounds = customBounds.values.subarray(customBounds.offsets[row], customBounds.offsets[row + 1]);
    const key = `${scales[row]}/${zeroThresholds[row]}/${bounds.join()}`;
    shapes.set(key, [...(shapes.get(key) ?? []), row]);
  }
  return [...shapes.values()];
}

function mergeRuns(from: HistogramColumns, runs: readonly Run[]): HistogramColumns {
  const sum = (column: Float64Array): Float64Array => reduce(runs, column, 0, (a, b) => a + b);
  const firsts = (row: number): number => (runs[row] as Run)[0] as number;
  const bounds = runs.map((_, row) =>
    from.customBounds.values.subarray(
      from.customBounds.offsets[firsts(row)],
      from.customBounds.offsets[firsts(row) + 1],
    ),
  );
  return {
    counts: sum(from.counts),
    sums: sum(from.sums),
    mins: reduce(runs, from.mins, Infinity, Math.min),
    maxs: reduce(runs, from.maxs, -Infinity, Math.max),
    scales: Int8Array.from(runs, (_, row) => from.scales[firsts(row)] as number),
    zeroThresholds: Float64Array.from(runs, (_, row) => from.zeroThresholds[firsts(row)] as number),
    zeroCounts: sum(from.zeroCounts),
    nanCounts: sum(from.nanCounts),
    positiveInfinityCounts: sum(from.positiveInfinityCounts),
    negativeInfinityCounts: sum(from.negativeInfinityCounts),
    positive: mergeSide(from.positive, runs),
    negative: mergeSide(from.negative, runs),
    customBounds: joinBounds(bounds),
  };
}

function reduce(
  runs: readonly Run[],
  column: Float64Array,
  empty: number,
  add: (a: number, b: number) => number,
): Float64Array {
  const reduced = new Float64Array(runs.length);
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i] as Run;
    let value = empty;
    for (let j = 0; j < run.length; j++) value = add(value, column[run[j] as number] as number);
    reduced[i] = value;
  }
  return reduced;
}

/** Counts by bin of the run at work; all zero between two runs. */
let cells = new Float64Array(4_096);

function mergeSide(
  { offsets, indexes, counts }: HistogramColumns['positive'],
  runs: readonly Run[],
): HistogramColumns['positive'] {
  const merged = {
    offsets: new Uint32Array(runs.length + 1),
    indexes: new Int32Array(1_024),
    counts: new Float64Array(1_024),
  };
  let size = 0;
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i] as Run;
    let [low, high, entries] = [Infinity, -Infinity, 0];
    for (let j = 0; j < run.length; j++) {
      const [from, to] = [offsets[run[j] as number] as number, offsets[(run[j] as number) + 1] as number];
      if (to === from) continue;
      entries += to - from;
      low = Math.min(low, indexes[from] as number);
      high = Math.max(high, indexes[to - 1] as number);
    }
    if (entries > 0) {
      if (high - low >= cells.length) cells = new Float64Array((high - low + 1) * 2);
      if (size + entries > merged.indexes.length) grow(merged, Math.max(size + entries, merged.indexes.length * 2));
      for (let j = 0; j < run.length; j++) {
        const to = offsets[(run[j] as number) + 1] as number;
        for (let at = offsets[run[j] as number] as number; at < to; at++) {
          (cells[(indexes[at] as number) - low] as number) += counts[at] as number;
        }
      }
      for (let cell = 0; cell <= high - low; cell++) {
        const count = cells[cell] as number;
        if (count === 0) continue;
        cells[cell] = 0;
        merged.indexes[size] = low + cell;
        merged.counts[size++] = count;
      }
    }
    merged.offsets[i + 1] = size;
  }
  return { offsets: merged.offsets, indexes: merged.indexes.slice(0, size), counts: merged.counts.slice(0, size) };
}

function grow(lists: { indexes: Int32Array; counts: Float64Array }, length: number): void {
  const [indexes, counts] = [new Int32Array(length), new Float64Array(length)];
  indexes.set(lists.indexes);
  counts.set(lists.counts);
  lists.indexes = indexes;
  lists.counts = counts;
}

function joinBounds(bounds: readonly Float64Array[]): HistogramColumns['customBounds'] {
  const offsets = new Uint32Array(bounds.length + 1);
  for (let i = 0; i < bounds.length; i++) {
    offsets[i + 1] = (offsets[i] as number) + (bounds[i] as Float64Array).length;
  }
  const values = new Float64Array(offsets[bounds.length] as number);
  bounds.forEach((list, i) => values.set(list, offsets[i]));
  return { offsets, values };
}
