/**
 * What the stamps of two hosts say about the difference of their clocks (remote minus local, nanoseconds).
 * Round trips: a message cannot arrive before it was sent, so every one that goes out bounds the offset from above
 * (received there - sent here) and every one that comes back from below (sent there - received here, negated one-way
 * delay). The tightest pair is NTP's estimate ((t2-t1)+(t3-t4))/2 with an error of at most half the round trip (Mills, RFC
 * 5905), taken over all messages and not one by one.
 * One way only: the lower hull of (receive - send) gives offset plus the least delay, and its slope the drift of the clocks
 * (Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay measurements", INFOCOM 1999). The
 * variation of the delay is then exact; its level is unknown, and `absolute` is null.
 */

export interface RoundTrip {
  /** Sent here, received there, sent back there, received here. */
  readonly t1: bigint;
  readonly t2: bigint;
  readonly t3: bigint;
  readonly t4: bigint;
}

export interface OffsetEstimate {
  readonly offsetNanos: number;
  /** The true offset is within plus or minus this, if it stood still meanwhile. */
  readonly errorNanos: number;
  readonly messages: number;
  /** The bounds contradict each other: the clocks moved meanwhile. The error then covers both. */
  readonly moved: boolean;
}

/** Null without messages. */
export function offsetFromRoundTrips(trips: readonly RoundTrip[]): OffsetEstimate | null {
  if (trips.length === 0) return null;
  let upper = Infinity;
  let lower = -Infinity;
  for (const { t1, t2, t3, t4 } of trips) {
    upper = Math.min(upper, Number(t2 - t1));
    lower = Math.max(lower, Number(t3 - t4));
  }
  return {
    offsetNanos: Math.round((upper + lower) / 2),
    errorNanos: Math.ceil(Math.abs(upper - lower) / 2),
    messages: trips.length,
    moved: lower > upper,
  };
}

export interface OneWayMessage {
  /** On the sender's clock. */
  readonly sentNanos: bigint;
  /** On the receiver's. */
  readonly receivedNanos: bigint;
}

export interface OneWayEstimate {
  /** Receive minus send of the fastest message at `atNanos`: clock offset plus least delay, which one way cannot part. */
  readonly floorNanos: number;
  readonly atNanos: bigint;
  /** Drift of the receiver's clock against the sender's, parts per million; null where the hull has a single corner. */
  readonly driftPpm: number | null;
  readonly absolute: null;
  readonly messages: number;
  /** Delay above the fastest: exact up to the drift's fit. */
  variationNanos(message: OneWayMessage): number;
}

/** Null without messages. O(n log n). */
export function offsetFromOneWay(messages: readonly OneWayMessage[]): OneWayEstimate | null {
  const [first] = messages;
  if (first === undefined) return null;
  const origin = messages.reduce((min, { sentNanos }) => (sentNanos < min ? sentNanos : min), first.sentNanos);
  const points = messages
    .map(({ sentNanos, receivedNanos }): Point => [Number(sentNanos - origin), Number(receivedNanos - sentNanos)])
    .sort(([x0, y0], [x1, y1]) => x0 - x1 || y0 - y1);
  const line = supportingLine(lowerHull(points), points);
  return {
    floorNanos: Math.round(line.level),
    atNanos: origin,
    driftPpm: line.slope === null ? null : line.slope * 1e6,
    absolute: null,
    messages: messages.length,
    variationNanos({ sentNanos, receivedNanos }) {
      const floor = line.level + (line.slope ?? 0) * Number(sentNanos - origin);
      return Number(receivedNanos - sentNanos) - floor;
    },
  };
}

type Point = readonly [x: number, y: number];

/** Andrew's monotone chain, the lower half. */
function lowerHull(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  for (const point of points) {
    while (hull.length > 1 && !turnsLeft(hull[hull.length - 2] as Point, hull[hull.length - 1] as Point, point))
      hull.pop();
    if (hull.length === 1 && hull[0]?.[0] === point[0]) continue;
    hull.push(point);
  }
  return hull;
}

function turnsLeft([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): boolean {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0;
}

/** The hull's edge under the mean of the points: of all lines below them, that with the least mean distance (Moon 1999). */
function supportingLine(hull: readonly Point[], points: readonly Point[]): { level: number; slope: number | null } {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  for (let i = 1; i < hull.length; i++) {
    const [[ax, ay], [bx, by]] = [hull[i - 1] as Point, hull[i] as Point];
    if (bx < meanX) continue;
    const slope = (by - ay) / (bx - ax);
    return { level: ay - slope * ax, slope };
  }
  return { level: hull[0]?.[1] ?? 0, slope: null };
}
