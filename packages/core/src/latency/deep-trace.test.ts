/** A trace that calls itself into the depth, as a runaway recursion or a hostile publisher makes it. */
import { spanHops } from './span-hops.ts';
import type { TraceSpan } from './span.ts';

/** What a query reads of one kind at the most. */
const DEPTH = 15_000;

it('finds the way of a trace of any depth', () => {
  const spans = Array.from({ length: DEPTH }, (_, i): TraceSpan => ({
    ...{ traceId: 't', spanId: `${i}`, parentSpanId: i === 0 ? '' : `${i - 1}`, name: 'call', service: `s${i}` },
    ...{ host: `h${i % 2}`, kind: i % 2 === 0 ? 'client' : 'server' },
    ...{ timeNanos: BigInt(i), endNanos: BigInt(2 * DEPTH - i) },
  }));
  const { traces, incomplete } = spanHops(spans);
  expect(incomplete).toBe(0);
  const [trace] = traces;
  expect(trace?.hops.reduce((sum, { nanos }) => sum + nanos, 0)).toBe(2 * DEPTH);
});
