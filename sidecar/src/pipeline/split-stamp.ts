/**
 * Nanoseconds since 1970 as whole seconds and the nanoseconds within, without dividing a BigInt, which allocates: the quotient is
 * estimated with a double, and the remainder, taken modulo 2^32, tells by how much it is off. For stamps from 0 to 2^63 - 1.
 */
const whole = new BigInt64Array(1);
const words = new Uint32Array(whole.buffer);
const WORD = 2 ** 32;
const PER_SECOND = 1_000_000_000;

export interface SplitStamp {
  seconds: number;
  nanos: number;
}

export function splitStamp(timeNanos: bigint, into: SplitStamp): void {
  whole[0] = timeNanos;
  const low = words[0] as number;
  let seconds = Math.floor(((words[1] as number) * WORD + low) / PER_SECOND);
  // A double is off by less than a microsecond, so the estimate is by one second at most.
  let nanos = (low - Math.imul(seconds, PER_SECOND)) | 0;
  if (nanos < 0) {
    seconds--;
    nanos += PER_SECOND;
  } else if (nanos >= PER_SECOND) {
    seconds++;
    nanos -= PER_SECOND;
  }
  into.seconds = seconds;
  into.nanos = nanos;
}
