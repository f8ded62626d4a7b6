/** CRISP's own cases (shared data), and the cases that its authors describe in words. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { criticalPath, spansOnPath } from './critical-path.ts';
import { buildForest, selfTime } from './span-tree.ts';
import type { SpanNode, TraceSpan } from './span.ts';

const FOLDER = join(__dirname, '../../../../../shared/data/crisp');

interface JaegerFile {
  readonly data: readonly {
    readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
    readonly spans: readonly {
      readonly traceID: string;
      readonly spanID: string;
      readonly operationName: string;
      readonly startTime: number;
      readonly duration: number;
      readonly processID: string;
      readonly references?: readonly { readonly spanID: string }[];
    }[];
  }[];
  readonly testing:
    readonly Readonly<Record<string, number>>[] | { readonly opTimeExclusive: Readonly<Record<string, number>> };
}

function spansOf({ data: [trace] }: JaegerFile): TraceSpan[] {
  return (trace?.spans ?? []).map((span) => ({
    traceId: span.traceID,
    spanId: span.spanID,
    parentSpanId: span.references?.[0]?.spanID ?? '',
    name: span.operationName,
    service: trace?.processes[span.processID]?.serviceName ?? '',
    host: '',
    kind: 'internal',
    timeNanos: BigInt(span.startTime),
    endNanos: BigInt(span.startTime + span.duration),
  }));
}

const operation = ({ span }: SpanNode): string => `[${span.service}] ${span.name}`;

function addUp(into: Map<string, number>, name: string, by: number): void {
  into.set(name, (into.get(name) ?? 0) + by);
}

/**
 * CRISP's accounting: a span on the path has its duration, minus those of its children on the path, never below zero.
 * Siblings that overlap a little count twice there, at the cost of their parent.
 */
function exclusiveTimes(root: SpanNode): Record<string, number> {
  const onPath = spansOnPath(root);
  const clipped = new Map<SpanNode, [number, number]>();
  for (const node of onPath) {
    const parent = node.parent === null ? undefined : clipped.get(node.parent);
    clipped.set(node, [Math.max(node.start, parent?.[0] ?? -Infinity), Math.min(node.end, parent?.[1] ?? Infinity)]);
  }
  const length = (node: SpanNode): number => (clipped.get(node)?.[1] ?? 0) - (clipped.get(node)?.[0] ?? 0);
  const times = new Map<string, number>();
  for (const node of onPath) {
    const below = onPath.filter(({ parent }) => parent === node).reduce((sum, child) => sum + length(child), 0);
    addUp(times, operation(node), Math.max(0, length(node) - below));
  }
  return Object.fromEntries(times);
}

function segmentTimes(root: SpanNode): Record<string, number> {
  const times = new Map<string, number>();
  for (const { node, start, end } of criticalPath(root)) addUp(times, operation(node), end - start);
  return Object.fromEntries(times);
}

/** Where siblings overlap by less than 1 %, our segments give that time once and the parent what it did alone. */
const WITH_OVERLAP: Readonly<Record<string, Record<string, number>>> = {
  '19.json': { '[S1] O1': 10, '[S2] O2': 195, '[S3] O3': 95, '[S4] O4': 300 },
  '21.json': { '[S1] O1': 10, '[S2] O2': 195, '[S3] O3': 95, '[S4] O4': 300 },
};

const goldens = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : [];
if (goldens.length === 0) {
  it('has the recorded traces of CRISP at hand, or says that it skips them', () => {
    console.warn(`skipped: ${FOLDER} is missing`);
    expect(goldens).toEqual([]);
  });
} else {
  it.each(goldens)('agrees with CRISP on %s', (name) => {
    const file = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as JaegerFile;
    const { testing } = file;
    const expected = 'opTimeExclusive' in testing ? testing.opTimeExclusive : (testing[0] ?? {});
    const [root] = buildForest(spansOf(file)).roots;
    if (root === undefined) throw new Error(`${name} has no root`);
    expect(exclusiveTimes(root)).toEqual(expected);
    const positive = Object.fromEntries(Object.entries(expected).filter(([, time]) => time > 0));
    expect(segmentTimes(root)).toEqual(WITH_OVERLAP[name] ?? positive);
  });
}

function span(spanId: string, parentSpanId: string, start: number, end: number): TraceSpan {
  return {
    ...{ traceId: 't', spanId, parentSpanId, name: spanId, service: 's', host: 'h', kind: 'internal' },
    ...{ timeNanos: BigInt(start), endNanos: BigInt(end) },
  };
}

it('takes parallel children by the one that ended last', () => {
  const [root] = buildForest([span('a', '', 0, 100), span('b', 'a', 10, 60), span('c', 'a', 20, 90)]).roots;
  const parts = criticalPath(root as SpanNode).map(({ node, start, end }) => [node.span.spanId, start, end]);
  expect(parts).toEqual([
    ['a', 0, 20],
    ['c', 20, 90],
    ['a', 90, 100],
  ]);
});

it('keeps work that starts after its parent has ended off the path', () => {
  const [root] = buildForest([span('a', '', 0, 100), span('late', 'a', 100, 300)]).roots;
  expect(criticalPath(root as SpanNode).map(({ node }) => node.span.spanId)).toEqual(['a']);
});

it('takes the union of children from self time', () => {
  const [root] = buildForest([span('a', '', 0, 100), span('b', 'a', 10, 60), span('c', 'a', 20, 130)]).roots;
  expect(selfTime(root as SpanNode)).toBe(10);
});

it('makes roots of spans whose parent is missing, and cuts rings', () => {
  const forest = buildForest([
    span('a', '', 0, 9),
    span('b', 'lost', 1, 5),
    span('c', 'd', 2, 4),
    span('d', 'c', 3, 4),
  ]);
  expect(forest.roots.map(({ span: { spanId } }) => spanId)).toEqual(['a', 'b', 'd']);
  expect(forest.orphans).toBe(2);
});
