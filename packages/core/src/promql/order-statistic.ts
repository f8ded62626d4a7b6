/** Quantiles of plain numbers as PromQL defines them: rank q * (n - 1), linear between neighbours, NaN smallest. */

/** NaN without values or for q = NaN; -Infinity below q = 0 and Infinity above q = 1. Sorts a copy. */
export function quantileOf(q: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const sorted = Float64Array.from(values, (value) => (Number.isNaN(value) ? -Infinity : value)).sort();
  const nans = values.reduce((count, value) => (Number.isNaN(value) ? count + 1 : count), 0);
  const at = (index: number): number => (index < nans ? NaN : (sorted[index] as number));
  const rank = q * (values.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - lower;
  return at(lower) * (1 - weight) + at(upper) * weight;
}

/** The warning for a quantile parameter outside [0, 1]; undefined when it is fine. */
export function quantileOutOfRange(q: number): string | undefined {
  if (q >= 0 && q <= 1) return undefined;
  const shown = q === Infinity ? '+Inf' : q === -Infinity ? '-Inf' : String(q);
  return `quantile value should be between 0 and 1, got ${shown}`;
}
