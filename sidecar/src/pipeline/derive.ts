/**
 * Metrics from events: the names, kinds and labels of contract's DERIVED_METRICS and no others.
 * Counters are running totals; `seed` continues them after a restart. Events can come out of order, totals cannot: a
 * counter's stamps never go back, else a reader would take the smaller total that follows for a reset. Only new events
 * may be fed: a duplicate would count twice, so the pipeline drops known ids first.
 */
import { Labels, METRIC_NAME, nanos, secondsBetween } from '@tapewatch/core';
import type { Fill, HealthResult, Nanos, NumberSample, OrderEvent, Quote, TradingEvent } from '@tapewatch/core';
import { DERIVED_METRICS, ORDER_LATENCIES, type DerivedMetric } from '@tapewatch/contract';
import { AccountFigures } from './derive-account.ts';
import { AgentFigures } from './derive-agent.ts';
import { fromExchange, fromMarketTrade, fromSpan, type DerivedWriter } from './derive-event.ts';
import { LoadFigures } from './derive-load.ts';
import { forgetFirst } from './rolling-mean.ts';

const BY_NAME: ReadonlyMap<string, DerivedMetric> = new Map(DERIVED_METRICS.map((metric) => [metric.name, metric]));
const HEALTH_VALUES = { HEALTHY: 0, DEGRADED: 1, CRITICAL: 2 } as const;
/** Cached label sets; past this the cache starts anew (the registry's limits bound the series themselves). */
const MAX_CACHED_LABEL_SETS = 100_000;
/** Totals that are kept beside the cache; past this the oldest go, and their counters start at zero again. */
const MAX_SEEDS = 1_000_000;
/** Feeds whose last sequence number is known; past this the one that was seen first is forgotten. */
const MAX_FEEDS = 100_000;

/** Where a counter stands: its total, and the stamp of the sample that told it. */
export interface CounterMark {
  readonly total: number;
  readonly timeNanos: bigint;
}

interface Cell {
  readonly labels: Labels;
  total: number;
  timeNanos: bigint;
}

