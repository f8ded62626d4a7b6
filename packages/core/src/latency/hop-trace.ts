/**
 * One order's way as hops in a row: what each took between two stamps, and whose clocks made the stamps. The hops of a
 * trace sum to its total exactly, however wrong the clocks between its ends are, because each inner stamp counts once with
 * plus and once with minus.
 */

export interface Hop {
  /** Such as `gateway`, or `strategy → gateway` for a network. */
  readonly name: string;
  /** As stamped; below zero where the second clock is behind the first. Whole nanoseconds. */
  readonly nanos: number;
  /** Whose clocks stamped its beginning and its end; one host: the duration is exact. Empty: unknown. */
  readonly from: string;
  readonly to: string;
}

export interface HopTrace {
  /** The order or the trace. */
  readonly id: string;
  /** First stamp, on the first host's clock. */
  readonly timeNanos: bigint;
  /** In order of time. */
  readonly hops: readonly Hop[];
  /** How many traces this one stands for; more than 1 after sampling. */
  readonly weight: number;
}

/** A place on the way where somebody took a stamp. */
export interface Checkpoint {
  readonly name: string;
  readonly host: string;
  readonly timeNanos: bigint;
}

export function isCrossing({ from, to }: Hop): boolean {
  return from !== to;
}

export function totalNanos({ hops }: HopTrace): number {
  return hops.reduce((sum, { nanos }) => sum + nanos, 0);
}

/** Hops between checkpoints that follow one another; null below two of them. */
export function hopsBetween(
  id: string,
  checkpoints: readonly Checkpoint[],
  name: (from: Checkpoint, to: Checkpoint) => string = ({ name: a }, { name: b }) => `${a} → ${b}`,
): HopTrace | null {
  const [first] = checkpoints;
  if (first === undefined || checkpoints.length < 2) return null;
  const hops = checkpoints.slice(1).map((to, i): Hop => {
    const from = checkpoints[i] as Checkpoint;
    return { name: name(from, to), nanos: Number(to.timeNanos - from.timeNanos), from: from.host, to: to.host };
  });
  return { id, timeNanos: first.timeNanos, hops, weight: 1 };
}
