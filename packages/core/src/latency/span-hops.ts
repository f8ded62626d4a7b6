/**
 * The way of an order from its spans: the segments of the critical path, each with a name. Time of a span is its service's;
 * the time between a client and its server on another host is the network's, out and back apart. The clocks of two hosts are
 * brought together by all calls between them at once (`clock-offset.ts`), so that a trace is not judged by its own two stamps.
 */
import { offsetFromRoundTrips, type OffsetEstimate, type RoundTrip } from './clock-offset.ts';
import { correctSkew } from './clock-skew.ts';
import { criticalPath, type PathSegment } from './critical-path.ts';
import type { Hop, HopTrace } from './hop-trace.ts';
import { buildForest, byStart, walk, type SpanForest } from './span-tree.ts';
import type { SpanNode, TraceSpan } from './span.ts';

export interface SpanHops {
  readonly traces: readonly HopTrace[];
  /** Per pair of hosts that call one another. */
  readonly offsets: readonly HostOffset[];
  /** Traces without a single root: something of them is missing, so their way is unknown. */
  readonly incomplete: number;
}

export interface HostOffset extends OffsetEstimate {
  readonly client: string;
  readonly server: string;
}

/** Traces keep the id of their trace; ascending by time. */
export function spanHops(spans: readonly TraceSpan[]): SpanHops {
  const byTrace = new Map<string, TraceSpan[]>();
  for (const span of spans) {
    const list = byTrace.get(span.traceId);
    if (list === undefined) byTrace.set(span.traceId, [span]);
    else list.push(span);
  }
  const forests = [...byTrace.values()]
    .map(buildForest)
    .filter(({ roots, orphans }) => roots.length === 1 && orphans === 0);
  const offsets = offsetsBetween(forests);
  const byPair = new Map(offsets.map((offset) => [pairId(offset.client, offset.server), offset]));
  const traces = forests
    .map((forest) => hopsOf(forest, byPair))
    .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
  return { traces, offsets, incomplete: byTrace.size - forests.length };
}

function pairId(client: string, server: string): string {
  return `${client}\u0000${server}`;
}

/** A call from one host to another that waits for its answer. */
function isRemoteCall(client: SpanNode, server: SpanNode): boolean {
  if (client.span.kind !== 'client' || server.span.kind !== 'server') return false;
  return client.span.host !== '' && server.span.host !== '' && client.span.host !== server.span.host;
}

function offsetsBetween(forests: readonly SpanForest[]): HostOffset[] {
  const trips = new Map<string, { client: string; server: string; trips: RoundTrip[] }>();
  for (const { roots } of forests)
    for (const node of roots.flatMap((root) => [...walk(root)])) {
      const client = node.parent;
      if (client === null || !isRemoteCall(client, node)) continue;
      // An asynchronous server outlasts its client: no answer came back, so it bounds nothing.
      if (node.end - node.start > client.end - client.start) continue;
      const id = pairId(client.span.host, node.span.host);
      const pair = trips.get(id) ?? { client: client.span.host, server: node.span.host, trips: [] };
      const [{ timeNanos: t1, endNanos: t4 }, { timeNanos: t2, endNanos: t3 }] = [client.span, node.span];
      pair.trips.push({ t1, t2, t3, t4 });
      trips.set(id, pair);
    }
  return [...trips.values()].flatMap(({ client, server, trips: list }) => {
    const estimate = offsetFromRoundTrips(list);
    return estimate === null ? [] : [{ client, server, ...estimate }];
  });
}

function hopsOf(forest: SpanForest, offsets: ReadonlyMap<string, HostOffset>): HopTrace {
  const root = forest.roots[0] as SpanNode;
  bringTogether(root, offsets);
  // What one offset for the whole period cannot bring into order is corrected by the trace alone.
  correctSkew(forest);
  const hops = criticalPath(root).map(hopOf);
  return { id: root.span.traceId, timeNanos: forest.originNanos, hops, weight: 1 };
}

/** Each host's clock is as far ahead as all calls on the way to it say. */
function bringTogether(root: SpanNode, offsets: ReadonlyMap<string, HostOffset>): void {
  const shifts = new Map<SpanNode, number>();
  for (const node of walk(root)) {
    const { parent, span } = node;
    let shift = 0;
    if (parent !== null) {
      const offset = offsets.get(pairId(parent.span.host, span.host))?.offsetNanos ?? 0;
      const changes = span.host !== parent.span.host && isRemoteCall(parent, node);
      shift = (shifts.get(parent) ?? 0) + (changes ? offset : 0);
    }
    shifts.set(node, shift);
    node.start -= shift;
    node.end -= shift;
  }
  for (const node of walk(root)) node.children.sort(byStart);
}

function hopOf({ node, start, end, before, after }: PathSegment): Hop {
  const { service, name, host } = node.span;
  const nanos = end - start;
  const out = before !== null && isRemoteCall(node, before);
  const back = after !== null && isRemoteCall(node, after);
  if (out !== back) {
    const remote = (out ? before : after)?.span.host ?? '';
    const [from, to] = out ? [host, remote] : [remote, host];
    return { name: `${from} → ${to}`, nanos, from, to };
  }
  return { name: service === '' ? name : `${service}: ${name}`, nanos, from: host, to: host };
}
