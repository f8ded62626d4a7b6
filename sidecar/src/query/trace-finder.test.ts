/** Finding traces among stored spans. */
import { Labels, type EventRow, type Span } from '@tapewatch/core';
import type { EventFilter, StoreReader, TraceFinder, TraceSearch } from '../ports.ts';
import { MAX_SEARCHED_SPANS, MAX_TRACE_ROWS } from './limit.ts';
import { readerOver, ns, QUIET_DESK, SPAN } from './testing/latency-desk.ts';
import { traceFinder } from './trace-finder.ts';

const ALL = { startNanos: 0n, endNanos: ns(10_000_000) };
const idOf = (trace: number): string => trace.toString(16).padStart(32, '0');

function span(trace: number, part: Partial<Span> = {}): Span {
  const rest = { spanId: 'a', parentSpanId: '', name: 'call', kind: 'server', service: 's', host: 'h' } as const;
  const timeNanos = part.timeNanos ?? ns(trace * 1_000);
  return { ...SPAN, ...rest, traceId: idOf(trace), timeNanos, endNanos: ns(Number(timeNanos) / 1e6 + 1), ...part };
}

function finderOver(rows: readonly EventRow[], series: StoreReader['series'] = () => Promise.resolve([])): TraceFinder {
  return traceFinder({ ...readerOver(rows), series }, () => 1_000_000_000);
}

function search(part: Partial<TraceSearch> = {}): TraceSearch {
  const any = { operation: '', minDurationNanos: 0n, maxDurationNanos: ns(1e9), tags: {}, limit: 100 };
  return { ...ALL, service: 's', ...any, ...part };
}

async function found(rows: readonly EventRow[], part: Partial<TraceSearch> = {}): Promise<number[]> {
  const { traces } = await finderOver(rows).search(search(part));
  return traces.map((trace) => parseInt(trace[0]?.traceID ?? '', 16));
}

describe('search', () => {
  const rows = [
    span(1, { status: 'error', attributes: { region: 'eu' } }),
    span(2, { name: 'other', endNanos: ns(2_500) }),
    span(3, { kind: 'client', host: 'h2' }),
    span(3, { spanId: 'b', parentSpanId: 'a', service: 'deep', timeNanos: ns(3_000.5) }),
    span(4, { service: 'elsewhere' }),
  ];

  it('finds the newest traces of a service first, whole', async () => {
    expect(await found(rows)).toEqual([3, 2, 1]);
    expect(await found(rows, { limit: 2 })).toEqual([3, 2]);
    const { traces } = await finderOver(rows).search(search({ service: 'deep' }));
    expect(traces.map((trace) => trace.map(({ serviceName }) => serviceName))).toEqual([['s', 'deep']]);
  });

  it('looks at operation, duration, range, and tags of all kinds', async () => {
    expect(await found(rows, { operation: 'other' })).toEqual([2]);
    expect(await found(rows, { minDurationNanos: 500_000_000n })).toEqual([2]);
    expect(await found(rows, { maxDurationNanos: 1_000_000n })).toEqual([3, 1]);
    expect(await found(rows, { startNanos: ns(2_000), endNanos: ns(3_000) })).toEqual([2]);
    expect(await found(rows, { tags: { region: 'eu' } })).toEqual([1]);
    expect(await found(rows, { tags: { error: 'true' } })).toEqual([1]);
    expect(await found(rows, { tags: { 'otel.status_code': 'ERROR', region: 'us' } })).toEqual([]);
    expect(await found(rows, { tags: { 'span.kind': 'client', 'host.name': 'h2' } })).toEqual([3]);
    expect(await found(rows, { tags: { correlation_id: '' } })).toEqual([3, 2, 1]);
    expect(await found(rows, { tags: { absent: '' } })).toEqual([]);
  });

  it('goes on behind a full page, and says when it stopped looking', async () => {
    const newestFirst = Array.from({ length: MAX_SEARCHED_SPANS + 1 }, (_, i) => {
      const trace = MAX_SEARCHED_SPANS + 1 - i;
      return span(trace, { timeNanos: ns(trace), name: trace === 30_001 || trace === 1 ? 'rare' : 'call' });
    });
    const events = (_: unknown, { startNanos, endNanos, limit, traceIds }: EventFilter): Promise<Span[]> => {
      if (traceIds !== undefined) return Promise.resolve(newestFirst.filter((one) => traceIds.includes(one.traceId)));
      const from = newestFirst.findIndex(({ timeNanos }) => timeNanos < endNanos);
      const page = from === -1 ? [] : newestFirst.slice(from, from + (limit ?? newestFirst.length));
      return Promise.resolve(page.filter(({ timeNanos }) => timeNanos >= startNanos));
    };
    const finder = traceFinder({ ...readerOver([]), events: events as StoreReader['events'] }, () => 0);
    const { traces, notices } = await finder.search(search({ operation: 'rare' }));
    expect(traces.map((trace) => trace[0]?.traceID)).toContain(idOf(30_001));
    expect(traces.map((trace) => trace[0]?.traceID)).not.toContain(idOf(1));
    expect(notices).toEqual([expect.stringContaining(`the newest ${MAX_SEARCHED_SPANS} spans of s`)]);
    const { notices: none } = await finder.search(search({ operation: 'rare', startNanos: ns(20_000) }));
    expect(none).toEqual([]);
  });
});

