/**
 * Pauses of a whole process (garbage collection, a stopped machine) as traces show them: whatever reaches the host while it
 * stands still is stamped when it goes on, so orders sent at different times leave together, and the delay falls by what
 * the next order was sent later. A slow hop or network delays each order by itself. The hop *into* a host looks slow then
 * as well, although the network is not.
 */
import type { HopTrace } from './hop-trace.ts';

export interface PauseEvidence {
  readonly host: string;
  /** Hops that end at the host. */
  readonly hops: readonly string[];
  /** Of the time above normal on those hops, the share of orders that left in a bunch. */
  readonly bunchedShare: number;
  readonly pauses: number;
}

/** Orders that leave within this share of their delay of one another left together. */
const RELEASE_SHARE = 0.05;
/** Together they were sent over at least this many times the time in which they left. */
const LEAST_COMPRESSION = 4;

/** Per host that ends a hop, in no order. `normalNanos`: what the hop takes where nothing is wrong. */
export function findPauses(traces: readonly HopTrace[], normalNanos: (hop: string) => number): PauseEvidence[] {
  const byHost = new Map<string, Delay[]>();
  const hops = new Map<string, Set<string>>();
  for (const trace of traces) {
    const worst = new Map<string, Delay>();
    let reached = Number(trace.timeNanos - (traces[0] as HopTrace).timeNanos);
    for (const { name, nanos, to } of trace.hops) {
      const sent = reached;
      reached += nanos;
      if (!hops.has(to)) hops.set(to, new Set());
      hops.get(to)?.add(name);
      const above = nanos - normalNanos(name);
      if (above > (worst.get(to)?.above ?? 0)) worst.set(to, { sent, left: reached, above });
    }
    for (const [host, delay] of worst) {
      const list = byHost.get(host);
      if (list === undefined) byHost.set(host, [delay]);
      else list.push(delay);
    }
  }
  return [...byHost].map(([host, delays]) => ({ host, hops: [...(hops.get(host) ?? [])], ...bunches(delays) }));
}

interface Delay {
  readonly sent: number;
  readonly left: number;
  readonly above: number;
}

function bunches(delays: readonly Delay[]): Pick<PauseEvidence, 'bunchedShare' | 'pauses'> {
  const sorted = [...delays].sort((a, b) => a.left - b.left);
  const all = delays.reduce((sum, { above }) => sum + above, 0);
  let bunched = 0;
  let pauses = 0;
  for (let from = 0; from < sorted.length;) {
    let to = from + 1;
    for (; to < sorted.length; to++) {
      const [before, next] = [sorted[to - 1] as Delay, sorted[to] as Delay];
      if (next.left - before.left > RELEASE_SHARE * Math.max(before.above, next.above)) break;
    }
    const bunch = sorted.slice(from, to);
    if (bunch.length > 1 && isRelease(bunch)) {
      pauses++;
      bunched += bunch.reduce((sum, { above }) => sum + above, 0);
    }
    from = to;
  }
  return { bunchedShare: all > 0 ? bunched / all : 0, pauses };
}

function isRelease(bunch: readonly Delay[]): boolean {
  const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
  const sent = spread(bunch.map((delay) => delay.sent));
  return sent > 0 && sent >= LEAST_COMPRESSION * spread(bunch.map((delay) => delay.left));
}
