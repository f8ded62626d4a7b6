/**
 * How clocks moved against one another while orders passed, from nothing but the orders' own stamps. Of each hop between
 * two hosts the fastest passage in a slice of time (its floor) is the network's least delay plus the clocks' difference. A
 * network can become slower, never faster than light: so a floor that *falls* shows a clock that moved, while a floor that
 * rises alone is a slower network. Per slice, the offsets change as little as this allows (forwards in time, and once more
 * backwards); where the two directions disagree, the half of it is the error. Offsets are against the first slices, whose
 * constant part nobody needs: it is the same in every trace and cancels in each comparison.
 */
import { isCrossing, type HopTrace } from './hop-trace.ts';

export interface ClockTrack {
  /** Nanoseconds to take from a hop of this trace: how far the clock of `to` moved against that of `from`. */
  correction(trace: HopTrace, from: string, to: string): number;
  /** The correction may be wrong by this much. */
  error(trace: HopTrace, from: string, to: string): number;
  /** The widest movement seen, any two slices and any host. */
  readonly widestNanos: number;
}

/** A slice has this many traces: the second fastest of so many is near the floor. */
const TRACES_PER_SLICE = 40;
const MAX_SLICES = 120;
/** Floors within this are equal whatever their noise: resolution of stamps, interrupts. */
const LEAST_TOLERANCE = 20_000;
const ROUNDS = 8;

/** `traces` ascending by time. The clock of the first host of most traces is the measure. */
export function trackClocks(traces: readonly HopTrace[]): ClockTrack {
  const sliceOf = sliceBounds(traces);
  const slices = Math.max(1, Math.ceil(traces.length / sliceOf.size));
  const floors = collectFloors(traces, sliceOf.size, slices);
  const links = [...floors.values()].map((link) => settle(link));
  const measure = mostCommonStart(traces);
  const hosts = [...new Set(links.flatMap(({ from, to }) => [from, to]))].filter((host) => host !== measure);
  const order = Array.from({ length: slices }, (_, slice) => slice);
  const network: Network = { links, hosts, of: linksByHost(links) };
  const forwards = pass(order, network, new Map());
  const backwards = pass(order.toReversed(), network, forwards[slices - 1] ?? new Map());
  const at = (host: string, slice: number): number =>
    Math.round(((forwards[slice]?.get(host) ?? 0) + (backwards[slice]?.get(host) ?? 0)) / 2);
  const doubt = (host: string, slice: number): number =>
    Math.abs((forwards[slice]?.get(host) ?? 0) - (backwards[slice]?.get(host) ?? 0)) / 2;
  const tolerance = new Map(links.map((link) => [linkId(link.from, link.to), link.tolerance]));
  const closed = closedHosts(links, measure);
  const blind = new Map(links.map((link) => [linkId(link.from, link.to), oneWayRise(link, closed, at)]));
  return {
    correction: (trace, from, to) => at(to, sliceOf.find(trace)) - at(from, sliceOf.find(trace)),
    error: (trace, from, to) => {
      const slice = sliceOf.find(trace);
      const id = linkId(from, to);
      return doubt(from, slice) + doubt(to, slice) + (tolerance.get(id) ?? 0) + (blind.get(id)?.[slice] ?? 0);
    },
    widestNanos: Math.max(0, ...hosts.map((host) => spread(order.map((slice) => at(host, slice))))),
  };
}

interface Floors {
  readonly from: string;
  readonly to: string;
  /** Per slice; NaN where no trace took the hop. */
  readonly nanos: Float64Array;
}

interface Link extends Floors {
  /** Above its own level in the first slices. */
  readonly rise: Float64Array;
  readonly tolerance: number;
}

function sliceBounds(traces: readonly HopTrace[]): { size: number; find: (trace: HopTrace) => number } {
  const size = Math.max(TRACES_PER_SLICE, Math.ceil(traces.length / MAX_SLICES));
  const starts: bigint[] = [];
  for (let i = 0; i < traces.length; i += size) starts.push((traces[i] as HopTrace).timeNanos);
  const find = ({ timeNanos }: HopTrace): number => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] as bigint) <= timeNanos) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  };
  return { size, find };
}

function linkId(from: string, to: string): string {
  return `${from}\u0000${to}`;
}

/** The second smallest of each slice: one early stamp does not move it. */
function collectFloors(traces: readonly HopTrace[], size: number, slices: number): Map<string, Floors> {
  const links = new Map<string, Floors & { readonly least: Float64Array }>();
  for (const [i, trace] of traces.entries()) {
    const slice = Math.floor(i / size);
    for (const hop of trace.hops) {
      if (!isCrossing(hop)) continue;
      const id = linkId(hop.from, hop.to);
      let link = links.get(id);
      if (link === undefined) {
        const empty = (): Float64Array => new Float64Array(slices).fill(NaN);
        links.set(id, (link = { from: hop.from, to: hop.to, nanos: empty(), least: empty() }));
      }
      const [least, second] = [link.least[slice] as number, link.nanos[slice] as number];
      if (Number.isNaN(least)) link.least[slice] = link.nanos[slice] = hop.nanos;
      else if (hop.nanos < least) [link.least[slice], link.nanos[slice]] = [hop.nanos, least];
      else if (hop.nanos < second || second === least) link.nanos[slice] = hop.nanos;
    }
  }
  return links;
}

