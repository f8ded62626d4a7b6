/**
 * From a percentile to the order behind it. The latencies of orders are derived from rows that are kept, so an exemplar
 * needs no sampling: the rows of the span are read, their latencies computed as the pipeline does, and for each group of the
 * aggregation (without one: each label set) and slice of time the order whose latency is the quantile by nearest rank is
 * named. Outside `histogram_quantile` the slowest order is. O(n log n) in the orders of the span.
 */
import { ORDER_LATENCIES } from '@tapewatch/contract';
import {
  compileMatchers,
  Labels,
  METRIC_NAME,
  msFromNanos,
  secondsBetween,
  type OrderEvent,
  type OrderEventType,
} from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import { compileRegex } from '../regex.ts';
import { chooseByQuantile, nameOf, type ExemplarTarget, type Span } from './exemplar-target.ts';
import { MAX_ROWS, refuseTooManyRows } from './limit.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

const SLOWEST = 1;

/** One exemplar with the series that it belongs to, whatever group it was chosen from. */
export interface FoundExemplar {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number;
  readonly own: Readonly<Record<string, string>>;
}

/** None for a selector that names no latency of orders. */
export async function orderExemplars(
  target: ExemplarTarget,
  span: Span,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<FoundExemplar[]> {
  const name = nameOf(target);
  if (name === undefined || !Object.hasOwn(ORDER_LATENCIES, name)) return [];
  const filter = { startNanos: startNanosOf(span), endNanos: endNanosOf(span), limit: MAX_ROWS + 1 };
  const [venue, strategy] = [equalTo(target, 'venue'), equalTo(target, 'strategy')];
  const rows = await reader.events('orders', { ...filter, ...{ venue, strategy } }, signal);
  refuseTooManyRows(rows.length, 'orders');
  const matches = compileMatchers(target.matchers, compileRegex);
  const steps = new Set<OrderEventType>(ORDER_LATENCIES[name]);
  const measured: (Omit<FoundExemplar, 'own'> & { readonly order: OrderEvent })[] = [];
  for (const order of rows) {
    if (!steps.has(order.event) || order.sentNanos === null) continue;
    const labels = Labels.from({ [METRIC_NAME]: name, venue: order.venue, strategy: order.strategy });
    if (!matches(labels)) continue;
    const value = secondsBetween(order.sentNanos, order.timeNanos);
    measured.push({ labels, order, timeMs: msFromNanos(order.timeNanos), value });
  }
  const { quantile = SLOWEST, grouping } = target;
  return chooseByQuantile(measured, { quantile, grouping }, span).map(({ order, ...found }) => {
    return { ...found, own: labelsOf(order) };
  });
}

function labelsOf({ orderId, symbol, account, event }: OrderEvent): Record<string, string> {
  return { order_id: orderId, symbol, event, ...(account === '' ? {} : { account }) };
}

/** Values that the rows can be filtered by before they are matched; empty means all. */
function equalTo({ matchers }: ExemplarTarget, label: string): string[] {
  const matcher = matchers.find(({ name, operator, value }) => name === label && operator === '=' && value !== '');
  return matcher === undefined ? [] : [matcher.value];
}