export class Deriver {
  #cells = new Map<string, Cell>();
  readonly #lastSequence = new Map<string, bigint>();
  readonly #agents = new AgentFigures();
  readonly #accounts = new AccountFigures();
  readonly #loads = new LoadFigures();
  readonly #writer: DerivedWriter = {
    count: (name, values, timeNanos, by) => this.#count(name, values, timeNanos, by),
    sample: (name, values, timeNanos, value) => this.#sample(name, values, timeNanos, value),
  };
  #receivedNanos = 0n;
  /** Counters from before a restart, until their first use. */
  readonly #seeds = new Map<string, CounterMark>();

  /** Continues a counter; `labels` include the metric name. */
  seed(labels: Labels, mark: CounterMark): void {
    this.#seeds.set(labels.key, mark);
    forgetFirst(this.#seeds, MAX_SEEDS);
  }

  /** Names of the counters that a restart should seed. */
  static get counterNames(): string[] {
    return DERIVED_METRICS.filter((metric) => metric.kind === 'counter').map((metric) => metric.name);
  }

  /** `receivedNanos`: a counter is not stamped later, so that one stamp from the future cannot hold it there. */
  derive(event: TradingEvent, receivedNanos: bigint): NumberSample[] {
    this.#receivedNanos = receivedNanos;
    switch (event.table) {
      case 'orders':
        return this.#fromOrder(event);
      case 'fills':
        return this.#fromFill(event);
      case 'quotes':
        return this.#fromQuote(event);
      case 'market_trades':
        return [...fromMarketTrade(event, this.#writer), ...this.#loads.derive(event, this.#writer)];
      case 'book_levels':
        return [this.#count('book_updates_total', [event.venue, event.symbol, event.kind], event.timeNanos, 1)];
      case 'positions':
        return this.#accounts.derive(event, this.#writer);
      case 'signals':
        return this.#agents.derive(event, this.#writer);
      case 'cash_flows':
        return [this.#count('cash_flows_total', [event.account, event.kind, event.currency], event.timeNanos, 1)];
      case 'fx_rates':
        return [this.#sample('fx_rate', [event.base, event.quote], event.timeNanos, event.rate)];
      case 'exchange_status':
        return fromExchange(event, this.#writer);
      case 'spans':
        return fromSpan(event, this.#writer);
      case 'health_results':
        return this.#fromHealth(event);
      case 'events':
        return [this.#count('business_events_total', [event.serviceName, event.eventType], event.timeNanos, 1)];
    }
  }

  #fromOrder(order: OrderEvent): NumberSample[] {
    const { venue, strategy, symbol, event, timeNanos, sentNanos } = order;
    const samples = [this.#count('order_events_total', [venue, strategy, symbol, event], timeNanos, 1)];
    if (event === 'reject') {
      samples.push(this.#count('order_rejects_total', [venue, strategy, order.reason || 'unknown'], timeNanos, 1));
    }
    const latencyName = LATENCY_BY_EVENT.get(event);
    if (latencyName !== undefined && sentNanos !== null) {
      samples.push(this.#sample(latencyName, [venue, strategy], timeNanos, secondsBetween(sentNanos, timeNanos)));
    }
    return samples;
  }

  #fromFill(fill: Fill): NumberSample[] {
    const { venue, strategy, symbol, side, currency, timeNanos, execution } = fill;
    if (execution !== 'new') return [this.#count('fill_corrections_total', [venue, execution], timeNanos, 1)];
    const notional = Math.abs(fill.quantity * fill.price);
    const samples = [
      this.#count('fills_total', [venue, strategy, symbol, side], timeNanos, 1),
      this.#count('traded_notional_total', [venue, strategy, symbol, currency], timeNanos, notional),
    ];
    if (fill.fee > 0) samples.push(this.#count('fees_total', [venue, strategy, fill.feeCurrency], timeNanos, fill.fee));
    return samples;
  }

  #fromQuote(quote: Quote): NumberSample[] {
    const { venue, symbol, timeNanos, exchangeNanos, bid, ask } = quote;
    const samples = [this.#count('quotes_total', [venue, symbol], timeNanos, 1)];
    if (bid !== null && ask !== null && bid <= ask) {
      const mid = (bid + ask) / 2;
      samples.push(this.#sample('quote_mid', [venue, symbol], timeNanos, mid));
      if (mid > 0)
        samples.push(this.#sample('quote_spread_bps', [venue, symbol], timeNanos, ((ask - bid) / mid) * 1e4));
    }
    if (exchangeNanos !== null) {
      samples.push(
        this.#sample('feed_delay_seconds', [venue, symbol], timeNanos, secondsBetween(exchangeNanos, timeNanos)),
      );
    }
    const missing = this.#missing(quote);
    if (missing !== undefined) samples.push(this.#count('feed_gaps_total', [venue, symbol], timeNanos, missing));
    samples.push(...this.#loads.derive(quote, this.#writer));
    return samples;
  }

  /** Sequence numbers skipped since the feed's last update; undefined for a feed without them. */
  #missing({ venue, symbol, sequence }: Quote): number | undefined {
    if (sequence === null) return undefined;
    const key = `${venue}\u0000${symbol}`;
    const last = this.#lastSequence.get(key);
    if (last === undefined || sequence > last) this.#lastSequence.set(key, sequence);
    forgetFirst(this.#lastSequence, MAX_FEEDS);
    return last === undefined || sequence <= last + 1n ? 0 : Number(sequence - last - 1n);
  }

  #fromHealth({ component, instance, status, timeNanos }: HealthResult): NumberSample[] {
    return [
      this.#sample('component_health', [component, instance], timeNanos, HEALTH_VALUES[status]),
      this.#count('heartbeats_total', [component, instance], timeNanos, 1),
    ];
  }

  #count(name: string, values: readonly string[], timeNanos: Nanos, by: number): NumberSample {
    const cell = this.#cell(name, values);
    cell.total += by;
    const stamp = timeNanos < this.#receivedNanos ? timeNanos : this.#receivedNanos;
    if (stamp > cell.timeNanos) cell.timeNanos = stamp;
    return sampleOf(name, cell.labels, nanos(cell.timeNanos), cell.total);
  }

  #sample(name: string, values: readonly string[], timeNanos: Nanos, value: number): NumberSample {
    return sampleOf(name, this.#cell(name, values).labels, timeNanos, value);
  }

  #cell(name: string, values: readonly string[]): Cell {
    // Joined, not serialised: an event yields several samples, and this is looked up for each.
    let key: string = name;
    for (const value of values) key += `\u0000${value}`;
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    if (this.#cells.size >= MAX_CACHED_LABEL_SETS) this.#startCacheAnew();
    const labelNames = definition(name).labels;
    const labels = Labels.from([
      [METRIC_NAME, name],
      ...labelNames.map((label, i) => [label, values[i] ?? ''] as const),
    ]);
    const cell = { labels, ...(this.#seeds.get(labels.key) ?? NOT_COUNTED) };
    this.#seeds.delete(labels.key);
    this.#cells.set(key, cell);
    return cell;
  }

  #startCacheAnew(): void {
    for (const { labels, total, timeNanos } of this.#cells.values())
      if (total !== 0) this.seed(labels, { total, timeNanos });
    this.#cells = new Map();
  }
}

const NOT_COUNTED: CounterMark = { total: 0, timeNanos: -(2n ** 63n) };

const LATENCY_BY_EVENT: ReadonlyMap<OrderEvent['event'], string> = new Map(
  Object.entries(ORDER_LATENCIES).flatMap(([name, steps]) => steps.map((step) => [step, name] as const)),
);

function sampleOf(name: string, labels: Labels, timeNanos: Nanos, value: number): NumberSample {
  const { kind, unit, help } = definition(name);
  return { kind, labels, timeNanos, value, unit, help };
}

function definition(name: string): DerivedMetric {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`bug: ${name} is not listed in DERIVED_METRICS`);
  return found;
}
