/**
 * Finds traces for readers that know Jaeger's questions: which services there are and what they do, one trace by its id,
 * the newest traces of a service that have a duration or a tag, and who calls whom. Services and their operations are those
 * of the metrics that spans yield, so that no span is read for them; the rest reads stored spans, newest first.
 */
import type { Matcher, Span } from '@tapewatch/core';
import type { FoundTraces, ServiceLink, StoreReader, TraceFinder, TraceRow, TraceSearch } from '../ports.ts';
import { MAX_FOUND_SPANS, MAX_LINKED_SPANS, MAX_SEARCHED_SPANS, MAX_TRACE_ROWS } from './limit.ts';
import { fillsOf, gather, ordersNaming, TraceReads } from './trace-read.ts';
import { orderRows, spanRow } from './trace-row.ts';

const SPAN_METRIC = 'traces_spanmetrics_calls_total';
/** How far back a service is remembered that sends no more. */
const SERVICE_DAYS = 7;
const DAY_MS = 86_400_000;
/** Spans in one read of a search. */
const PAGE_SPANS = 10_000;
/** How long before, and after, the span that was found another one of its trace may have begun. */
const TRACE_AGE_NANOS = 3_600_000_000_000n;
const TRACE_ID = /^[0-9a-f]{1,32}$/i;

export function traceFinder(reader: StoreReader, nowMs: () => number): TraceFinder {
  const spanSeries = async (matchers: readonly Matcher[], signal?: AbortSignal) => {
    const named: Matcher = { name: '__name__', operator: '=', value: SPAN_METRIC };
    const endMs = nowMs();
    return reader.series([[named, ...matchers]], endMs - SERVICE_DAYS * DAY_MS, endMs, signal);
  };
  return {
    async services(signal) {
      const series = await spanSeries([], signal);
      return [...new Set(series.map(({ labels }) => labels.get('service')))].filter((name) => name !== '').sort();
    },
    async operations(service, signal) {
      const series = await spanSeries([{ name: 'service', operator: '=', value: service }], signal);
      const found = series.map(({ labels }) => ({
        name: labels.get('span_name'),
        kind: labels.get('span_kind').replace('SPAN_KIND_', '').toLowerCase(),
      }));
      const distinct = new Map(found.map((operation) => [`${operation.name} ${operation.kind}`, operation]));
      return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, operation]) => operation);
    },
    trace: (id, range, signal) => oneTrace(id, new TraceReads(reader, range, signal)),
    search: (search, signal) => searchTraces(search, reader, signal),
    async links(range, signal) {
      const filter = { ...range, limit: MAX_LINKED_SPANS, newestFirst: true };
      return linksOf(await reader.events('spans', filter, signal));
    },
  };
}

/** The spans of the trace with the orders that they name; else that of the order or correlation with this id. */
async function oneTrace(id: string, reads: TraceReads): Promise<FoundTraces> {
  const ids = [...new Set([id, ...(TRACE_ID.test(id) ? [id.toLowerCase().padStart(32, '0')] : [])])];
  const own = await reads.rows('spans', { traceIds: ids });
  const { orders, spans } =
    own.length === 0
      ? await gather(new Set(ids), reads)
      : { orders: await ordersNaming([...ids, ...namesOf(own)], reads), spans: own };
  const rows = [...spans.map(spanRow), ...orderRows(orders, await fillsOf(orders, reads), spans)];
  const traceId = own[0]?.traceId ?? rows[0]?.traceID;
  const notice = reads.notice('ask for an order by its id');
  const trace = byStart(rows.filter(({ traceID }) => traceID === traceId));
  return { traces: trace.length === 0 ? [] : [trace], notices: notice === undefined ? [] : [notice] };
}

function namesOf(spans: readonly Span[]): string[] {
  return spans.map(({ correlationId }) => correlationId).filter((id) => id !== '');
}

