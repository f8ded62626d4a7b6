/**
 * Seeded traces of orders from the decision to the fill's receipt, over three hosts whose clocks nobody has set: strategy →
 * gateway → venue → strategy. Processing times share a slowly changing load, networks have a floor and a jitter. Faults
 * delay orders; a process that stands still stamps everything when it goes on, arrivals too; clocks step or slew.
 */
import { hopsBetween, type Checkpoint, type HopTrace } from '@tapewatch/core';
import type { Random } from '../../sidecar/src/simulate/model/random.ts';

export const HOSTS = ['strategy', 'gateway', 'venue'] as const;
export type Host = (typeof HOSTS)[number];

/** Hops in the order of the way. */
export const PROCESSES = ['strategy', 'gateway', 'venue'] as const;
export const NETWORKS = ['strategy → gateway', 'gateway → venue', 'venue → strategy'] as const;
export type HopName = (typeof PROCESSES)[number] | (typeof NETWORKS)[number];

/** Delays orders on one hop: some at random, or all within a stretch of the period. */
export interface Delay {
  readonly hop: HopName;
  readonly meanMs: number;
  /** Probability per order inside of the stretch. */
  readonly probability: number;
  /** Seconds since the period's start. */
  readonly from: number;
  readonly to: number;
}

/** A process stands still. */
export interface Pause {
  readonly host: Host;
  readonly from: number;
  readonly to: number;
}

/** By how much a host's clock is ahead, milliseconds, at a second of the period. */
export type ClockOf = (host: Host, second: number) => number;

export interface Period {
  readonly startNanos: bigint;
  readonly seconds: number;
  readonly ordersPerSecond: number;
  readonly delays: readonly Delay[];
  readonly pauses: readonly Pause[];
  readonly clock: ClockOf;
}

/** Median and spread of the variable part, milliseconds, and the floor below which nothing passes. */
const USUAL: Readonly<Record<HopName, { readonly floor: number; readonly median: number; readonly sigma: number }>> = {
  strategy: { floor: 0.05, median: 0.3, sigma: 0.5 },
  'strategy → gateway': { floor: 0.15, median: 0.05, sigma: 0.6 },
  gateway: { floor: 0.1, median: 0.4, sigma: 0.5 },
  'gateway → venue': { floor: 0.8, median: 0.15, sigma: 0.7 },
  venue: { floor: 0.1, median: 0.8, sigma: 0.6 },
  'venue → strategy': { floor: 0.9, median: 0.2, sigma: 0.7 },
};
/** The load is an AR(1) of the logarithm with a memory of some 50 orders. */
const LOAD_MEMORY = 0.98;
const LOAD_SIGMA = 0.2;

export function simulateOrders(period: Period, random: Random): HopTrace[] {
  const traces: HopTrace[] = [];
  let load = 0;
  let second = random.exponential(1 / period.ordersPerSecond);
  for (let i = 0; second < period.seconds; i++) {
    load = LOAD_MEMORY * load + Math.sqrt(1 - LOAD_MEMORY ** 2) * LOAD_SIGMA * random.normal();
    const trace = oneOrder(`${period.startNanos}-${i}`, period, { second, load, random });
    if (trace !== null) traces.push(trace);
    second += random.exponential(1 / period.ordersPerSecond);
  }
  return traces;
}

interface Draw {
  readonly second: number;
  readonly load: number;
  readonly random: Random;
}

const WAY: readonly { readonly hop: HopName; readonly begins: Host; readonly ends: Host }[] = [
  { hop: 'strategy', begins: 'strategy', ends: 'strategy' },
  { hop: 'strategy → gateway', begins: 'strategy', ends: 'gateway' },
  { hop: 'gateway', begins: 'gateway', ends: 'gateway' },
  { hop: 'gateway → venue', begins: 'gateway', ends: 'venue' },
  { hop: 'venue', begins: 'venue', ends: 'venue' },
  { hop: 'venue → strategy', begins: 'venue', ends: 'strategy' },
];

function oneOrder(id: string, period: Period, { second, load, random }: Draw): HopTrace | null {
  let now = second;
  const checkpoints: Checkpoint[] = [stamp(period, 'strategy', now)];
  for (const { hop, begins, ends } of WAY) {
    const { floor, median, sigma } = USUAL[hop];
    const loaded = begins === ends ? Math.exp(load) : 1;
    let ms = floor + loaded * random.lognormal(median, sigma);
    for (const delay of period.delays)
      if (delay.hop === hop && now >= delay.from && now < delay.to && random.chance(delay.probability))
        ms += delay.meanMs * random.between(0.5, 1.5);
    now = afterPauses(period.pauses, ends, now + ms / 1e3, random);
    checkpoints.push(stamp(period, ends, now));
  }
  return hopsBetween(id, checkpoints, (from, to) => (from.host === to.host ? from.host : `${from.host} → ${to.host}`));
}

/** What would be stamped during a pause is stamped when the process goes on, one after the other. */
function afterPauses(pauses: readonly Pause[], host: Host, second: number, random: Random): number {
  const pause = pauses.find((one) => one.host === host && second >= one.from && second < one.to);
  return pause === undefined ? second : pause.to + random.between(5, 200) / 1e6;
}

function stamp({ startNanos, clock }: Period, host: Host, second: number): Checkpoint {
  const ahead = clock(host, second) / 1e3;
  return { name: host, host, timeNanos: startNanos + BigInt(Math.round((second + ahead) * 1e9)) };
}
