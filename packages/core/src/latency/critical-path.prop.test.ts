/** Laws of the critical path: it covers its root exactly, whatever the children do. */
import * as fc from 'fast-check';
import { criticalPath, spansOnPath } from './critical-path.ts';
import { buildForest, selfTime, walk } from './span-tree.ts';
import type { TraceSpan } from './span.ts';

/** Any shape of tree, children anywhere in time: inside, overflowing, outside, of no length. */
const traces = fc
  .array(fc.record({ up: fc.nat(), start: fc.nat(1_000), length: fc.nat(1_000) }), { minLength: 1, maxLength: 40 })
  .map((rows) =>
    rows.map(({ up, start, length }, i): TraceSpan => ({
      ...{ traceId: 't', spanId: `${i}`, parentSpanId: i === 0 ? '' : `${up % i}`, name: 'n', service: 's' },
      ...{ host: 'h', kind: 'internal', timeNanos: BigInt(start), endNanos: BigInt(start + length) },
    })),
  );

it('segments sum to the duration of the root, without gap or overlap', () => {
  fc.assert(
    fc.property(traces, (spans) => {
      for (const root of buildForest(spans).roots) {
        const segments = criticalPath(root);
        let reached = root.start;
        for (const { start, end } of segments) {
          expect(start).toBe(reached);
          expect(end).toBeGreaterThan(start);
          reached = end;
        }
        expect(reached).toBe(root.end);
        const onPath = new Set(spansOnPath(root));
        for (const { node } of segments) expect(onPath.has(node)).toBe(true);
      }
    }),
  );
});

it('self time is within zero and the duration', () => {
  fc.assert(
    fc.property(traces, (spans) => {
      for (const root of buildForest(spans).roots)
        for (const node of walk(root)) {
          expect(selfTime(node)).toBeGreaterThanOrEqual(0);
          expect(selfTime(node)).toBeLessThanOrEqual(node.end - node.start);
        }
    }),
  );
});

it('the order in which spans arrive changes nothing', () => {
  fc.assert(
    fc.property(traces, (spans) => {
      const shape = (list: readonly TraceSpan[]): unknown =>
        buildForest(list).roots.map((root) =>
          criticalPath(root).map(({ node, start, end }) => [node.span.spanId, start, end]),
        );
      expect(shape([...spans].reverse())).toEqual(shape(spans));
    }),
  );
});
