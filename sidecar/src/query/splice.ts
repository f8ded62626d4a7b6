/** Parts of matrices in time: what of an old answer still holds, and new steps behind it. Points are shared, not copied. */
import { labelOrder, type MatrixSeries, type Point, type QueryResult } from '@tapewatch/core';

type Matrix = Extract<QueryResult, { type: 'matrix' }>;

/** The points from `firstMs` to `lastMs`, both inclusive; series without any are left out. */
export function sliced(series: readonly MatrixSeries[], firstMs: number, lastMs: number): MatrixSeries[] {
  const kept: MatrixSeries[] = [];
  for (const one of series) {
    const from = indexAfter(one.points, firstMs - 1);
    const to = indexAfter(one.points, lastMs);
    if (from >= to) continue;
    kept.push(from === 0 && to === one.points.length ? one : { ...one, points: one.points.slice(from, to) });
  }
  return kept;
}

/** `later` behind `earlier`: series by their labels, in the engine's order; annotations of both. */
export function spliced(earlier: readonly MatrixSeries[], later: Matrix, notes: Matrix): Matrix {
  const byKey = new Map(earlier.map((series) => [series.labels.key, series]));
  for (const series of later.series) {
    const known = byKey.get(series.labels.key);
    byKey.set(
      series.labels.key,
      known === undefined ? series : { labels: known.labels, points: [...known.points, ...series.points] },
    );
  }
  return {
    type: 'matrix',
    series: [...byKey.values()].sort((a, b) => labelOrder(a.labels, b.labels)),
    warnings: union(notes.warnings, later.warnings),
    infos: union(notes.infos, later.infos),
  };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return b.length === 0 ? a : [...new Set([...a, ...b])];
}

/** Index of the first point after `timeMs`. */
function indexAfter(points: readonly Point[], timeMs: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as Point).timeMs > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
