/**
 * What the desk's agents decide, and what surrounds them: a prediction for some of the orders with its outcome a few seconds
 * later, exchange rates of the venues' currencies, and how the connections to the venues stand.
 */
import type { Agenda } from './agenda.ts';
import type { IncidentClock } from './incident.ts';
import { midOf, type Market } from './market.ts';
import type { DeskMessage, Stamper } from './message.ts';
import type { Action } from './order-flow.ts';
import type { Random } from './random.ts';
import type { Universe } from './universe.ts';

const FIRST_NANOS = 3e8;
const PERIOD_NANOS = 1e9;
const HORIZON_MS = 3_000;
/** Agents that are asked for a consensus. */
const AGENTS = 4;
const FAILURE_SHARE = 0.02;
const SIGNAL_RETURN = 5e-4;
const REQUESTS_LIMIT = 1_200;
/** Round trip of a request to an exchange, typically. */
const LATENCY_MS = 2;
const REFERENCE = 'USD';
const FIRST_RATES: Readonly<Record<string, number>> = { EUR: 1.17, GBP: 1.35, JPY: 0.0068, USDT: 1 };
const RATE_VOLATILITY = 2e-5;

export interface DeskSignalsOptions {
  readonly runId: string;
  readonly universe: Universe;
  readonly market: Market;
  readonly incidents: IncidentClock;
  readonly outageVenue: string;
  readonly agenda: Agenda<Action>;
  readonly stamper: Stamper;
  readonly random: Random;
  readonly emit: (message: DeskMessage) => void;
}

export class DeskSignals {
  readonly #options: DeskSignalsOptions;
  readonly #rates = new Map<string, number>();
  #made = 0;

  constructor(options: DeskSignalsOptions) {
    this.#options = options;
    for (const currency of ['EUR', ...options.universe.venues.map((venue) => venue.currency)]) {
      if (currency !== REFERENCE) this.#rates.set(currency, FIRST_RATES[currency] ?? 1);
    }
  }

  start(): void {
    this.#options.agenda.add(FIRST_NANOS, this.#tick);
  }

  readonly #tick: Action = (atNanos) => {
    this.#decide(atNanos);
    this.#quoteRates(atNanos);
    this.#tellConnections(atNanos);
    this.#options.agenda.add(atNanos + PERIOD_NANOS, this.#tick);
  };

  #decide(atNanos: number): void {
    const { random, universe, market, stamper, runId, agenda } = this.#options;
    const { name: agent } = random.pick(universe.strategies);
    const listing = market.listings.find(({ venue, symbol }) => market.top(venue, symbol) !== undefined);
    if (listing === undefined) return;
    this.#made += 1;
    const signalId = `${runId}-s${this.#made}`;
    const common = { signal_id: signalId, agent, symbol: listing.symbol, strategy: agent };
    const time = stamper.stamp(atNanos);
    if (random.chance(FAILURE_SHARE)) {
      return this.#signal(
        { ...common, id: `${signalId}-f`, time, event: 'failure', reason: 'stale_features' },
        atNanos,
      );
    }
    const prediction = (random.chance(0.5 + market.signal(listing.symbol) / 2) ? 1 : -1) * SIGNAL_RETURN;
    const confidence = 0.5 + random.integer(50) / 100;
    const consensus = (1 + random.integer(AGENTS)) / AGENTS;
    this.#signal(
      { ...common, id: `${signalId}-p`, time, prediction, confidence, consensus, horizon_ms: HORIZON_MS },
      atNanos,
    );
    const top = market.top(listing.venue, listing.symbol);
    const before = top === undefined ? NaN : midOf(top);
    agenda.add(atNanos + HORIZON_MS * 1e6, (now) => {
      const later = market.top(listing.venue, listing.symbol);
      const outcome = later === undefined ? 0 : midOf(later) / before - 1;
      const event = 'outcome' as const;
      this.#signal({ ...common, id: `${signalId}-o`, time: stamper.stamp(now), event, prediction, outcome }, now);
    });
  }

  #signal(item: Extract<DeskMessage, { kind: 'signal' }>['items'][number], atNanos: number): void {
    this.#options.emit({ kind: 'signal', subject: `tw.signals.${item.agent}`, atNanos, id: '', items: [item] });
  }

  #quoteRates(atNanos: number): void {
    const { random, stamper, emit } = this.#options;
    for (const [base, before] of this.#rates) {
      const rate = Number((before * random.lognormal(1, RATE_VOLATILITY)).toPrecision(9));
      this.#rates.set(base, rate);
      const item = { time: stamper.stamp(atNanos), base, quote: REFERENCE, rate, source: 'desk' };
      emit({ kind: 'fx', subject: `tw.fx.${base}.${REFERENCE}`, atNanos, id: '', items: [item] });
    }
  }

  /** A rate limit that is used up over ten seconds and then begins anew. */
  #tellConnections(atNanos: number): void {
    const { universe, incidents, outageVenue, stamper, emit, random } = this.#options;
    const used = (Math.floor(atNanos / PERIOD_NANOS) % 10) / 10;
    for (const { name: venue } of universe.venues) {
      const isOut = incidents.hits('venue-outage', venue, { nanos: atNanos, fallback: outageVenue });
      const item = {
        ...{ time: stamper.stamp(atNanos), venue, api: 'orders', requests_limit: REQUESTS_LIMIT },
        connection: isOut ? ('disconnected' as const) : ('connected' as const),
        requests_remaining: Math.round(REQUESTS_LIMIT * (1 - used)) - random.integer(10),
        ...(isOut ? {} : { latency_ms: Math.round(LATENCY_MS * random.lognormal(1, 0.2) * 1_000) / 1_000 }),
      };
      emit({ kind: 'exchange', subject: `tw.exchange.${venue}.orders`, atNanos, id: '', items: [item] });
    }
  }
}
