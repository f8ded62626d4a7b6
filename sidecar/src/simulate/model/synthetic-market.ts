/**
 * A made-up market: one fair price per instrument that follows a random walk with a slowly turning drift, and per venue a
 * book around it (spread in ticks, sizes lognormal) whose updates come by a Poisson process and are numbered. A burst of volatility moves,
 * widens, thins and hastens everything.
 */
import type { IncidentClock } from './incident.ts';
import { listingKey, toGrid, type Market, type MarketUpdate, type TopOfBook, type TradedVolume } from './market.ts';
import { Random } from './random.ts';
import type { Instrument, Listing, VenueProfile } from './universe.ts';

export interface SyntheticMarketOptions {
  readonly seed: number | string;
  readonly venues: readonly VenueProfile[];
  readonly instruments: readonly Instrument[];
  readonly incidents: IncidentClock;
  /** Mean updates a second of each listing. */
  readonly updatesPerSecond: number;
}

interface Fair {
  readonly instrument: Instrument;
  price: number;
  drift: number;
  atNanos: number;
}

interface Feed {
  readonly listing: Listing;
  readonly venue: VenueProfile;
  readonly random: Random;
  top: TopOfBook | undefined;
  sequence: number;
  nextNanos: number;
}

/** The drift forgets itself over this time: long enough for a strategy to profit from it. */
const DRIFT_MEMORY_SECONDS = 8;
/** Drift at one standard deviation, relative to the volatility of one second. */
const DRIFT_STRENGTH = 0.35;
const BURST = { volatility: 6, spread: 3, rate: 4, size: 0.4 } as const;

export class SyntheticMarket implements Market {
  readonly listings: readonly Listing[];
  readonly #options: SyntheticMarketOptions;
  readonly #random: Random;
  readonly #fairs = new Map<string, Fair>();
  readonly #feeds: Feed[];
  readonly #byListing = new Map<string, Feed>();

  constructor(options: SyntheticMarketOptions) {
    this.#options = options;
    this.#random = new Random(options.seed).fork('fair');
    for (const instrument of options.instruments) {
      this.#fairs.set(instrument.symbol, { instrument, price: instrument.price, drift: 0, atNanos: 0 });
    }
    this.#feeds = options.venues.flatMap((venue) =>
      options.instruments.map((instrument) => this.#feed(venue, instrument)),
    );
    this.listings = this.#feeds.map(({ listing }) => listing);
    for (const feed of this.#feeds) this.#byListing.set(listingKey(feed.listing.venue, feed.listing.symbol), feed);
  }

  #feed(venue: VenueProfile, { symbol, tick, lot }: Instrument): Feed {
    const random = new Random(this.#options.seed).fork(`feed/${venue.name}/${symbol}`);
    // Every book opens within the first tenth of a second, so that orders find one.
    const nextNanos = Math.floor(random.between(0, 1e8));
    return { listing: { venue: venue.name, symbol, tick, lot }, venue, random, top: undefined, sequence: 0, nextNanos };
  }

  #earliest(): Feed {
    return this.#feeds.reduce((best, feed) => (feed.nextNanos < best.nextNanos ? feed : best));
  }

  nextAt(): number {
    return this.#earliest().nextNanos;
  }

  #schedule(feed: Feed): void {
    const burst = this.#inBurst(feed.listing.symbol, feed.nextNanos);
    const meanSeconds = 1 / (this.#options.updatesPerSecond * (burst ? BURST.rate : 1));
    feed.nextNanos += 1 + Math.floor(feed.random.exponential(meanSeconds) * 1e9);
  }

  #inBurst(symbol: string, nanos: number): boolean {
    const incident = this.#options.incidents.active('volatility', nanos);
    return incident !== undefined && (incident.target === '' || incident.target === symbol);
  }

  take(): MarketUpdate {
    const feed = this.#earliest();
    const { listing, venue, random } = feed;
    const atNanos = feed.nextNanos;
    feed.sequence += 1;
    const top = this.#quote(feed, atNanos);
    feed.top = top;
    this.#schedule(feed);
    const feedDelayNanos = Math.round(random.lognormal(venue.feedMicros, 0.4) * 1e3);
    return { atNanos, venue: listing.venue, symbol: listing.symbol, top, feedDelayNanos, sequence: feed.sequence };
  }

  #quote({ listing, random }: Feed, atNanos: number): TopOfBook {
    const burst = this.#inBurst(listing.symbol, atNanos);
    const { tick, lot } = listing;
    const fair = this.#advance(listing.symbol, atNanos, burst);
    const spreadTicks = 1 + Math.floor(random.exponential(burst ? BURST.spread : 0.8));
    const skew = random.between(-0.5, 0.5) * tick;
    const bid = toGrid(fair + skew - (spreadTicks * tick) / 2, tick);
    const size = (): number => Math.max(lot, toGrid(random.lognormal(300 * (burst ? BURST.size : 1), 0.7) * lot, lot));
    return { bid, bidSize: size(), ask: toGrid(bid + spreadTicks * tick, tick), askSize: size() };
  }

  /** Ornstein-Uhlenbeck drift plus Brownian motion of the logarithm, exact enough for steps below a second. */
  #advance(symbol: string, atNanos: number, burst: boolean): number {
    const fair = this.#fairs.get(symbol);
    if (fair === undefined) throw new RangeError(`no instrument ${symbol} in the synthetic market`);
    const seconds = Math.max(0, (atNanos - fair.atNanos) / 1e9);
    const keep = Math.exp(-seconds / DRIFT_MEMORY_SECONDS);
    fair.drift = fair.drift * keep + Math.sqrt(1 - keep * keep) * this.#random.normal();
    const volatility = fair.instrument.volatility * (burst ? BURST.volatility : 1);
    const move = DRIFT_STRENGTH * fair.drift * seconds + Math.sqrt(seconds) * this.#random.normal();
    fair.price *= Math.exp(volatility * move);
    fair.atNanos = Math.max(fair.atNanos, atNanos);
    return fair.price;
  }

  top(venue: string, symbol: string): TopOfBook | undefined {
    return this.#byListing.get(listingKey(venue, symbol))?.top;
  }

  signal(symbol: string): number {
    const drift = this.#fairs.get(symbol)?.drift ?? 0;
    return Math.max(-1, Math.min(1, drift));
  }

  /** Nobody else trades in the made-up market. */
  traded(): readonly TradedVolume[] {
    return [];
  }
}