describe('one trace', () => {
  it('shows the path of an order by any of its ids, in the order of time', async () => {
    const finder = finderOver(QUIET_DESK);
    const { traces } = await finder.trace(idOf(7), ALL);
    expect(traces[0]?.map(({ operationName }) => operationName).sort()).toEqual(
      ['ack → fill', 'buy 1 S', 'route', 'send', 'sent → ack'].sort(),
    );
    const starts = traces[0]?.map(({ startTime }) => startTime) ?? [];
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect((await finder.trace('o7', ALL)).traces).toEqual(traces);
    expect((await finder.trace('trace-7', ALL)).traces).toEqual(traces);
  });

  it('takes an id without its leading zeros, and in capitals', async () => {
    const rows = [span(0xabc)];
    const { traces } = await finderOver(rows).trace('ABC', ALL);
    expect(traces[0]?.[0]?.traceID).toBe(idOf(0xabc));
    expect(await finderOver(rows).trace('xyz', ALL)).toEqual({ traces: [], notices: [] });
  });

  it('leaves out other traces that share its correlation, however many', async () => {
    const shared = { correlationId: 'run-1' };
    const rows = Array.from({ length: MAX_TRACE_ROWS + 10 }, (_, i) => span(i + 1, { ...shared, timeNanos: ns(i) }));
    const { traces, notices } = await finderOver(rows).trace(idOf(MAX_TRACE_ROWS + 5), ALL);
    expect([traces.length, traces[0]?.length, notices]).toEqual([1, 1, []]);
  });

  it('says when a trace is longer than is shown', async () => {
    const rows = Array.from({ length: MAX_TRACE_ROWS + 1 }, (_, i) => span(1, { spanId: `s${i}` }));
    const { traces, notices } = await finderOver(rows).trace(idOf(1), ALL);
    expect(traces[0]).toHaveLength(MAX_TRACE_ROWS);
    expect(notices).toEqual([expect.stringContaining('rows of spans name these ids')]);
  });
});

it('knows services and operations from the metrics of spans', async () => {
  const labels = (service: string, span_name: string, kind: string) =>
    Labels.from({ __name__: 'traces_spanmetrics_calls_total', service, span_name, span_kind: `SPAN_KIND_${kind}` });
  const all = [
    labels('b', 'get', 'SERVER'),
    labels('a', 'put', 'CLIENT'),
    labels('a', 'get', 'CLIENT'),
    labels('', 'x', 'CLIENT'),
  ];
  const finder = finderOver([], ([matchers = []]) =>
    Promise.resolve(
      all
        .filter((of) => matchers.every(({ name, value }) => of.get(name) === value))
        .map((of, id) => ({ id, labels: of, kind: 'counter' as const, stream: 's', unit: '1', help: '' })),
    ),
  );
  expect(await finder.services()).toEqual(['a', 'b']);
  expect(await finder.operations('a')).toEqual([
    { name: 'get', kind: 'client' },
    { name: 'put', kind: 'client' },
  ]);
  expect(await finder.operations('nobody')).toEqual([]);
});

it('counts calls between services', async () => {
  const child = (trace: number, service: string) => span(trace, { spanId: 'b', parentSpanId: 'a', service });
  const rows = [span(1), child(1, 'db'), span(2), child(2, 'db'), span(3), child(3, 's'), child(4, 'db')];
  expect(await finderOver(rows).links(ALL)).toEqual([{ parent: 's', child: 'db', calls: 2 }]);
});
