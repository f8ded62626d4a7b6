/**
 * Trees from the spans of one trace. A span whose parent did not arrive (sampled away, lost, late) is a root of its own; the
 * parts are never guessed together. A span id that two hosts share (Zipkin's B3 `shared`: client and server of one call)
 * makes the server the client's child. What refers to itself in a ring is cut at its earliest span. O(n log n).
 */
import type { SpanNode, TraceSpan } from './span.ts';

export interface SpanForest {
  /** The stamp that all offsets count from. */
  readonly originNanos: bigint;
  /** Ascending by start. */
  readonly roots: readonly SpanNode[];
  /** Roots whose parent is named but missing. */
  readonly orphans: number;
  /** Spans that came twice with the same id, host and kind: the first counts. */
  readonly duplicates: number;
  /** Spans that end before they start: taken as lasting nothing. */
  readonly reversed: number;
}

export function buildForest(spans: readonly TraceSpan[]): SpanForest {
  const originNanos = spans.reduce((min, { timeNanos }) => (timeNanos < min ? timeNanos : min), MAX);
  const { nodes, byId, duplicates, reversed } = collect(spans, originNanos);
  const roots: SpanNode[] = [];
  let orphans = 0;
  for (const node of nodes) {
    const parent = parentOf(node, byId);
    if (parent === undefined || isBelow(parent, node)) {
      roots.push(node);
      if (node.span.parentSpanId !== '') orphans++;
      continue;
    }
    node.parent = parent;
    parent.children.push(node);
  }
  for (const node of nodes) node.children.sort(byStart);
  return { originNanos, roots: roots.sort(byStart), orphans, duplicates, reversed };
}

/** All nodes below and including `root`, parents first. */
export function* walk(root: SpanNode): Generator<SpanNode> {
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node;
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i] as SpanNode);
  }
}

/** Duration minus the union of the children's time inside of it: never below zero, however the children overlap. */
export function selfTime({ start, end, children }: SpanNode): number {
  let covered = 0;
  let reached = start;
  for (const child of [...children].sort(byStart)) {
    const from = Math.max(reached, child.start);
    const to = Math.min(end, child.end);
    if (to <= from) continue;
    covered += to - from;
    reached = to;
  }
  return end - start - covered;
}

const MAX = 2n ** 63n;

interface Collected {
  readonly nodes: readonly SpanNode[];
  readonly byId: ReadonlyMap<string, SpanNode[]>;
  readonly duplicates: number;
  readonly reversed: number;
}

/** Ascending by start, so that a ring is cut at its earliest span. */
function collect(spans: readonly TraceSpan[], originNanos: bigint): Collected {
  const byId = new Map<string, SpanNode[]>();
  const nodes: SpanNode[] = [];
  let duplicates = 0;
  let reversed = 0;
  for (const span of spans) {
    const sameId = byId.get(span.spanId) ?? [];
    if (sameId.some((node) => node.span.host === span.host && node.span.kind === span.kind)) {
      duplicates++;
      continue;
    }
    const start = Number(span.timeNanos - originNanos);
    const end = Number(span.endNanos - originNanos);
    if (end < start) reversed++;
    const node = { span, start, end: Math.max(start, end), parent: null, children: [] };
    nodes.push(node);
    sameId.push(node);
    byId.set(span.spanId, sameId);
  }
  return { nodes: nodes.sort(byStart), byId, duplicates, reversed };
}

/** The server of a shared id hangs on the client; everything that names a shared id as parent hangs on the server. */
function parentOf(node: SpanNode, byId: ReadonlyMap<string, readonly SpanNode[]>): SpanNode | undefined {
  const { span } = node;
  const twins = byId.get(span.spanId) ?? [];
  if (span.kind !== 'client' && twins.length > 1) {
    const client = twins.find((twin) => twin !== node && twin.span.kind === 'client');
    if (client !== undefined) return client;
  }
  if (span.parentSpanId === '' || span.parentSpanId === span.spanId) return undefined;
  const parents = byId.get(span.parentSpanId) ?? [];
  const sameHost = parents.find((parent) => parent.span.host === span.host && parent.span.kind !== 'client');
  return sameHost ?? parents.find((parent) => parent.span.kind === 'server') ?? parents[0];
}

function isBelow(candidate: SpanNode, node: SpanNode): boolean {
  for (let up: SpanNode | null = candidate; up !== null; up = up.parent) if (up === node) return true;
  return false;
}

export function byStart(a: SpanNode, b: SpanNode): number {
  return a.start - b.start || a.end - b.end || (a.span.spanId < b.span.spanId ? -1 : 1);
}
