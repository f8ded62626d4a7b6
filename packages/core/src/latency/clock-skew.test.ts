/** The cases of zipkin-lens, and its recorded trace with skew (shared data). Stamps there are microseconds. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { correctSkew, serverSkew } from './clock-skew.ts';
import { buildForest, walk } from './span-tree.ts';
import type { SpanKind } from '../model/span.ts';
import type { SpanNode, TraceSpan } from './span.ts';

const FILE = join(__dirname, '../../../../../shared/data/zipkin/skew.json');
const US = 1_000;

interface Call {
  readonly server?: string;
  readonly clientUs: readonly [start: number, duration: number];
  readonly serverUs: readonly [start: number, duration: number];
}

function serverOf({ server = 'backend', clientUs, serverUs }: Call): SpanNode {
  const one = (
    spanId: string,
    host: string,
    kind: SpanKind,
    [start, duration]: readonly [number, number],
  ): TraceSpan => ({
    ...{ traceId: '1', spanId, parentSpanId: kind === 'server' ? '3' : '', name: 'get', service: host, host, kind },
    ...{ timeNanos: BigInt(start * US), endNanos: BigInt((start + duration) * US) },
  });
  const { roots } = buildForest([one('3', 'frontend', 'client', clientUs), one('4', server, 'server', serverUs)]);
  return roots[0]?.children[0] as SpanNode;
}

it('corrects across different hosts only', () => {
  expect(serverSkew(serverOf({ server: 'frontend', clientUs: [20, 20], serverUs: [10, 10] }))).toBeUndefined();
});

it('sees skew only where the server is before the client', () => {
  expect(serverSkew(serverOf({ clientUs: [20, 20], serverUs: [30, 10] }))).toBeUndefined();
});

it('puts the server in the middle of the call', () => {
  expect(serverSkew(serverOf({ clientUs: [20, 20], serverUs: [10, 10] }))).toBe((10 - 20 - (20 - 10) / 2) * US);
});

it('puts a one-way server a microsecond after its client', () => {
  expect(serverSkew(serverOf({ clientUs: [20, 0], serverUs: [10, 0] }))).toBe((10 - 20 - 1) * US);
});

it('puts a server that outlasts its client a microsecond after it', () => {
  expect(serverSkew(serverOf({ clientUs: [20, 5], serverUs: [10, 10] }))).toBe((10 - 20 - 1) * US);
});

interface ZipkinSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly kind?: string;
  readonly name: string;
  readonly timestamp: number;
  readonly duration: number;
  readonly localEndpoint: { readonly serviceName: string; readonly ipv4: string };
}

const recorded: TraceSpan[] = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, 'utf8')) as ZipkinSpan[]).map((span) => ({
      traceId: span.traceId,
      spanId: span.id,
      parentSpanId: span.parentId ?? '',
      name: span.name,
      service: span.localEndpoint.serviceName,
      host: span.localEndpoint.ipv4,
      kind: (span.kind?.toLowerCase() ?? 'internal') as SpanKind,
      timeNanos: BigInt(span.timestamp) * 1_000n,
      endNanos: BigInt(span.timestamp + span.duration) * 1_000n,
    }))
  : [];

if (recorded.length === 0) {
  it('has the recorded trace of zipkin-lens at hand, or says that it skips it', () => {
    console.warn(`skipped: ${FILE} is missing`);
    expect(recorded).toEqual([]);
  });
} else {
  it('brings the recorded trace into order: each child starts after its parent', () => {
    const forest = buildForest(recorded);
    const names = (node: SpanNode): string => node.span.name;
    const chain = [...walk(forest.roots[0] as SpanNode)];
    expect(chain.map(names)).toEqual(['get', 'post', 'post', 'async']);
    expect(chain.map(({ span }) => span.kind)).toEqual(['server', 'client', 'server', 'internal']);
    expect(correctSkew(forest)).toBe(1);
    for (const node of chain) if (node.parent !== null) expect(node.start).toBeGreaterThan(node.parent.start);
  });

  it('leaves a trace without its root alone', () => {
    const forest = buildForest(recorded.filter(({ parentSpanId }) => parentSpanId !== ''));
    expect(correctSkew(forest)).toBe(0);
  });

  it('leaves a trace with two roots alone', () => {
    const second = { ...(recorded[0] as TraceSpan), spanId: 'cafebabe', parentSpanId: '', name: 'curtain' };
    expect(correctSkew(buildForest([...recorded, second]))).toBe(0);
  });
}
