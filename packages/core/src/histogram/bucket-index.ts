/**
 * Value to bucket index of a base-2 exponential histogram (OpenTelemetry metrics data model, exponential histogram):
 * with base = 2^(2^-scale), bucket i covers (base^i, base^(i+1)], so i = ceil(log2(v) * 2^scale) - 1.
 * Computed from the bits of the double and a table of boundaries, not from a logarithm: exact powers of two land in the
 * lower bucket for every exponent. Prometheus native histograms number the same buckets by upper bound: index + 1.
 */

/** The finest scale that we build; finer input is downscaled by its decoder (Prometheus stops here as well). */
export const MAX_SCALE = 8;
/** The coarsest scale (one bucket spans 2^16); Prometheus's limit is -4, OpenTelemetry's -10. */
export const MIN_SCALE = -4;

interface ScaleTable {
  /** bounds[j] = 2^(j / 2^scale), j = 0 .. 2^scale. */
  readonly bounds: Float64Array;
  /** For each cell of the leading mantissa bits, the bucket that holds the cell's first value. */
  readonly cells: Uint16Array;
  readonly cellShift: number;
}

const tables = new Map<number, ScaleTable>();
const scratch = new DataView(new ArrayBuffer(8));

function tableOf(scale: number): ScaleTable {
  const known = tables.get(scale);
  if (known !== undefined) return known;
  const buckets = 2 ** scale;
  const bounds = Float64Array.from({ length: buckets + 1 }, (_, j) => 2 ** (j / buckets));
  // Twice as many cells as buckets: a cell is narrower than a bucket, so at most one boundary lies inside it.
  const cellBits = scale + 1;
  const cells = new Uint16Array(2 ** cellBits);
  for (let cell = 0, j = 0; cell < cells.length; cell++) {
    const start = 1 + cell / cells.length;
    while ((bounds[j + 1] as number) <= start) j++;
    cells[cell] = j;
  }
  const table = { bounds, cells, cellShift: 20 - cellBits };
  tables.set(scale, table);
  return table;
}

/** Index of the bucket that holds `magnitude`, a positive, finite, normal double. O(1). */
export function bucketIndex(magnitude: number, scale: number): number {
  scratch.setFloat64(0, magnitude);
  const high = scratch.getUint32(0);
  const exponent = (high >>> 20) - 1023;
  const mantissaHigh = high & 0xfffff;
  const isPowerOfTwo = mantissaHigh === 0 && scratch.getUint32(4) === 0;
  if (scale <= 0) return (isPowerOfTwo ? exponent - 1 : exponent) >> -scale;
  const buckets = 2 ** scale;
  if (isPowerOfTwo) return exponent * buckets - 1;
  const { bounds, cells, cellShift } = tableOf(scale);
  scratch.setUint32(0, 0x3ff00000 | mantissaHigh);
  const mantissa = scratch.getFloat64(0);
  let j = cells[mantissaHigh >>> cellShift] as number;
  while (mantissa > (bounds[j + 1] as number)) j++;
  if (mantissa <= (bounds[j] as number)) j--;
  return exponent * buckets + j;
}

/** `bucketIndex` for one scale, without its look-ups: for loops over many values. */
export function createBucketIndex(scale: number): (magnitude: number) => number {
  if (scale <= 0) return (magnitude) => bucketIndex(magnitude, scale);
  const { bounds, cells, cellShift } = tableOf(scale);
  const buckets = 2 ** scale;
  const doubles = new Float64Array(1);
  const words = new Uint32Array(doubles.buffer);
  doubles[0] = 1;
  // 1.0 is 0x3ff00000_00000000: the word that is not zero is the high one.
  const high = words[0] === 0 ? 1 : 0;
  return (magnitude) => {
    doubles[0] = magnitude;
    const word = words[high] as number;
    const exponent = (word >>> 20) - 1023;
    const mantissaHigh = word & 0xfffff;
    if (mantissaHigh === 0 && words[1 - high] === 0) return exponent * buckets - 1;
    words[high] = 0x3ff00000 | mantissaHigh;
    const mantissa = doubles[0];
    let j = cells[mantissaHigh >>> cellShift] as number;
    while (mantissa > (bounds[j + 1] as number)) j++;
    if (mantissa <= (bounds[j] as number)) j--;
    return exponent * buckets + j;
  };
}

/** Upper, inclusive bound of bucket `index`. Infinity past the largest double. */
export function upperBound(index: number, scale: number): number {
  if (scale <= 0) return 2 ** ((index + 1) * 2 ** -scale);
  const buckets = 2 ** scale;
  const exponent = Math.floor((index + 1) / buckets);
  return 2 ** exponent * 2 ** ((index + 1 - exponent * buckets) / buckets);
}

/** Lower, exclusive bound of bucket `index`. */
export function lowerBound(index: number, scale: number): number {
  return upperBound(index - 1, scale);
}

/** base - 1, the largest relative distance between a value and any other value of its bucket. */
export function relativeErrorBound(scale: number): number {
  return 2 ** (2 ** -scale) - 1;
}