async function searchTraces(search: TraceSearch, reader: StoreReader, signal?: AbortSignal): Promise<FoundTraces> {
  const notices: string[] = [];
  const found = await newestMatches(search, reader, signal);
  if (!found.complete) {
    notices.push(
      `looked at the newest ${MAX_SEARCHED_SPANS} spans of ${search.service} in the range; shorten it to look further back`,
    );
  }
  const traceIds = [...found.traceIds];
  if (traceIds.length === 0) return { traces: [], notices };
  const around = { startNanos: found.oldest - TRACE_AGE_NANOS, endNanos: found.newest + TRACE_AGE_NANOS };
  const filter = { ...around, traceIds, limit: MAX_FOUND_SPANS + 1, newestFirst: true };
  const spans = await reader.events('spans', filter, signal);
  if (spans.length > MAX_FOUND_SPANS) {
    notices.push(
      `the traces have more than ${MAX_FOUND_SPANS} spans; their oldest ones are left out, ask for fewer traces`,
    );
  }
  const rows = new Map<string, TraceRow[]>(traceIds.map((id) => [id, []]));
  for (const span of spans.slice(0, MAX_FOUND_SPANS)) rows.get(span.traceId)?.push(spanRow(span));
  const traces = [...rows.values()].filter((trace) => trace.length > 0);
  return { traces: traces.map((trace) => byStart(trace).slice(0, MAX_TRACE_ROWS)), notices };
}

interface Matches {
  /** In the order of their newest span that matches. */
  readonly traceIds: ReadonlySet<string>;
  readonly oldest: bigint;
  readonly newest: bigint;
  /** False when older spans of the range were not looked at although traces are wanted. */
  readonly complete: boolean;
}

async function newestMatches(search: TraceSearch, reader: StoreReader, signal?: AbortSignal): Promise<Matches> {
  const { service, startNanos, limit } = search;
  const traceIds = new Set<string>();
  const tags = Object.entries(search.tags);
  let [oldest, newest, before] = [search.endNanos, search.startNanos, search.endNanos];
  for (let looked = 0; looked < MAX_SEARCHED_SPANS; looked += PAGE_SPANS) {
    const filter = { startNanos, endNanos: before, service: [service], limit: PAGE_SPANS, newestFirst: true };
    const page = await reader.events('spans', filter, signal);
    for (const span of page) {
      if (!matches(span, search) || !tags.every(([key, value]) => tagOf(span, key) === value)) continue;
      if (traceIds.size === limit && !traceIds.has(span.traceId)) return { traceIds, oldest, newest, complete: true };
      traceIds.add(span.traceId);
      if (span.timeNanos < oldest) oldest = span.timeNanos;
      if (span.timeNanos > newest) newest = span.timeNanos;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_SPANS) return { traceIds, oldest, newest, complete: true };
    // Inclusive: the page may have ended among spans of one stamp.
    before = last.timeNanos + 1n;
  }
  return { traceIds, oldest, newest, complete: false };
}

function matches(span: Span, { operation, minDurationNanos, maxDurationNanos }: TraceSearch): boolean {
  if (operation !== '' && span.name !== operation) return false;
  const duration = span.endNanos - span.timeNanos;
  return duration >= minDurationNanos && duration <= maxDurationNanos;
}

/** Attributes win: what a publisher called `host.name` is meant. */
function tagOf(span: Span, key: string): string | undefined {
  const own = span.attributes[key];
  if (own !== undefined) return own;
  if (key === 'error') return String(span.status === 'error');
  if (key === 'span.kind') return span.kind;
  if (key === 'otel.status_code') return span.status.toUpperCase();
  if (key === 'host.name') return span.host;
  return key === 'correlation_id' ? span.correlationId : undefined;
}

/** A call: a span of one service whose parent is a span of another. */
function linksOf(spans: readonly Span[]): ServiceLink[] {
  const services = new Map(spans.map(({ traceId, spanId, service }) => [`${traceId} ${spanId}`, service]));
  const links = new Map<string, ServiceLink>();
  for (const { traceId, parentSpanId, service: child } of spans) {
    const parent = services.get(`${traceId} ${parentSpanId}`);
    if (parent === undefined || parent === child) continue;
    const key = `${parent}\u0000${child}`;
    links.set(key, { parent, child, calls: (links.get(key)?.calls ?? 0) + 1 });
  }
  return [...links].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, link]) => link);
}

function byStart(rows: readonly TraceRow[]): TraceRow[] {
  return [...rows].sort((a, b) => a.startTime - b.startTime);
}
