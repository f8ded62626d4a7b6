/**
 * The value at PromQL's rank in sorted values: the order statistic whose bucket `histogram_quantile` interpolates in.
 * Prometheus counts from the nearer end (promql/quantile.go): rank q * n from below for q < 0.5, (1 - q) * n from above
 * otherwise, and takes the first bucket whose cumulative count reaches it. The same float arithmetic is used here.
 */
export function exactQuantile(q: number, ascending: readonly number[]): number {
  const n = ascending.length;
  if (n === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const place = (rank: number): number => Math.min(n, Math.max(1, Math.ceil(rank)));
  const index = q < 0.5 ? place(q * n) - 1 : n - place((1 - q) * n);
  return ascending[index] as number;
}
