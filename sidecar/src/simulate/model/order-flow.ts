/**
 * The life of the desk's orders: new, then ack or reject after the four hops, then fills against the book, or a cancel.
 * Aggressive orders sweep the levels, resting ones wait for an exponential time and are filled at their limit unless the
 * market has left them behind. Fees follow the venue's maker and taker rates (positive: paid).
 */
import type { Side } from '@tapewatch/core';
import type { Agenda } from './agenda.ts';
import type { IncidentClock } from './incident.ts';
import { drawHops, totalNanos, venueRoundTrip, type HopNanos } from './latency.ts';
import { midOf, sweep, toGrid, type Execution, type Market, type TopOfBook } from './market.ts';
import type { DeskMessage, OrderItem, Stamper } from './message.ts';
import { traceOf } from './order-trace.ts';
import type { Random } from './random.ts';
import { HOPS, type Listing, type StrategyProfile, type Universe, type VenueProfile } from './universe.ts';

export type Action = (atNanos: number) => void;

export interface OrderFlowOptions {
  readonly runId: string;
  readonly random: Random;
  readonly universe: Universe;
  readonly market: Market;
  readonly incidents: IncidentClock;
  /** The venue that an outage without a target hits. */
  readonly outageVenue: string;
  readonly agenda: Agenda<Action>;
  readonly stamper: Stamper;
  readonly emit: (message: DeskMessage) => void;
}

interface LiveOrder {
  readonly id: string;
  readonly strategy: StrategyProfile;
  readonly venue: VenueProfile;
  readonly listing: Listing;
  readonly side: Side;
  readonly quantity: number;
  /** Null for a market order. */
  readonly limit: number | null;
  readonly arrivalMid: number;
  readonly sentNanos: number;
  filled: number;
  steps: number;
}

/** Beyond it no order is sent; the risk component counts an error instead. */
export const MAX_ORDERS_IN_FLIGHT = 10_000;
const REJECT_REASONS = ['price_band', 'insufficient_margin', 'throttled', 'self_trade_prevention'] as const;
const OUTAGE = { rejectShare: 0.7, slowdown: 20 } as const;
/** Inventory, in orders of the usual size, at which a strategy starts to trade back. */
const INVENTORY_LIMIT = 6;
const LEAN_SHARE = 0.65;
const MATCH_MICROS = 60;
const MAX_PIECES = 3;

export class OrderFlow {
  readonly #options: OrderFlowOptions;
  readonly #inventory = new Map<string, number>();
  /** By `venue|strategy`, then by component: what the desk's own metrics report. */
  readonly inFlight = new Map<string, number>();
  readonly errors = new Map<string, number>([
    ['risk', 0],
    ['gateway', 0],
    ['venue', 0],
  ]);
  #sent = 0;
  #live = 0;

  constructor(options: OrderFlowOptions) {
    this.#options = options;
    for (const { name: venue } of options.universe.venues) {
      for (const { name: strategy } of options.universe.strategies) this.inFlight.set(`${venue}|${strategy}`, 0);
    }
  }

