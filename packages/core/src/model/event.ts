/**
 * Events are rows: what happened once, with an id that makes taking it in twice harmless.
 * Units: prices in the quote currency, quantities in the base asset, times in integer nanoseconds.
 */
import type { CashFlow, ExchangeStatus, PositionSnapshot, Signal } from './account-event.ts';
import type { BookUpdate, FxRate, MarketTrade } from './market-event.ts';
import type { Side } from './side.ts';
import type { Span } from './span.ts';
import type { Nanos } from './time.ts';

export type { Side } from './side.ts';

export const ORDER_EVENTS = [
  'new',
  'ack',
  'partial_fill',
  'fill',
  'cancel',
  'cancel_ack',
  'replace',
  'reject',
  'expire',
] as const;
export type OrderEventType = (typeof ORDER_EVENTS)[number];

/** One step in the life of an order. `id` is unique per step. */
export interface OrderEvent {
  readonly table: 'orders';
  readonly id: string;
  readonly timeNanos: Nanos;
  readonly orderId: string;
  readonly event: OrderEventType;
  /** When the order was sent (the `new` step); lets any later step yield its latency without state. */
  readonly sentNanos: Nanos | null;
  readonly venue: string;
  readonly symbol: string;
  readonly strategy: string;
  readonly account: string;
  readonly side: Side;
  readonly orderType: string;
  readonly quantity: number;
  /** Limit price; null for a market order. */
  readonly price: number | null;
  readonly filledQuantity: number;
  /** Mid at arrival when the publisher knows it; null leaves it to the recorded quotes. */
  readonly arrivalMid: number | null;
  /** When it was decided to trade, and the mid then; null where the publisher does not tell. */
  readonly decisionNanos: Nanos | null;
  readonly decisionMid: number | null;
  readonly reason: string;
  /** Joins the order to its trace, to events and to alerts; usually the trace's id. */
  readonly correlationId: string;
}

/**
 * What an execution report says: something was executed, an execution never was (`bust`), or was other than reported
 * (`amend`: the row has the right figures in full). Corrections are rows of their own; the first row stays.
 */
export const EXECUTION_KINDS = ['new', 'bust', 'amend'] as const;
export type ExecutionKind = (typeof EXECUTION_KINDS)[number];

/** One execution, or the correction of one. `id` is the venue's execution id; duplicates are dropped by (venue, id). */
export interface Fill {
  readonly table: 'fills';
  readonly id: string;
  readonly timeNanos: Nanos;
  readonly orderId: string;
  readonly venue: string;
  readonly symbol: string;
  readonly strategy: string;
  readonly account: string;
  readonly side: Side;
  readonly quantity: number;
  readonly price: number;
  /** Currency of the price. */
  readonly currency: string;
  /** Positive: paid; negative: rebate. In `feeCurrency`. */
  readonly fee: number;
  readonly feeCurrency: string;
  readonly liquidity: 'maker' | 'taker' | '';
  readonly execution: ExecutionKind;
  /** The execution id, at the same venue, that a bust or an amendment is about; empty for a new execution. */
  readonly refersTo: string;
}

/** Top of book. A one-sided book has a null side. */
export interface Quote {
  readonly table: 'quotes';
  readonly timeNanos: Nanos;
  /** The exchange's own stamp when it sends one. */
  readonly exchangeNanos: Nanos | null;
  readonly venue: string;
  readonly symbol: string;
  readonly bid: number | null;
  readonly bidSize: number | null;
  readonly ask: number | null;
  readonly askSize: number | null;
  /** The feed's own sequence number, for gaps and duplicates; null where it has none. */
  readonly sequence: bigint | null;
}

/** What a quote says of the book, without its feed's own stamp and number. */
export type QuotedBook = Omit<Quote, 'exchangeNanos' | 'sequence'>;

/** A heartbeat or the result of a health check. */
export interface HealthResult {
  readonly table: 'health_results';
  readonly timeNanos: Nanos;
  readonly component: string;
  readonly instance: string;
  readonly status: 'HEALTHY' | 'DEGRADED' | 'CRITICAL';
  readonly message: string;
}

/**
 * What happened in the business or a service: a tier upgraded, a model deployed, a report sent. The columns are those of
 * ClickHouse's `performance_events`; what is null here is that table's default (0) there.
 */
export interface BusinessEvent {
  readonly table: 'events';
  readonly timeNanos: Nanos;
  readonly serviceName: string;
  readonly instanceId: string;
  readonly eventType: string;
  readonly metricName: string;
  readonly metricValue: number | null;
  /** The event's context. */
  readonly labels: Readonly<Record<string, string>>;
  readonly durationMs: number | null;
  readonly userId: string;
  /** Joins events, traces and alerts. */
  readonly correlationId: string;
}

/** A message that could not be used, kept with its reason and its first bytes. */
export interface DeadLetter {
  readonly table: 'dead_letters';
  readonly timeNanos: Nanos;
  readonly stream: string;
  readonly subject: string;
  readonly reason: string;
  readonly detail: string;
  readonly payload: Uint8Array;
}

export type TradingEvent =
  | OrderEvent
  | Fill
  | Quote
  | MarketTrade
  | BookUpdate
  | PositionSnapshot
  | Signal
  | CashFlow
  | FxRate
  | ExchangeStatus
  | Span
  | HealthResult
  | BusinessEvent;
export type EventRow = TradingEvent | DeadLetter;
export type EventTable = EventRow['table'];
