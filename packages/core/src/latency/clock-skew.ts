/**
 * Clock skew inside of one trace, by Zipkin's rule: a server on another host that seems to start before its client has a
 * clock that is behind. The server is placed in the middle of the call: latency = (client duration - server duration) / 2,
 * skew = server start - latency - client start; where the server outlasts the client (asynchronous), one microsecond
 * after it. The whole subtree on that host moves. Source: zipkin-lens `clock-skew.js` (Apache-2.0), its rule and its cases.
 */
import type { SpanNode } from './span.ts';
import type { SpanForest } from './span-tree.ts';
import { byStart, walk } from './span-tree.ts';

/** A server starts at least this long after its client. */
const LEAST_LATENCY = 1_000;

/** Nanoseconds by which the server's clock is ahead; undefined where nothing is wrong or nothing can be told. */
export function serverSkew(server: SpanNode): number | undefined {
  const client = server.parent;
  if (client === null || client.span.kind !== 'client' || server.span.kind !== 'server') return undefined;
  if (client.span.host === '' || server.span.host === '' || client.span.host === server.span.host) return undefined;
  if (server.start > client.start) return undefined;
  const clientDuration = client.end - client.start;
  const serverDuration = server.end - server.start;
  // One-way messages have no duration; an asynchronous server outlasts its client. Both say only "after the client".
  if (clientDuration === 0 || serverDuration === 0 || clientDuration < serverDuration)
    return server.start - client.start - LEAST_LATENCY;
  return server.start - Math.floor((clientDuration - serverDuration) / 2) - client.start || undefined;
}

/** Moves spans in place; returns how many calls were skewed. A trace without a single root stays as it is. */
export function correctSkew(forest: SpanForest): number {
  const [root] = forest.roots;
  if (root === undefined || forest.roots.length > 1 || forest.orphans > 0) return 0;
  let skewed = 0;
  // Parents before their children, whose shift they decide.
  const shifts = new Map<SpanNode, Shift>();
  for (const node of walk(root)) {
    let shift = node.parent === null ? undefined : shifts.get(node.parent);
    if (shift !== undefined) move(node, shift);
    const skew = serverSkew(node);
    if (skew !== undefined) {
      skewed++;
      shift = { host: node.span.host, by: skew };
      move(node, shift);
    }
    if (shift !== undefined) shifts.set(node, shift);
  }
  for (const node of walk(root)) node.children.sort(byStart);
  return skewed;
}

interface Shift {
  readonly host: string;
  readonly by: number;
}

function move(node: SpanNode, { host, by }: Shift): void {
  if (node.span.host !== host) return;
  node.start -= by;
  node.end -= by;
}
