/**
 * Histograms with custom bounds (Prometheus native histograms of schema -53, classic buckets in one sample): bucket i
 * covers (bounds[i - 1], bounds[i]], the first from -Infinity, the last to Infinity. Two lists of bounds meet at the
 * bounds that they share, which loses resolution but moves no observation across a shared bound.
 */

/** What `scale` says of a histogram with custom bounds. */
export const CUSTOM_SCALE = -53;

export function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i]);
}

export function commonBounds(a: readonly number[], b: readonly number[]): readonly number[] {
  if (sameBounds(a, b)) return a;
  const others = new Set(b);
  return a.filter((bound) => others.has(bound));
}

/** Counts by index under `from`, moved to the indexes under `to`, a subset of the bounds. */
export function rebucket(
  counts: ReadonlyMap<number, number>,
  from: readonly number[],
  to: readonly number[],
): Map<number, number> {
  const moved = new Map<number, number>();
  for (const [index, count] of counts) {
    const upper = from[index] ?? Infinity;
    const found = to.findIndex((bound) => bound >= upper);
    const target = found === -1 ? to.length : found;
    moved.set(target, (moved.get(target) ?? 0) + count);
  }
  return moved;
}

/** Index of the bucket that holds a finite value. */
export function customIndex(value: number, bounds: readonly number[]): number {
  const found = bounds.findIndex((bound) => value <= bound);
  return found === -1 ? bounds.length : found;
}
