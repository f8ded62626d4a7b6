/**
 * Spans, and the steps of orders, as rows of a trace. An order hangs below the root of the trace that names it or its
 * correlation id, so that an order without any instrumentation has a path too.
 */
import { hopsBetween, orderHops, orderKey, orderOfFill, type Fill, type OrderEvent, type Span } from '@tapewatch/core';
import type { TraceLog, TraceRow, TraceTag } from '../ports.ts';

/** Only what is told. */
function tagsOf(told: Readonly<Record<string, string | number | null>>): TraceTag[] {
  return Object.entries(told).flatMap(([key, value]) => (value === null || value === '' ? [] : [{ key, value }]));
}

const STATUS_CODES = { unset: 0, ok: 1, error: 2 } as const;

export function spanRow(span: Span): TraceRow {
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    parentSpanID: span.parentSpanId,
    operationName: span.name,
    serviceName: span.service,
    kind: span.kind,
    statusCode: STATUS_CODES[span.status],
    statusMessage: span.statusMessage,
    startTime: msOf(span.timeNanos),
    duration: Number(span.endNanos - span.timeNanos) / 1e6,
    serviceTags: tagsOf({ 'host.name': span.host }),
    tags: tagsOf({ correlation_id: span.correlationId, ...span.attributes }),
    logs: [],
  };
}

/** Each step of the order and each execution, at its moment. */
function logsOf(orders: readonly OrderEvent[], fills: readonly Fill[]): TraceLog[] {
  const steps = orders.map(({ timeNanos, event, reason }) => ({ timeNanos, told: { event, reason } }));
  const executions = fills.map(({ timeNanos, execution, id, quantity, price, currency, fee, liquidity }) => ({
    timeNanos,
    told: { execution, id, quantity, price, currency, fee, liquidity },
  }));
  return [...steps, ...executions]
    .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1))
    .map(({ timeNanos, told }) => ({ timestamp: msOf(timeNanos), fields: tagsOf(told) }));
}

function orderTags({ orderId, venue, strategy, account, orderType, price, correlationId }: OrderEvent): TraceTag[] {
  const told = { order_id: orderId, correlation_id: correlationId, venue, strategy, account };
  return tagsOf({ ...told, order_type: orderType, price });
}

/** Per order a span from its first to its last stamp, below it one for each step; below the root of its trace if it has one. */
export function orderRows(orders: readonly OrderEvent[], fills: readonly Fill[], spans: readonly Span[]): TraceRow[] {
  const keyOf = orderOfFill(orders);
  const fillsOf = groupedBy(fills, (fill) => keyOf(fill) ?? orderKey(fill));
  const named = groupedBy(spans, ({ correlationId }) => correlationId);
  const traced = groupedBy(spans, ({ traceId }) => traceId);
  return [...groupedBy(orders, orderKey)].flatMap(([key, events]) => {
    const sorted = [...events].sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1));
    const [first] = sorted;
    if (first === undefined) return [];
    const own = fillsOf.get(key) ?? [];
    const spanOf = [
      named.get(first.orderId),
      ...(first.correlationId === '' ? [] : [named.get(first.correlationId), traced.get(first.correlationId)]),
    ].find((found) => found !== undefined)?.[0];
    const traceID = spanOf?.traceId ?? (first.correlationId || first.orderId);
    const root = traced.get(traceID)?.find((span) => span.parentSpanId === '');
    const rejected = sorted.find(({ event }) => event === 'reject');
    const base = { traceID, serviceName: 'orders', kind: 'internal', statusMessage: rejected?.reason ?? '' };
    const steps = stepsOf(sorted, own);
    const spanID = `order-${first.orderId}`;
    const whole = {
      ...{
        ...base,
        spanID,
        parentSpanID: root?.spanId ?? '',
        operationName: `${first.side} ${first.quantity} ${first.symbol}`,
      },
      ...{ statusCode: rejected === undefined ? STATUS_CODES.unset : STATUS_CODES.error },
      ...{ serviceTags: [], tags: orderTags(first), logs: logsOf(sorted, own) },
      ...spanning(steps),
    };
    const parts = steps.map(({ name, from, to }, i): TraceRow => ({
      ...{
        ...base,
        spanID: `${spanID}-${i}`,
        parentSpanID: spanID,
        operationName: name,
        statusCode: STATUS_CODES.unset,
      },
      ...{ startTime: msOf(from), duration: Number(to - from) / 1e6, serviceTags: [], tags: [], logs: [] },
    }));
    return [whole, ...parts];
  });
}

/** Each group keeps the order of the rows. */
function groupedBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

interface Step {
  readonly name: string;
  readonly from: bigint;
  readonly to: bigint;
}

/** From the hops to the first fill (or the ack where there is none), then each further event from the one before. */
function stepsOf(orders: readonly OrderEvent[], fills: readonly Fill[]): Step[] {
  const way = orderHops(orders, fills, 'fill')[0] ?? orderHops(orders, fills, 'ack')[0];
  const steps: Step[] = [];
  let reached = way?.timeNanos ?? orders[0]?.timeNanos ?? 0n;
  for (const { name, nanos } of way?.hops ?? []) {
    steps.push({ name, from: reached, to: reached + BigInt(nanos) });
    reached += BigInt(nanos);
  }
  const later = [
    ...orders.map(({ timeNanos, event }) => ({ name: event as string, host: '', timeNanos })),
    ...fills.map(({ timeNanos, execution }) => ({
      name: execution === 'new' ? 'fill' : execution,
      host: '',
      timeNanos,
    })),
  ]
    .filter(({ timeNanos }) => timeNanos > reached)
    .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1));
  const rest = hopsBetween('', [{ name: lastOf(steps), host: '', timeNanos: reached }, ...later]);
  for (const { name, nanos } of rest?.hops ?? []) {
    steps.push({ name, from: reached, to: reached + BigInt(nanos) });
    reached += BigInt(nanos);
  }
  return steps.length > 0 ? steps : [{ name: orders[0]?.event ?? '', from: reached, to: reached }];
}

/** Where the last step led. */
function lastOf(steps: readonly Step[]): string {
  return steps[steps.length - 1]?.name.split(' → ')[1] ?? 'start';
}

function spanning(steps: readonly Step[]): { startTime: number; duration: number } {
  const [from, to] = [steps[0]?.from ?? 0n, steps[steps.length - 1]?.to ?? 0n];
  return { startTime: msOf(from), duration: Number(to - from) / 1e6 };
}

/** Fractions of a millisecond too: a double holds stamps of this century to a quarter of a microsecond. */
function msOf(nanos: bigint): number {
  return Number(nanos / 1_000_000n) + Number(nanos % 1_000_000n) / 1e6;
}