/** Level from the first tenth of slices (at least three), tolerance from how floors differ from slice to slice. */
function settle({ from, to, nanos }: Floors): Link {
  const known = [...nanos].filter((value) => !Number.isNaN(value));
  const level = median(known.slice(0, Math.max(3, Math.ceil(known.length / 10))));
  const steps = known.slice(1).map((value, i) => Math.abs(value - (known[i] as number)));
  // Neighbours differ by sqrt(2) of a floor's own spread; 1.4826 turns a median deviation into a standard deviation.
  const noise = steps.length === 0 ? 0 : (1.4826 * median(steps)) / Math.SQRT2;
  return {
    from,
    to,
    nanos,
    rise: nanos.map((value) => value - level),
    tolerance: Math.max(LEAST_TOLERANCE, 4 * noise),
  };
}

type Offsets = ReadonlyMap<string, number>;

interface Network {
  readonly links: readonly Link[];
  readonly hosts: readonly string[];
  /** Links that begin or end at a host: only they tell of its clock, and there may be thousands of hosts. */
  readonly of: ReadonlyMap<string, readonly Link[]>;
}

function linksByHost(links: readonly Link[]): ReadonlyMap<string, readonly Link[]> {
  const byHost = new Map<string, Link[]>();
  for (const link of links) {
    for (const host of [link.from, link.to]) {
      const own = byHost.get(host);
      if (own === undefined) byHost.set(host, [link]);
      else own.push(link);
    }
  }
  return byHost;
}

/** The offsets of each slice, each as near to those of the slice before as the floors allow. */
function pass(order: readonly number[], { links, hosts, of }: Network, start: Offsets): Offsets[] {
  const result: Offsets[] = [];
  let offsets = start;
  for (const slice of order) {
    const moved = new Map(offsets);
    for (let round = 0; round < ROUNDS && violation(links, slice, moved) > 0; round++) {
      let best: { host: string; offset: number; gain: number } | undefined;
      for (const host of hosts) {
        const own = of.get(host) ?? [];
        const before = violation(own, slice, moved);
        if (before <= (best?.gain ?? 0)) continue;
        const present = moved.get(host) ?? 0;
        const offset = nearest(host, own, slice, moved);
        const gain = before - violation(own, slice, moved.set(host, offset));
        moved.set(host, present);
        if (gain > (best?.gain ?? 0)) best = { host, offset, gain };
      }
      if (best === undefined) break;
      moved.set(best.host, best.offset);
    }
    offsets = moved;
    result[slice] = moved;
  }
  return result;
}

/** By how much floors are below what a network can do, past their tolerance. */
function violation(links: readonly Link[], slice: number, offsets: Offsets): number {
  let sum = 0;
  for (const link of links) {
    const left = remaining(link, slice, offsets);
    if (left < -link.tolerance) sum += -left;
  }
  return sum;
}

function remaining({ rise, from, to }: Link, slice: number, offsets: Offsets): number {
  return (rise[slice] as number) - (offsets.get(to) ?? 0) + (offsets.get(from) ?? 0);
}

/** The offset of one host nearest to its present one that leaves none of its floors below zero. */
function nearest(host: string, links: readonly Link[], slice: number, offsets: Offsets): number {
  const present = offsets.get(host) ?? 0;
  let [low, high] = [-Infinity, Infinity];
  for (const link of links) {
    const left = remaining(link, slice, offsets);
    if (Number.isNaN(left)) continue;
    if (link.to === host) high = Math.min(high, present + left);
    if (link.from === host) low = Math.max(low, present - left);
  }
  if (low > high) return (low + high) / 2;
  return Math.min(Math.max(present, low), high);
}

/** Hosts that something goes to and comes back from, and the one whose clock is the measure. */
function closedHosts(links: readonly Link[], measure: string): ReadonlySet<string> {
  const ends = new Set(links.map(({ to }) => to));
  return new Set([measure, ...links.map(({ from }) => from).filter((host) => ends.has(host))]);
}

/**
 * Where nothing comes back from a host, a clock that moved forwards and a slower network look alike: the whole rise of the
 * floor is doubtful.
 */
function oneWayRise(
  link: Link,
  closed: ReadonlySet<string>,
  at: (host: string, slice: number) => number,
): Float64Array {
  if (closed.has(link.from) && closed.has(link.to)) return new Float64Array(link.rise.length);
  return link.rise.map((rise, slice) =>
    Number.isNaN(rise) ? 0 : Math.max(0, rise - at(link.to, slice) + at(link.from, slice)),
  );
}

function mostCommonStart(traces: readonly HopTrace[]): string {
  const counts = new Map<string, number>();
  for (const { hops } of traces) counts.set(hops[0]?.from ?? '', (counts.get(hops[0]?.from ?? '') ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0])[0];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
