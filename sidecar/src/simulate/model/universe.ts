/**
 * Who trades what where: the desk's venues, instruments and strategies with the figures that shape their behaviour.
 * Names of venues are real market identifier codes, so that dashboards look familiar; every price, fee and latency is made up.
 * Times are microseconds, fees basis points of the notional (negative: rebate).
 */

export interface VenueProfile {
  readonly name: string;
  readonly currency: string;
  /** Round trip from the gateway to the venue's acknowledgement: median and spread of the logarithm. */
  readonly ackMicros: number;
  readonly ackSigma: number;
  /** Share of round trips that take `tailFactor` times as long (queues, retransmits). */
  readonly tailShare: number;
  readonly tailFactor: number;
  readonly rejectShare: number;
  readonly makerBps: number;
  readonly takerBps: number;
  /** Median delay of the feed between the exchange's stamp and ours. */
  readonly feedMicros: number;
  /** Share of the desk's orders that goes here, relative. */
  readonly weight: number;
}

export interface Listing {
  readonly venue: string;
  readonly symbol: string;
  readonly tick: number;
  readonly lot: number;
}

export interface Instrument {
  readonly symbol: string;
  readonly price: number;
  readonly tick: number;
  readonly lot: number;
  /** Standard deviation of the return over one second. */
  readonly volatility: number;
}

export interface StrategyProfile {
  readonly name: string;
  readonly weight: number;
  /** Share of orders that rest in the book. */
  readonly passiveShare: number;
  /** Median order size in money. */
  readonly notional: number;
  /** How much better than a coin its side is, 0 to 0.5. */
  readonly skill: number;
  /** Mean time a resting order waits for its fill; it is cancelled after `cancelAfterSeconds`. */
  readonly restSeconds: number;
  readonly cancelAfterSeconds: number;
  /** Median time from signal to order. */
  readonly decisionMicros: number;
}

/** Names of the hops of an order on its way out and back, in order. */
export const HOPS = ['strategy', 'risk', 'gateway', 'venue'] as const;
export type Hop = (typeof HOPS)[number];

export interface Universe {
  readonly venues: readonly VenueProfile[];
  readonly strategies: readonly StrategyProfile[];
}

// Columns: name, weight, passive share, notional, skill, rest s, cancel after s, decision micros.
export const STRATEGIES: readonly StrategyProfile[] = [
  strategy('market-maker', [4, 0.95, 12_000, 0.02, 1.2, 2, 40]),
  strategy('momentum', [2, 0.1, 30_000, 0.12, 2, 3, 90]),
  strategy('mean-reversion', [2, 0.5, 20_000, 0.08, 1.5, 3, 120]),
  strategy('stat-arb', [2, 0.3, 25_000, 0.1, 1, 2, 160]),
  strategy('vwap-execution', [1, 0.7, 60_000, 0, 2.5, 5, 300]),
];

// Columns: ack micros, ack sigma, tail share, tail factor, reject share, maker bps, taker bps, feed micros, weight.
export const EQUITY_VENUES: readonly VenueProfile[] = [
  venue('XNAS', 'USD', [260, 0.35, 0.012, 9, 0.008, -0.2, 0.3, 180, 4]),
  venue('ARCX', 'USD', [310, 0.4, 0.015, 8, 0.01, -0.18, 0.3, 210, 3]),
  venue('BATS', 'USD', [220, 0.3, 0.01, 10, 0.012, -0.25, 0.28, 160, 3]),
  venue('IEXG', 'USD', [720, 0.15, 0.008, 5, 0.006, 0, 0.09, 540, 1]),
];

export const CRYPTO_VENUES: readonly VenueProfile[] = [
  venue('BINANCE_SPOT', 'USDT', [4_200, 0.45, 0.02, 8, 0.015, 1, 1, 1_000, 2]),
  venue('BINANCE_USDM', 'USDT', [3_600, 0.5, 0.025, 10, 0.02, 0.2, 0.5, 1_000, 3]),
];

export const EQUITIES: readonly Instrument[] = [
  { symbol: 'AAPL', price: 213.4, tick: 0.01, lot: 1, volatility: 0.00009 },
  { symbol: 'AMZN', price: 187.2, tick: 0.01, lot: 1, volatility: 0.00011 },
  { symbol: 'MSFT', price: 431.8, tick: 0.01, lot: 1, volatility: 0.00008 },
  { symbol: 'NVDA', price: 122.6, tick: 0.01, lot: 1, volatility: 0.00018 },
  { symbol: 'SPY', price: 548.1, tick: 0.01, lot: 1, volatility: 0.00005 },
  { symbol: 'TSLA', price: 246.9, tick: 0.01, lot: 1, volatility: 0.0002 },
];

/** What is assumed of a recorded venue that is not in the list. */
export function venueProfile(name: string): VenueProfile {
  return CRYPTO_VENUES.find((known) => known.name === name) ?? { ...(CRYPTO_VENUES[0] as VenueProfile), name };
}

function strategy(
  name: string,
  row: readonly [number, number, number, number, number, number, number],
): StrategyProfile {
  const [weight, passiveShare, notional, skill, restSeconds, cancelAfterSeconds, decisionMicros] = row;
  return { name, weight, passiveShare, notional, skill, restSeconds, cancelAfterSeconds, decisionMicros };
}

type VenueRow = readonly [number, number, number, number, number, number, number, number, number];

function venue(name: string, currency: string, row: VenueRow): VenueProfile {
  const [ackMicros, ackSigma, tailShare, tailFactor, rejectShare, makerBps, takerBps, feedMicros, weight] = row;
  return {
    name,
    currency,
    ackMicros,
    ackSigma,
    tailShare,
    tailFactor,
    rejectShare,
    makerBps,
    takerBps,
    feedMicros,
    weight,
  };
}
