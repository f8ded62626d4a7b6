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
  parse,
  PromqlError,
  secondsBetween,
  type Aggregate,
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

/** Exemplars of one group: as many as a chart can show apart. */
const MAX_SLICES = 60;
const SLOWEST = 1;
const CHOOSING: ReadonlySet<Aggregate['operation']> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio'] as const);

/** A selector of a latency, and which quantile is asked of it. */
interface Target {
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly quantile: number;
  /** The aggregation that the percentile is taken of; undefined: of each series. */
  readonly grouping: Grouping | undefined;
}

type Grouping = Pick<Aggregate, 'grouping' | 'without'>;

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
  const byGroup = new Map<string, Map<number, Measured[]>>();
  for (const order of rows) {
    if (!steps.has(order.event) || order.sentNanos === null) continue;
    const labels = Labels.from({ [METRIC_NAME]: target.name, venue: order.venue, strategy: order.strategy });
    if (!matches(labels)) continue;
    const group = groupKey(labels, target.grouping);
    const bySlice = byGroup.get(group) ?? new Map<number, Measured[]>();
    byGroup.set(group, bySlice);
    const slice = Math.floor(msFromNanos(order.timeNanos) / sliceMs);
    const measured = { labels, order, seconds: secondsBetween(order.sentNanos, order.timeNanos) };
    const slot = bySlice.get(slice);
    if (slot === undefined) bySlice.set(slice, [measured]);
    else slot.push(measured);
  }
  const chosen = [...byGroup.values()].flatMap((bySlice) =>
    [...bySlice.values()].map((orders) => atQuantile(orders, target.quantile)),
  );
  return bySeries(chosen);
}

/** An exemplar belongs to its own series, whatever group it was chosen from. */
function bySeries(chosen: readonly Measured[]): ExemplarSeries[] {
  const found = new Map<string, { readonly labels: Labels; readonly exemplars: Exemplar[] }>();
  for (const one of chosen) {
    const series = found.get(one.labels.key) ?? { labels: one.labels, exemplars: [] };
    found.set(one.labels.key, series);
    series.exemplars.push(exemplarOf(one));
  }
  for (const { exemplars } of found.values()) exemplars.sort((a, b) => a.timeMs - b.timeMs);
  return [...found.values()];
}

/** The same for series that the aggregation makes one of. */
function groupKey(labels: Labels, grouping: Grouping | undefined): string {
  if (grouping === undefined) return labels.key;
  const { grouping: names, without } = grouping;
  const isKept = ([name]: readonly [string, string]): boolean =>
    name !== METRIC_NAME && names.includes(name) !== without;
  return JSON.stringify(labels.pairs.filter(isKept));
}

interface Measured {
  readonly labels: Labels;
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
  collect(expr, { quantile: SLOWEST, grouping: undefined }, (target) => targets.set(JSON.stringify(target), target));
  return [...targets.values()];
}

type Asked = Pick<Target, 'quantile' | 'grouping'>;

function collect(expr: Expr, asked: Asked, add: (target: Target) => void): void {
  const within = (inner: Expr, change: Partial<Asked> = {}): void => collect(inner, { ...asked, ...change }, add);
  switch (expr.kind) {
    case 'selector': {
      const name = expr.matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.operator === '=')?.value;
      if (name !== undefined && Object.hasOwn(ORDER_LATENCIES, name)) {
        add({ name, matchers: expr.matchers, ...asked });
      }
      return;
    }
    case 'matrix':
      return within(expr.selector);
    case 'call': {
      const [first] = expr.args;
      const isQuantile = expr.name === 'histogram_quantile' && first?.kind === 'number';
      const quantile = isQuantile ? first.value : asked.quantile;
      return expr.args.forEach((arg) => within(arg, { quantile: Number.isNaN(quantile) ? SLOWEST : quantile }));
    }
    case 'binary':
      within(expr.left);
      return within(expr.right);
    case 'aggregate':
      // The innermost one makes the histogram; what chooses among series changes no group.
      if (CHOOSING.has(expr.operation)) return within(expr.expr);
      return within(expr.expr, { grouping: { grouping: expr.grouping, without: expr.without } });
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
