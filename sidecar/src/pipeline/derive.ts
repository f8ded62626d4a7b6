/**
 * Metrics from events: the names, kinds and labels of contract's DERIVED_METRICS and no others.
 * Counters are running totals; `seed` continues them after a restart. Events can come out of order, totals cannot: a
 * counter's stamps never go back, else a reader would take the smaller total that follows for a reset. Only new events
 * may be fed: a duplicate would count twice, so the pipeline drops known ids first. Samples go straight into a sink by the
 * cell of their series, so that none costs an object.
 */
import { type Labels, secondsBetween } from '@tapewatch/core';
import type { Fill, HealthResult, Nanos, OrderEvent, Quote, TradingEvent } from '@tapewatch/core';
import { DERIVED_METRICS, ORDER_LATENCIES } from '@tapewatch/contract';
import { AccountFigures } from './derive-account.ts';
import { AgentFigures } from './derive-agent.ts';
import { fromExchange, fromMarketTrade, fromSpan, type DerivedWriter } from './derive-event.ts';
import { LoadFigures } from './derive-load.ts';
import { DerivedCells, type CounterMark, type DerivedCell } from './derived-cells.ts';
import { FeedKeys } from './feed-keys.ts';
import { forgetFirst } from './rolling-mean.ts';
import { splitStamp, type SplitStamp } from './split-stamp.ts';

const HEALTH_VALUES = { HEALTHY: 0, DEGRADED: 1, CRITICAL: 2 } as const;
/** Feeds whose last sequence number is known; past this the one that was seen first is forgotten. */
const MAX_FEEDS = 100_000;

/** Takes one sample of the cell's series. */
export type DerivedSink = (cell: DerivedCell, seconds: number, nanos: number, value: number) => void;

