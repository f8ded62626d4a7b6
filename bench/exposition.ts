/** Reads the sidecar's own figures from its `/metrics`. */

export async function exposition(http: string): Promise<string> {
  const response = await fetch(`${http}/metrics`);
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  return response.text();
}

/** Sum over the series of a metric whose labels match. */
export function sumOf(text: string, metric: string, labels = ''): number {
  const pattern = new RegExp(`^${metric}\\{[^}]*${labels}[^}]*\\} (\\S+)`, 'gm');
  return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** A quantile of what a classic histogram counted between two readings, interpolated within the bucket. */
export function quantileOf(q: number, metric: string, before: string, after: string): number {
  const earlier = bucketsOf(before, metric);
  const buckets = bucketsOf(after, metric).map(([bound, count], i) => [bound, count - (earlier[i]?.[1] ?? 0)] as const);
  const rank = q * (buckets.at(-1)?.[1] ?? 0);
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lower;
      return lower + ((bound - lower) * (rank - below)) / Math.max(1, count - below);
    }
    [lower, below] = [bound, count];
  }
  return NaN;
}

function bucketsOf(text: string, metric: string): [number, number][] {
  const pattern = new RegExp(`^${metric}_bucket\\{le="([^"]+)"\\} (\\S+)`, 'gm');
  return [...text.matchAll(pattern)].map(([, le, count]) => [le === '+Inf' ? Infinity : Number(le), Number(count)]);
}
