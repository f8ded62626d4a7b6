/**
 * From a percentile to the order behind it. The latencies of orders are derived from rows that are kept, so an exemplar
 * needs no sampling: the rows of the span are read, their latencies computed as the pipeline does, and for each label set
 * and slice of time the order whose latency is the quantile by nearest rank is named. Outside `histogram_quantile` the
 * slowest order is. O(n log n) in the orders of the span.
 */
import { ORDER_LATENCIES } from '@tapewatch/contract';
import {
  compileMatchers,
  Labels,
  METRIC_NAME,
  msFromNanos,
  parse,
  PromqlError,
  secondsBetween,
  type Expr,
  type Matcher,
  type OrderEvent,
  type OrderEventType,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { Exemplar, ExemplarSeries, FindExemplars, StoreReader } from '../ports.ts';
import { compileRegex } from '../regex.ts';
import { MAX_ROWS, refuseTooManyRows } from './limit.ts';
import { roundUp } from './step.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

/** Exemplars of one series: as many as a chart can show apart. */
const MAX_SLICES = 60;
const SLOWEST = 1;

/** A selector of a latency, and which quantile is asked of it. */
interface Target {
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly quantile: number;
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export function exemplarFinder(reader: StoreReader): FindExemplars {
  return async (expr, span, signal) => {
    const targets = targetsOf(parsed(expr));
    const found = await Promise.all(targets.map((target) => exemplarsOf(target, span, reader, signal)));
    return found.flat();
  };
}

async function exemplarsOf(
  target: Target,
  span: Span,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<ExemplarSeries[]> {
  const filter = { startNanos: startNanosOf(span), endNanos: endNanosOf(span), limit: MAX_ROWS + 1 };
  const [venue, strategy] = [equalTo(target, 'venue'), equalTo(target, 'strategy')];
  const rows = await reader.events('orders', { ...filter, ...{ venue, strategy } }, signal);
  refuseTooManyRows(rows.length, 'orders');
  const matches = compileMatchers(target.matchers, compileRegex);
  const steps = new Set<OrderEventType>(ORDER_LATENCIES[target.name]);
  const sliceMs = roundUp(Math.max(1, (span.endMs - span.startMs) / MAX_SLICES));
  const bySeries = new Map<string, { labels: Labels; bySlice: Map<number, Measured[]> }>();
  for (const order of rows) {
    if (!steps.has(order.event) || order.sentNanos === null) continue;
    const labels = Labels.from({ [METRIC_NAME]: target.name, venue: order.venue, strategy: order.strategy });
    if (!matches(labels)) continue;
    const series = bySeries.get(labels.key) ?? { labels, bySlice: new Map<number, Measured[]>() };
    bySeries.set(labels.key, series);
    const slice = Math.floor(msFromNanos(order.timeNanos) / sliceMs);
    const measured = { order, seconds: secondsBetween(order.sentNanos, order.timeNanos) };
    const slot = series.bySlice.get(slice);
    if (slot === undefined) series.bySlice.set(slice, [measured]);
    else slot.push(measured);
  }
  return [...bySeries.values()].map(({ labels, bySlice }) => ({
    labels,
    exemplars: [...bySlice.values()]
      .map((orders) => exemplarOf(atQuantile(orders, target.quantile)))
      .sort((a, b) => a.timeMs - b.timeMs),
  }));
}

interface Measured {
  readonly order: OrderEvent;
  readonly seconds: number;
}

/** The nearest rank: the smallest latency that at least the share `q` of the orders does not exceed. */
function atQuantile(orders: readonly Measured[], q: number): Measured {
  const sorted = [...orders].sort((a, b) => a.seconds - b.seconds);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(q * sorted.length)));
  return sorted[rank - 1] as Measured;
}

function exemplarOf({ order, seconds }: Measured): Exemplar {
  const { orderId, symbol, account, event } = order;
  const labels = { order_id: orderId, symbol, event, ...(account === '' ? {} : { account }) };
  return { timeMs: msFromNanos(order.timeNanos), value: seconds, labels };
}

/** Values that the rows can be filtered by before they are matched; empty means all. */
function equalTo({ matchers }: Target, label: string): string[] {
  const matcher = matchers.find(({ name, operator, value }) => name === label && operator === '=' && value !== '');
  return matcher === undefined ? [] : [matcher.value];
}

function targetsOf(expr: Expr): Target[] {
  const targets = new Map<string, Target>();
  collect(expr, SLOWEST, (target) => targets.set(JSON.stringify(target), target));
  return [...targets.values()];
}

function collect(expr: Expr, quantile: number, add: (target: Target) => void): void {
  const within = (inner: Expr): void => collect(inner, quantile, add);
  switch (expr.kind) {
    case 'selector': {
      const name = expr.matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.operator === '=')?.value;
      if (name !== undefined && Object.hasOwn(ORDER_LATENCIES, name)) {
        add({ name, matchers: expr.matchers, quantile });
      }
      return;
    }
    case 'matrix':
      return within(expr.selector);
    case 'call': {
      const [first] = expr.args;
      const asked = expr.name === 'histogram_quantile' && first?.kind === 'number' ? first.value : quantile;
      return expr.args.forEach((arg) => collect(arg, Number.isNaN(asked) ? SLOWEST : asked, add));
    }
    case 'binary':
      within(expr.left);
      return within(expr.right);
    case 'aggregate':
    case 'subquery':
    case 'unary':
    case 'paren':
      return within(expr.expr);
    case 'number':
    case 'string':
      return;
  }
}

function parsed(expr: string): Expr {
  try {
    return parse(expr);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    const { from, to } = error;
    throw new TapewatchError('query.parse', error.message, { cause: error, details: { from, to } });
  }
}
