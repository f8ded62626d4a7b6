/** Stamps in nanoseconds by their halves of 32 bits: a bigint a row would take longer than all the rest of a pass over them. */

/** Of stamp i the lower half is `low[i * 2]`, the upper one `high[i * 2 + 1]`. Views, no copies. */
export interface StampHalves {
  readonly low: Uint32Array;
  readonly high: Int32Array;
}

export function halvesOf({ buffer, byteOffset, length }: BigInt64Array): StampHalves {
  return { low: new Uint32Array(buffer, byteOffset, length * 2), high: new Int32Array(buffer, byteOffset, length * 2) };
}

/** Of two places: negative where the stamp of the first is earlier, positive where it is later. */
export function compareStamps({ low, high }: StampHalves, a: number, b: number): number {
  return (high[a * 2 + 1] as number) - (high[b * 2 + 1] as number) || (low[a * 2] as number) - (low[b * 2] as number);
}

const NANOS_PER_MS = 1_000_000;
/** 2 ** 32 nanoseconds, as milliseconds and nanoseconds. */
const [HIGH_MS, HIGH_NANOS] = [4_294, 967_296];

/** Nanoseconds as whole milliseconds towards minus infinity and the rest, by their halves: exact, and no BigInt a row. */
export function splitStamps(stamps: BigInt64Array): { readonly ms: Float64Array; readonly nanos: Uint32Array } {
  const { low, high } = halvesOf(stamps);
  const ms = new Float64Array(stamps.length);
  const nanos = new Uint32Array(stamps.length);
  for (let i = 0; i < stamps.length; i++) {
    const above = high[i * 2 + 1] as number;
    // Below 2 ** 53: the high half is below 2 ** 31 in size.
    const rest = above * HIGH_NANOS + (low[i * 2] as number);
    const restMs = Math.floor(rest / NANOS_PER_MS);
    ms[i] = above * HIGH_MS + restMs;
    nanos[i] = rest - restMs * NANOS_PER_MS;
  }
  return { ms, nanos };
}

/** Whole milliseconds towards minus infinity. */
export function millisecondsOf(stamps: BigInt64Array): Float64Array {
  return splitStamps(stamps).ms;
}