  /** Decides on one order and sends it; nothing happens while no book is known. */
  send(atNanos: number): void {
    if (this.#live >= MAX_ORDERS_IN_FLIGHT) return this.#error('risk');
    const { random, universe, market } = this.#options;
    const strategy = random.pick(universe.strategies, ({ weight }) => weight);
    const venue = random.pick(universe.venues, ({ weight }) => weight);
    const open = market.listings.filter(
      (listing) => listing.venue === venue.name && market.top(venue.name, listing.symbol),
    );
    if (open.length === 0) return;
    const listing = random.pick(open);
    const top = market.top(listing.venue, listing.symbol) as TopOfBook;
    const order = this.#decide({ strategy, venue, listing, top, atNanos });
    this.#count(order, 1);
    this.#step(order, 'new', atNanos);
    const hops = this.#hops(order, atNanos);
    this.#at(atNanos + totalNanos(hops), (now) => this.#answer(order, hops, now));
  }

  #decide(context: {
    strategy: StrategyProfile;
    venue: VenueProfile;
    listing: Listing;
    top: TopOfBook;
    atNanos: number;
  }) {
    const { random, runId } = this.#options;
    const { strategy, venue, listing, top, atNanos } = context;
    const mid = midOf(top);
    const side = this.#side(strategy, listing.symbol);
    const quantity = Math.max(listing.lot, toGrid(random.lognormal(strategy.notional, 0.6) / mid, listing.lot));
    const passive = random.chance(strategy.passiveShare);
    const limit = passive ? (side === 'buy' ? top.bid : top.ask) : null;
    this.#sent += 1;
    const id = `${runId}-${this.#sent}`;
    const order: LiveOrder = {
      ...{ id, strategy, venue, listing, side, quantity, limit, arrivalMid: mid, sentNanos: atNanos },
      filled: 0,
      steps: 0,
    };
    return order;
  }

  /** With the signal as often as the strategy is skilled; back towards flat when the inventory is large. */
  #side(strategy: StrategyProfile, symbol: string): Side {
    const { random, market } = this.#options;
    const inventory = this.#inventory.get(`${strategy.name}|${symbol}`) ?? 0;
    if (Math.abs(inventory) > INVENTORY_LIMIT && random.chance(LEAN_SHARE)) return inventory > 0 ? 'sell' : 'buy';
    const signal = market.signal(symbol);
    return random.chance(0.5 + strategy.skill * signal) ? 'buy' : 'sell';
  }

  #isOut(venue: VenueProfile, atNanos: number): boolean {
    const { incidents, outageVenue } = this.#options;
    return incidents.hits('venue-outage', venue.name, { nanos: atNanos, fallback: outageVenue });
  }

  #hops({ strategy, venue }: LiveOrder, atNanos: number): HopNanos {
    const { random, incidents } = this.#options;
    const hops = drawHops(random, { strategy, venue, atNanos, incidents });
    return this.#isOut(venue, atNanos) ? { ...hops, venue: hops.venue * OUTAGE.slowdown } : hops;
  }

  #answer(order: LiveOrder, hops: HopNanos, atNanos: number): void {
    const { random } = this.#options;
    this.#reportHops(order, hops, atNanos);
    const out = this.#isOut(order.venue, order.sentNanos);
    const wasRejected = random.chance(out ? OUTAGE.rejectShare : order.venue.rejectShare);
    this.#trace(order, { hops, wasRejected }, atNanos);
    if (wasRejected) {
      this.#step(order, 'reject', atNanos, { reason: out ? 'venue_unavailable' : random.pick(REJECT_REASONS) });
      if (out) this.#error('venue');
      return this.#count(order, -1);
    }
    this.#step(order, 'ack', atNanos);
    if (order.limit === null) this.#match(order, atNanos);
    else this.#rest(order, atNanos);
  }

  #reportHops({ venue, strategy }: LiveOrder, hops: HopNanos, atNanos: number): void {
    const time = this.#options.stamper.stamp(atNanos);
    const items = HOPS.map((hop) => ({
      name: 'order_hop_seconds',
      type: 'observation' as const,
      value: hops[hop] / 1e9,
      time,
      labels: { hop, venue: venue.name, strategy: strategy.name },
      unit: 'seconds',
      help: 'Time an order spent on one hop of its way.',
    }));
    this.#options.emit({ kind: 'metric', subject: 'tw.metrics.desk.hops', atNanos, id: '', items });
  }

  #trace(order: LiveOrder, { hops, wasRejected }: { hops: HopNanos; wasRejected: boolean }, atNanos: number): void {
    const { random, stamper, emit } = this.#options;
    const { id, venue, strategy, listing } = order;
    const traced = { id, venue: venue.name, strategy: strategy.name, symbol: listing.symbol, wasRejected };
    const items = traceOf(traced, { hops, atNanos, stamper, random });
    emit({ kind: 'span', subject: 'tw.spans.desk', atNanos, id: '', items });
  }

  /** Sweeps the book as it stands when the order arrives. */
  #match(order: LiveOrder, atNanos: number): void {
    const { market, random } = this.#options;
    const top = market.top(order.listing.venue, order.listing.symbol) as TopOfBook;
    const executions = sweep(top, order.side, { quantity: order.quantity, listing: order.listing });
    let at = atNanos;
    for (const execution of executions) {
      at += Math.round(random.lognormal(MATCH_MICROS, 0.4) * 1e3);
      this.#at(at, (now) => this.#execute(order, execution, now));
    }
  }

  #rest(order: LiveOrder, atNanos: number): void {
    const { random } = this.#options;
    const waitSeconds = random.exponential(order.strategy.restSeconds);
    if (waitSeconds > order.strategy.cancelAfterSeconds) {
      const at = atNanos + order.strategy.cancelAfterSeconds * 1e9;
      return this.#at(at, (now) => this.#cancel(order, now));
    }
    const pieces = Math.min(
      1 + random.integer(MAX_PIECES),
      Math.max(1, Math.round(order.quantity / order.listing.lot)),
    );
    this.#at(atNanos + Math.round(waitSeconds * 1e9), (now) => this.#fillResting(order, pieces, now));
  }

  #fillResting(order: LiveOrder, pieces: number, atNanos: number): void {
    const { market, random } = this.#options;
    const { listing, side, limit } = order;
    const { bid, ask } = market.top(listing.venue, listing.symbol) as TopOfBook;
    const price = limit as number;
    // A market that has moved away by more than its own spread does not come back for a resting order.
    const away = side === 'buy' ? bid - price : price - ask;
    if (away > ask - bid) return this.#cancel(order, atNanos);
    const rest = toGrid(order.quantity - order.filled, listing.lot);
    const quantity = pieces === 1 ? rest : Math.max(listing.lot, toGrid(rest / pieces, listing.lot));
    this.#execute(order, { price, quantity }, atNanos);
    if (order.filled >= order.quantity) return;
    const at = atNanos + Math.max(1, Math.round(random.exponential(0.15) * 1e9));
    this.#at(at, (now) => this.#fillResting(order, Math.max(1, pieces - 1), now));
  }

  #execute(order: LiveOrder, { price, quantity }: Execution, atNanos: number): void {
    const { stamper, emit, universe } = this.#options;
    const { venue, strategy, listing, side, limit } = order;
    order.filled = toGrid(order.filled + quantity, listing.lot);
    const done = order.filled >= order.quantity;
    this.#step(order, done ? 'fill' : 'partial_fill', atNanos);
    const bps = limit === null ? venue.takerBps : venue.makerBps;
    const id = `${order.id}.x${order.steps}`;
    const item = {
      ...{ id, time: stamper.stamp(atNanos), order_id: order.id, venue: venue.name, symbol: listing.symbol },
      ...{ strategy: strategy.name, account: accountOf(strategy, universe), side, quantity, price },
      currency: venue.currency,
      fee: Number(((quantity * price * bps) / 1e4).toFixed(8)),
      liquidity: limit === null ? ('taker' as const) : ('maker' as const),
    };
    emit({ kind: 'fill', subject: `tw.fills.${venue.name}.${strategy.name}`, atNanos, id, items: [item] });
    this.#print(order, { price, quantity }, atNanos);
    const key = `${strategy.name}|${listing.symbol}`;
    const orders = ((side === 'buy' ? 1 : -1) * quantity * price) / strategy.notional;
    this.#inventory.set(key, (this.#inventory.get(key) ?? 0) + orders);
    if (done) this.#count(order, -1);
  }

  /** Our executions are prints like any other; who rests does not take. */
  #print({ id, steps, venue, listing, side, limit }: LiveOrder, { price, quantity }: Execution, atNanos: number): void {
    const { stamper, emit } = this.#options;
    const other = side === 'buy' ? 'sell' : 'buy';
    const item = {
      ...{ id: `${id}.t${steps}`, time: stamper.stamp(atNanos), venue: venue.name, symbol: listing.symbol },
      ...{ price, quantity, aggressor: limit === null ? side : (other as Side) },
    };
    emit({ kind: 'trade', subject: `tw.trades.${venue.name}.${listing.symbol}`, atNanos, id: '', items: [item] });
  }

  #cancel(order: LiveOrder, atNanos: number): void {
    const { random } = this.#options;
    this.#step(order, 'cancel', atNanos);
    const slow = this.#isOut(order.venue, atNanos) ? OUTAGE.slowdown : 1;
    this.#at(atNanos + venueRoundTrip(random, order.venue) * slow, (now) => {
      this.#step(order, 'cancel_ack', now, { sentNanos: atNanos });
      this.#count(order, -1);
    });
  }

  /** `sentNanos` is the order's own unless the step answers something else (a cancel). */
  #step(
    order: LiveOrder,
    event: OrderItem['event'],
    atNanos: number,
    extra: { reason?: string; sentNanos?: number } = {},
  ) {
    const { stamper, emit, universe } = this.#options;
    const { venue, strategy, listing, side, quantity } = order;
    order.steps += 1;
    const id = `${order.id}.${order.steps}`;
    const item: OrderItem = {
      ...{ id, time: stamper.stamp(atNanos), order_id: order.id, event },
      sent_time: stamper.stamp(atNanos, atNanos - (extra.sentNanos ?? order.sentNanos)),
      ...{ venue: venue.name, symbol: listing.symbol, strategy: strategy.name },
      ...{ account: accountOf(strategy, universe), side, quantity },
      order_type: order.limit === null ? 'market' : 'limit',
      ...{ price: order.limit, filled_quantity: order.filled, arrival_mid: order.arrivalMid },
      ...(extra.reason === undefined ? {} : { reason: extra.reason }),
    };
    emit({ kind: 'order', subject: `tw.orders.${venue.name}.${strategy.name}`, atNanos, id, items: [item] });
  }

  #count({ venue, strategy }: LiveOrder, change: 1 | -1): void {
    const key = `${venue.name}|${strategy.name}`;
    this.inFlight.set(key, (this.inFlight.get(key) ?? 0) + change);
    this.#live += change;
  }

  #error(component: string): void {
    this.errors.set(component, (this.errors.get(component) ?? 0) + 1);
  }

  #at(atNanos: number, action: Action): void {
    this.#options.agenda.add(atNanos, action);
  }
}

/** Strategies share two accounts, by their place in the list. */
function accountOf(strategy: StrategyProfile, { strategies }: Universe): string {
  return strategies.indexOf(strategy) % 2 === 0 ? 'prop-1' : 'prop-2';
}
