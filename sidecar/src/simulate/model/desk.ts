/**
 * The trading desk on a virtual clock: it takes the market's updates and its own agenda in order of time and says what a
 * desk would publish. Pure: no clock, no input or output; the same seed, market and start give the same messages.
 */
import { Agenda } from './agenda.ts';
import { DeskReport, type ProbePlan } from './desk-report.ts';
import { DeskSignals } from './desk-signals.ts';
import type { IncidentClock } from './incident.ts';
import type { Market, MarketUpdate } from './market.ts';
import type { DeskMessage, Stamper } from './message.ts';
import { OrderFlow, type Action } from './order-flow.ts';
import { Random } from './random.ts';
import type { Universe, VenueProfile } from './universe.ts';

export interface DeskOptions {
  readonly seed: number | string;
  /** Prefix of every id; must differ between runs against one store, or the second run is taken for a repeat. */
  readonly runId: string;
  readonly universe: Universe;
  readonly market: Market;
  readonly incidents: IncidentClock;
  /** Mean orders a second; a burst of volatility doubles it. */
  readonly ordersPerSecond: number;
  readonly stamper: Stamper;
  /** When `demo_probe` rises to 1; without a plan it stays 0. */
  readonly probe?: ProbePlan;
}

const BURST_ORDER_FACTOR = 2;
/** Orders wait until the books have opened. */
const FIRST_ORDER_NANOS = 2e8;

export class Desk {
  readonly #options: DeskOptions;
  readonly #agenda = new Agenda<Action>();
  readonly #arrivals: Random;
  readonly #flow: OrderFlow;
  readonly #outageVenue: string;
  #out: DeskMessage[] = [];

  constructor(options: DeskOptions) {
    const { seed, universe, market, incidents, stamper, runId } = options;
    this.#options = options;
    const random = new Random(seed).fork('desk');
    this.#arrivals = random.fork('arrivals');
    this.#outageVenue = outageVenue(universe.venues);
    const emit = (message: DeskMessage): void => void this.#out.push(message);
    const shared = { universe, market, incidents, agenda: this.#agenda, stamper, emit, outageVenue: this.#outageVenue };
    this.#flow = new OrderFlow({ ...shared, runId, random: random.fork('orders') });
    const report = new DeskReport({ ...shared, flow: this.#flow, ...(options.probe ? { probe: options.probe } : {}) });
    report.start();
    new DeskSignals({ ...shared, runId, random: random.fork('signals') }).start();
    this.#agenda.add(FIRST_ORDER_NANOS, this.#arrive);
  }

  /** Everything that happens up to and including `untilNanos`, in order of time. */
  advance(untilNanos: number): readonly DeskMessage[] {
    const { market } = this.#options;
    this.#out = [];
    for (;;) {
      const marketAt = market.nextAt();
      if (Math.min(marketAt, this.#agenda.nextAt) > untilNanos) return this.#out;
      if (marketAt <= this.#agenda.nextAt) this.#quote(market.take());
      else {
        const planned = this.#agenda.take();
        planned?.what(planned.atNanos);
      }
    }
  }

  readonly #arrive: Action = (atNanos) => {
    this.#flow.send(atNanos);
    const burst = this.#options.incidents.active('volatility', atNanos) !== undefined;
    const rate = this.#options.ordersPerSecond * (burst ? BURST_ORDER_FACTOR : 1);
    this.#agenda.add(atNanos + 1 + Math.floor(this.#arrivals.exponential(1 / rate) * 1e9), this.#arrive);
  };

  /** A venue that is out sends nothing; its numbering goes on, so the gap shows when it is back. */
  #quote({ atNanos, venue, symbol, top, feedDelayNanos, sequence }: MarketUpdate): void {
    const { incidents, stamper } = this.#options;
    if (incidents.hits('venue-outage', venue, { nanos: atNanos, fallback: this.#outageVenue })) return;
    const item = {
      time: stamper.stamp(atNanos),
      ...(feedDelayNanos === null ? {} : { exchange_time: stamper.stamp(atNanos, feedDelayNanos) }),
      ...{ venue, symbol, bid: top.bid, bid_size: top.bidSize, ask: top.ask, ask_size: top.askSize },
      ...(sequence === null ? {} : { sequence }),
    };
    this.#out.push({ kind: 'quote', subject: `tw.quotes.${venue}.${symbol}`, atNanos, id: '', items: [item] });
  }
}

/** The venue that an outage without a target hits: the third, so that it is neither the largest nor the oddest. */
export function outageVenue(venues: readonly VenueProfile[]): string {
  return (venues[2] ?? venues[venues.length - 1])?.name ?? '';
}
