/**
 * How long an order takes on each hop: a lognormal body with a heavy tail (a small share takes several times as long),
 * the shape that round trips through queues have. A slow-hop incident multiplies one hop.
 */
import type { IncidentClock } from './incident.ts';
import type { Random } from './random.ts';
import type { Hop, StrategyProfile, VenueProfile } from './universe.ts';

const SLOW_HOP_FACTOR = 12;
const RISK_MICROS = 25;
const GATEWAY_MICROS = 35;

export type HopNanos = Readonly<Record<Hop, number>>;

export interface HopContext {
  readonly strategy: StrategyProfile;
  readonly venue: VenueProfile;
  readonly atNanos: number;
  readonly incidents: IncidentClock;
}

/** Integer nanoseconds per hop, at least one. */
export function drawHops(random: Random, context: HopContext): HopNanos {
  const { strategy, venue } = context;
  return {
    strategy: hop(random, context, { name: 'strategy', micros: strategy.decisionMicros, sigma: 0.3 }),
    risk: hop(random, context, { name: 'risk', micros: RISK_MICROS, sigma: 0.25 }),
    gateway: hop(random, context, { name: 'gateway', micros: GATEWAY_MICROS, sigma: 0.3 }),
    venue: venueRoundTrip(random, venue) * slowFactor(context, 'venue'),
  };
}

/** From the gateway to the venue and back: what a cancel takes too. */
export function venueRoundTrip(random: Random, { ackMicros, ackSigma, tailShare, tailFactor }: VenueProfile): number {
  const body = random.lognormal(ackMicros, ackSigma);
  const factor = random.chance(tailShare) ? tailFactor * random.lognormal(1, 0.3) : 1;
  return toNanos(body * factor);
}

export const totalNanos = (hops: HopNanos): number => hops.strategy + hops.risk + hops.gateway + hops.venue;

/** One order in 500 meets a pause (garbage collection, a page fault) on a hop of ours. */
const PAUSE_SHARE = 0.002;
const PAUSE_MICROS = 900;

function hop(
  random: Random,
  context: HopContext,
  { name, micros, sigma }: { name: Hop; micros: number; sigma: number },
) {
  const pause = random.chance(PAUSE_SHARE) ? random.lognormal(PAUSE_MICROS, 0.5) : 0;
  return toNanos(random.lognormal(micros, sigma) * slowFactor(context, name) + pause);
}

function slowFactor({ incidents, atNanos }: HopContext, name: Hop): number {
  return incidents.hits('slow-hop', name, { nanos: atNanos, fallback: 'gateway' }) ? SLOW_HOP_FACTOR : 1;
}

function toNanos(micros: number): number {
  return Math.max(1, Math.round(micros * 1e3));
}
