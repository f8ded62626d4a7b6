/**
 * The critical path of a trace: what would have to be faster for its root to end earlier. From the root's end backwards,
 * the child that ended last is on the path, then the one that ended before that one began, and so on down the tree. Source:
 * Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures", USENIX ATC 2022.
 * Children that reach past their parent are cut to it; those wholly outside (asynchronous work) are not on the path. Two
 * siblings may overlap by 1 % of their parent (clocks of one host are not perfect either): the later one keeps the time.
 * The segments cover the root from end to end without gap or overlap, so they sum to its duration exactly.
 */
import type { SpanNode } from './span.ts';

export interface PathSegment {
  readonly node: SpanNode;
  /** Nanoseconds since the tree's origin. */
  readonly start: number;
  readonly end: number;
  /** The child on the path that ended where this segment starts, and the one that begins where it ends. */
  readonly after: SpanNode | null;
  readonly before: SpanNode | null;
}

/** CRISP's allowance, as a share of the parent's duration. */
const OVERLAP_SHARE = 0.01;

/** Ascending by time. A root that lasts nothing has no segments. */
export function criticalPath(root: SpanNode): PathSegment[] {
  const segments: PathSegment[] = [];
  // A stack of its own: how deep a trace is, its publisher decides.
  const open: Descent[] = [descentInto({ node: root, from: root.start, to: root.end })];
  for (let one = open.at(-1); one !== undefined; one = open.at(-1)) {
    const child = one.children[one.next++];
    if (child === undefined) {
      if (one.from < one.reached) segments.push(gapOf(one, one.from, null));
      open.pop();
      continue;
    }
    const end = Math.min(child.to, one.reached);
    if (end < one.reached) segments.push(gapOf(one, end, child.node));
    one.reached = Math.min(one.reached, child.from);
    one.before = child.node;
    open.push(descentInto({ ...child, to: end }));
  }
  return segments.reverse();
}

/** Spans on the path, each once, parents before children. */
export function spansOnPath(root: SpanNode): SpanNode[] {
  const nodes: SpanNode[] = [];
  const stack: Stretch[] = [{ node: root, from: root.start, to: root.end }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    nodes.push(next.node);
    stack.push(...childrenOnPath(next));
  }
  return nodes;
}

interface Stretch {
  readonly node: SpanNode;
  readonly from: number;
  readonly to: number;
}

/** A stretch while its segments are told, the last first. */
interface Descent {
  readonly node: SpanNode;
  readonly from: number;
  readonly children: readonly Stretch[];
  /** The child that comes next. */
  next: number;
  /** What is told begins here, and this child began there. */
  reached: number;
  before: SpanNode | null;
}

function descentInto(stretch: Stretch): Descent {
  const { node, from, to } = stretch;
  return { node, from, children: childrenOnPath(stretch), next: 0, reached: to, before: null };
}

/** The node's own time before what is told already. */
function gapOf({ node, reached, before }: Descent, start: number, after: SpanNode | null): PathSegment {
  return { node, start, end: reached, after, before };
}

/** The last first. */
function childrenOnPath({ node, from, to }: Stretch): Stretch[] {
  const inside = node.children
    .map((child) => ({ node: child, from: Math.max(child.start, from), to: Math.min(child.end, to) }))
    .filter((child) => child.from < child.to || (child.from === child.to && child.node.start === child.node.end))
    .sort((a, b) => b.to - a.to || b.from - a.from || (a.node.span.spanId < b.node.span.spanId ? 1 : -1));
  const path: Stretch[] = [];
  for (const child of inside) {
    const later = path[path.length - 1];
    if (later === undefined || happensBefore(child, later, inside, to - from)) path.push(child);
  }
  return path;
}

function happensBefore(earlier: Stretch, later: Stretch, all: readonly Stretch[], parentDuration: number): boolean {
  if (earlier.to <= later.from) return true;
  const overlap = earlier.to - later.from;
  if (earlier.from >= later.from || earlier.to >= later.to || overlap >= OVERLAP_SHARE * parentDuration) return false;
  // Nothing else may begin or end inside of the overlap: then it is an order, not parallel work.
  const within = (time: number): boolean => time >= later.from && time <= earlier.to;
  return all.reduce((events, one) => events + (within(one.from) ? 1 : 0) + (within(one.to) ? 1 : 0), 0) === 2;
}
