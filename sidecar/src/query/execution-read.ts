/**
 * Reads what queries on execution need: the newest fills of the range with their corrections, and the lives of the orders
 * behind them and in the range. Bounded: what is left out is told in a notice, and refused where an alert rule asks.
 */
import type { ExecutionDimension } from '@tapewatch/contract';
import {
  correctFills,
  feedKey,
  OrderLives,
  rfc3339,
  type Fill,
  type GroupKey,
  type Notice,
  type OrderEvent,
  type OrderLife,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import {
  MAX_EXECUTION_ROWS,
  MAX_ORDER_AGE_DAYS,
  MAX_ORDER_IDS_PER_READ,
  MAX_ROWS,
  refuseTooManyRows,
} from './limit.ts';
import { endNanosOf, startNanosOf, type TradingFilters } from './trading-read.ts';

export interface ExecutionData {
  /** Ascending by time, corrections applied. */
  readonly fills: readonly Fill[];
  readonly lives: OrderLives;
  /** Orders that arrived in the range. */
  readonly orders: readonly OrderLife[];
  readonly notices: readonly Notice[];
}

const END_OF_TIME = 2n ** 63n - 1n;
const DAY_NANOS = 86_400_000_000_000n;
/** How far before the range the beginnings of orders are looked for: first so far, then of the rest so far. */
const ORDER_LOOKBACK_NANOS = [DAY_NANOS, MAX_ORDER_AGE_DAYS * DAY_NANOS] as const;

export async function readExecution(
  reader: StoreReader,
  envelope: QueryEnvelope,
  filters: TradingFilters,
  signal?: AbortSignal,
): Promise<ExecutionData> {
  const range = { ...filters, startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope) };
  const newest = { ...range, limit: MAX_EXECUTION_ROWS + 1, newestFirst: true };
  const [foundFills, foundOrders] = [
    await reader.events('fills', newest, signal),
    await reader.events('orders', newest, signal),
  ];
  const notices = [...cutNotice(envelope, 'fills', foundFills), ...cutNotice(envelope, 'steps of orders', foundOrders)];
  const reports = foundFills.slice(0, MAX_EXECUTION_ROWS).reverse();
  // A correction may come long after the range; it is about an execution in it all the same.
  const later = {
    ...filters,
    execution: ['bust', 'amend'] as const,
    startNanos: range.endNanos,
    endNanos: END_OF_TIME,
  };
  const corrections = await reader.events('fills', { ...later, limit: MAX_EXECUTION_ROWS }, signal);
  const fills = correctFills([...reports, ...corrections.filter(({ execution }) => execution !== 'new')]);
  const lives = new OrderLives();
  const steps = foundOrders.slice(0, MAX_EXECUTION_ROWS);
  for (const order of steps) lives.addOrder(order);
  await readEarlier(reader, { fills, steps, startNanos: range.startNanos }, lives, signal);
  for (const fill of fills) lives.addFill(fill);
  const orders = lives
    .all()
    .filter(({ arrivalNanos }) => arrivalNanos >= range.startNanos && arrivalNanos < range.endNanos)
    .sort((a, b) => (a.arrivalNanos < b.arrivalNanos ? -1 : 1));
  return { fills, lives, orders, notices };
}

interface Found {
  readonly fills: readonly Fill[];
  /** Newest first. */
  readonly steps: readonly OrderEvent[];
  /** Of the range. */
  readonly startNanos: bigint;
}

/**
 * What the range does not hold of its orders: all of those that were sent before it and filled in it, and of those that go
 * on in it the steps before, which tell when and at what mid they arrived. Nearly all orders live for less than a day; only
 * those whose beginning is not found there are looked for further back, and none for longer than the bound.
 */
async function readEarlier(
  reader: StoreReader,
  { fills, steps, startNanos }: Found,
  lives: OrderLives,
  signal?: AbortSignal,
): Promise<void> {
  const begun = new Set(steps.filter(({ event }) => event === 'new').map(keyOf));
  const known = new Set(steps.map(keyOf));
  const partial = [...fills.filter((fill) => !lives.has(fill)), ...steps.filter((step) => !begun.has(keyOf(step)))];
  const [firstStep, lastFill] = [steps.at(-1)?.timeNanos ?? 0n, fills.at(-1)?.timeNanos ?? 0n];
  let ids = [...new Set(partial.map(({ orderId }) => orderId))];
  let endNanos = (lastFill > firstStep ? lastFill : firstStep) + 1n;
  for (const lookback of ORDER_LOOKBACK_NANOS) {
    const from = startNanos > lookback ? startNanos - lookback : 0n;
    const orders = await readSteps(reader, ids, { startNanos: from, endNanos }, signal);
    for (const order of orders) if (order.timeNanos < firstStep || !known.has(keyOf(order))) lives.addOrder(order);
    const found = new Set(orders.filter(({ event }) => event === 'new').map(({ orderId }) => orderId));
    ids = ids.filter((id) => !found.has(id));
    endNanos = from;
  }
}