export class Deriver {
  readonly #cells = new DerivedCells();
  readonly #feeds = new FeedKeys();
  readonly #lastSequence = new Map<string, bigint>();
  readonly #agents = new AgentFigures();
  readonly #accounts = new AccountFigures();
  readonly #loads = new LoadFigures();
  readonly #writer: DerivedWriter = {
    count: (name, values, timeNanos, by) => this.#count(name, values, timeNanos, by),
    sample: (name, values, timeNanos, value) => this.#sample(name, values, timeNanos, value),
  };
  readonly #put: DerivedSink;
  #receivedNanos = 0n;
  readonly #received: SplitStamp = { seconds: 0, nanos: 0 };
  #timeNanos = 0n;
  readonly #time: SplitStamp = { seconds: 0, nanos: 0 };

  constructor(put: DerivedSink) {
    this.#put = put;
  }

  /** Continues a counter; `labels` include the metric name. */
  seed(labels: Labels, mark: CounterMark): void {
    this.#cells.seed(labels, mark);
  }

  /** Names of the counters that a restart should seed. */
  static get counterNames(): string[] {
    return DERIVED_METRICS.filter((metric) => metric.kind === 'counter').map((metric) => metric.name);
  }

  /** `receivedNanos`: a counter is not stamped later, so that one stamp from the future cannot hold it there. */
  derive(event: TradingEvent, receivedNanos: bigint): void {
    if (receivedNanos !== this.#receivedNanos) {
      this.#receivedNanos = receivedNanos;
      splitStamp(receivedNanos, this.#received);
    }
    const write = this.#writer;
    switch (event.table) {
      case 'orders':
        return this.#fromOrder(event);
      case 'fills':
        return this.#fromFill(event);
      case 'quotes':
        return this.#fromQuote(event);
      case 'market_trades':
        fromMarketTrade(event, write);
        return this.#loads.derive(event, this.#feeds.of(event), write);
      case 'book_levels':
        return this.#count('book_updates_total', [event.venue, event.symbol, event.kind], event.timeNanos, 1);
      case 'positions':
        return this.#accounts.derive(event, write);
      case 'signals':
        return this.#agents.derive(event, write);
      case 'cash_flows':
        return this.#count('cash_flows_total', [event.account, event.kind, event.currency], event.timeNanos, 1);
      case 'fx_rates':
        return this.#sample('fx_rate', [event.base, event.quote], event.timeNanos, event.rate);
      case 'exchange_status':
        return fromExchange(event, write);
      case 'spans':
        return fromSpan(event, write);
      case 'health_results':
        return this.#fromHealth(event);
      case 'events':
        return this.#count('business_events_total', [event.serviceName, event.eventType], event.timeNanos, 1);
    }
  }

  #fromOrder(order: OrderEvent): void {
    const { venue, strategy, symbol, event, timeNanos, sentNanos } = order;
    this.#count('order_events_total', [venue, strategy, symbol, event], timeNanos, 1);
    if (event === 'reject') {
      this.#count('order_rejects_total', [venue, strategy, order.reason || 'unknown'], timeNanos, 1);
    }
    const latencyName = LATENCY_BY_EVENT.get(event);
    if (latencyName !== undefined && sentNanos !== null) {
      this.#sample(latencyName, [venue, strategy], timeNanos, secondsBetween(sentNanos, timeNanos));
    }
  }

  #fromFill(fill: Fill): void {
    const { venue, strategy, symbol, side, currency, timeNanos, execution } = fill;
    if (execution !== 'new') return this.#count('fill_corrections_total', [venue, execution], timeNanos, 1);
    const notional = Math.abs(fill.quantity * fill.price);
    this.#count('fills_total', [venue, strategy, symbol, side], timeNanos, 1);
    this.#count('traded_notional_total', [venue, strategy, symbol, currency], timeNanos, notional);
    if (fill.fee > 0) this.#count('fees_total', [venue, strategy, fill.feeCurrency], timeNanos, fill.fee);
  }

  #fromQuote(quote: Quote): void {
    const { venue, symbol, timeNanos, exchangeNanos, bid, ask } = quote;
    const of = [venue, symbol];
    this.#count('quotes_total', of, timeNanos, 1);
    if (bid !== null && ask !== null && bid <= ask) {
      const mid = (bid + ask) / 2;
      this.#sample('quote_mid', of, timeNanos, mid);
      if (mid > 0) this.#sample('quote_spread_bps', of, timeNanos, ((ask - bid) / mid) * 1e4);
    }
    if (exchangeNanos !== null) {
      this.#sample('feed_delay_seconds', of, timeNanos, secondsBetween(exchangeNanos, timeNanos));
    }
    const feed = this.#feeds.of(quote);
    const missing = this.#missing(feed, quote.sequence);
    if (missing !== undefined) this.#count('feed_gaps_total', of, timeNanos, missing);
    this.#loads.derive(quote, feed, this.#writer);
  }

  /** Sequence numbers skipped since the feed's last update; undefined for a feed without them. */
  #missing(feed: string, sequence: bigint | null): number | undefined {
    if (sequence === null) return undefined;
    const last = this.#lastSequence.get(feed);
    if (last === undefined || sequence > last) this.#lastSequence.set(feed, sequence);
    forgetFirst(this.#lastSequence, MAX_FEEDS);
    return last === undefined || sequence <= last + 1n ? 0 : Number(sequence - last - 1n);
  }

  #fromHealth({ component, instance, status, timeNanos }: HealthResult): void {
    this.#sample('component_health', [component, instance], timeNanos, HEALTH_VALUES[status]);
    this.#count('heartbeats_total', [component, instance], timeNanos, 1);
  }

  /** A total that stays is told once in each second: readers need it there, not at every event (a feed without gaps). */
  #count(name: string, values: readonly string[], timeNanos: Nanos, by: number): void {
    const cell = this.#cells.get(name, values);
    cell.total += by;
    const time = this.#split(timeNanos);
    const stamp = isAfter(time, this.#received) ? this.#received : time;
    if (by === 0 && stamp.seconds <= cell.seconds) return;
    if (isAfter(stamp, cell)) {
      cell.seconds = stamp.seconds;
      cell.nanos = stamp.nanos;
    }
    this.#put(cell, cell.seconds, cell.nanos, cell.total);
  }

  #sample(name: string, values: readonly string[], timeNanos: Nanos, value: number): void {
    const { seconds, nanos } = this.#split(timeNanos);
    this.#put(this.#cells.get(name, values), seconds, nanos, value);
  }

  /** Nearly all samples of an event have its stamp. */
  #split(timeNanos: bigint): SplitStamp {
    if (timeNanos !== this.#timeNanos) {
      this.#timeNanos = timeNanos;
      splitStamp(timeNanos, this.#time);
    }
    return this.#time;
  }
}

const LATENCY_BY_EVENT: ReadonlyMap<OrderEvent['event'], string> = new Map(
  Object.entries(ORDER_LATENCIES).flatMap(([name, steps]) => steps.map((step) => [step, name] as const)),
);

function isAfter(a: Readonly<SplitStamp>, b: Readonly<SplitStamp>): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanos > b.nanos);
}