async function readSteps(
  reader: StoreReader,
  ids: readonly string[],
  range: { readonly startNanos: bigint; readonly endNanos: bigint },
  signal?: AbortSignal,
): Promise<OrderEvent[]> {
  const found: OrderEvent[] = [];
  if (range.startNanos >= range.endNanos) return found;
  for (let from = 0; from < ids.length; from += MAX_ORDER_IDS_PER_READ) {
    const orderIds = ids.slice(from, from + MAX_ORDER_IDS_PER_READ);
    for (const order of await reader.events('orders', { ...range, orderIds, limit: MAX_ROWS + 1 }, signal))
      found.push(order);
    refuseTooManyRows(found.length, 'earlier steps of orders');
  }
  return found;
}

function keyOf({ venue, orderId }: OrderEvent): string {
  return `${venue}\u0000${orderId}`;
}

function cutNotice(
  { fromAlert }: QueryEnvelope,
  what: string,
  found: readonly { readonly timeNanos: bigint }[],
): Notice[] {
  const oldest = found[MAX_EXECUTION_ROWS - 1];
  if (found.length <= MAX_EXECUTION_ROWS || oldest === undefined) return [];
  const remedy = 'shorten the time range or add filters';
  if (fromAlert) {
    const text = `the range holds more than ${MAX_EXECUTION_ROWS} ${what}, and a rule must not be answered from a part; ${remedy}`;
    throw new TapewatchError('query.limit', text, { details: { limit: MAX_EXECUTION_ROWS } });
  }
  const text = `only the newest ${MAX_EXECUTION_ROWS} ${what} count, since ${rfc3339(oldest.timeNanos)}; ${remedy} to see all`;
  return [{ severity: 'warning', text }];
}

const WEEKDAYS = ['1 Mon', '2 Tue', '3 Wed', '4 Thu', '5 Fri', '6 Sat', '7 Sun'] as const;
const HOUR_NANOS = 3_600_000_000_000n;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 3;

type Grouped = Pick<Fill, 'strategy' | 'venue' | 'symbol' | 'side' | 'account'> & { readonly timeNanos: bigint };

/** Values of the asked dimensions; hours and days of the week are UTC. */
export function groupValues(by: readonly ExecutionDimension[], row: Grouped, life: OrderLife | undefined): string[] {
  return by.map((dimension) => {
    switch (dimension) {
      case 'order_type':
        return life?.orderType ?? '';
      case 'hour':
        return String((row.timeNanos % DAY_NANOS) / HOUR_NANOS).padStart(2, '0');
      case 'weekday':
        return WEEKDAYS[(Number(row.timeNanos / DAY_NANOS) + EPOCH_WEEKDAY) % WEEKDAYS.length] ?? '';
      default:
        return row[dimension];
    }
  });
}

/** Orders name no currency: that of the instrument's fills, or of the symbol's elsewhere, is theirs. */
export class Currencies {
  readonly #known = new Map<string, string>();

  constructor(fills: readonly Fill[]) {
    for (const { venue, symbol, currency } of fills) {
      this.#known.set(feedKey({ venue, symbol }), currency);
      this.#known.set(symbol, currency);
    }
  }

  of({ venue, symbol }: { readonly venue: string; readonly symbol: string }): string {
    return this.#known.get(feedKey({ venue, symbol })) ?? this.#known.get(symbol) ?? '';
  }
}

export function fillKey(by: readonly ExecutionDimension[], fill: Fill, life: OrderLife | undefined): GroupKey {
  return { group: groupValues(by, fill, life), currency: fill.currency };
}

export function orderKey(by: readonly ExecutionDimension[], life: OrderLife, currencies: Currencies): GroupKey {
  const row = { ...life, timeNanos: life.arrivalNanos };
  return { group: groupValues(by, row, life), currency: currencies.of(life) };
}
