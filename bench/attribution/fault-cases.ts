/** The 500 faults: five kinds in equal number, everything else drawn from the case's own seed. */
import { Random } from '../../sidecar/src/simulate/model/random.ts';
import {
  HOSTS,
  NETWORKS,
  PROCESSES,
  simulateOrders,
  type ClockOf,
  type Delay,
  type HopName,
  type Host,
  type Pause,
} from './order-paths.ts';
import type { HopTrace } from '@tapewatch/core';

export const FAULT_KINDS = ['slow hop', 'slow network', 'pause', 'two at once', 'clocks off'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultCase {
  readonly kind: FaultKind;
  readonly delays: readonly Delay[];
  readonly pauses: readonly Pause[];
  /** Mean delay of an order that the fault touches, milliseconds; of two faults the larger. */
  readonly effectMs: number;
  /** The largest movement of one clock against another during the period, milliseconds. */
  readonly skewMs: number;
  readonly reference: readonly HopTrace[];
  readonly traces: readonly HopTrace[];
}

const SECONDS = 60;
const ORDERS_PER_SECOND = 100;
const START = 1_700_000_000_000_000_000n;

export function faultCase(seed: number): FaultCase {
  return drawCase(FAULT_KINDS[seed % FAULT_KINDS.length] as FaultKind, new Random(`fault-${seed}`));
}

/** Nothing is slow; every second time a clock moves as in the last kind. Whatever is named here is wrong. */
export function quietCase(seed: number): FaultCase {
  return drawCase(seed % 2 === 0 ? 'clocks off' : 'slow hop', new Random(`quiet-${seed}`), false);
}

/** Without `slow` nothing is delayed and the rest of the case is as it is. */
function drawCase(kind: FaultKind, random: Random, slow = true): FaultCase {
  const pauses = kind === 'pause' ? drawPauses(random.fork('pauses')) : [];
  const delays = !slow ? [] : drawDelays(kind, random.fork('delays'));
  const { clock, skewMs } = drawClocks(kind, random.fork('clocks'));
  const base = { seconds: SECONDS, ordersPerSecond: ORDERS_PER_SECOND };
  const before = {
    ...base,
    startNanos: START,
    delays: [],
    pauses: [],
    clock: (host: Host, s: number) => clock(host, s - SECONDS),
  };
  const now = { ...base, startNanos: START + BigInt(SECONDS) * 1_000_000_000n, delays, pauses, clock };
  const longest = pauses.reduce((max, { from, to }) => Math.max(max, to - from), 0);
  return {
    ...{ kind, delays, pauses, skewMs },
    effectMs: Math.max((longest * 1e3) / 2, ...delays.map(({ meanMs }) => meanMs)),
    reference: simulateOrders(before, random.fork('before')),
    traces: simulateOrders(now, random.fork('now')),
  };
}

function drawDelays(kind: FaultKind, random: Random): Delay[] {
  switch (kind) {
    case 'slow hop':
      return [delayOn(random.pick(PROCESSES), random)];
    case 'slow network':
      return [delayOn(random.pick(NETWORKS), random)];
    case 'pause':
      return [];
    case 'two at once': {
      const all = [...PROCESSES, ...NETWORKS];
      const first = random.pick(all);
      const second = random.pick(all.filter((hop) => hop !== first));
      return [delayOn(first, random), delayOn(second, random)];
    }
    case 'clocks off':
      return [delayOn(random.pick([...PROCESSES, ...NETWORKS]), random)];
  }
}

/** 1 to 20 ms, log-uniform; either 3 to 30 % of all orders, or all of them for 5 to 60 % of the time. */
function delayOn(hop: HopName, random: Random): Delay {
  const meanMs = Math.exp(random.between(Math.log(1), Math.log(20)));
  if (random.chance(0.5)) return { hop, meanMs, probability: random.between(0.03, 0.3), from: 0, to: SECONDS };
  const length = random.between(0.05, 0.6) * SECONDS;
  const from = random.between(0, SECONDS - length);
  return { hop, meanMs, probability: 1, from, to: from + length };
}

/** Pauses of 20 to 150 ms, every 1 to 5 s. */
function drawPauses(random: Random): Pause[] {
  const host = random.pick(HOSTS);
  const pauses: Pause[] = [];
  const [typical, every] = [random.between(0.02, 0.15), random.between(1, 5)];
  for (let second = random.between(0, every); second < SECONDS; second += every * random.between(0.5, 1.5))
    pauses.push({ host, from: second, to: second + typical * random.between(0.7, 1.3) });
  return pauses;
}

/**
 * Every clock is off by up to 5 ms and drifts by up to 1 ppm. In the last kind one of them also moves by up to 5 ms during
 * the period: a step, or a slew of 2 to 20 s.
 */
function drawClocks(kind: FaultKind, random: Random): { clock: ClockOf; skewMs: number } {
  const offsets = new Map(HOSTS.map((host) => [host, { off: random.between(-5, 5), ppm: random.between(-1, 1) }]));
  const movedHost = random.pick(HOSTS);
  const move = kind === 'clocks off' ? random.between(-5, 5) : 0;
  const at = random.between(0, SECONDS);
  const slew = random.chance(0.5) ? 0 : random.between(2, 20);
  const clock: ClockOf = (host, second) => {
    const { off, ppm } = offsets.get(host) ?? { off: 0, ppm: 0 };
    const done = second < at ? 0 : slew === 0 ? 1 : Math.min(1, (second - at) / slew);
    return off + ppm * second * 1e-3 + (host === movedHost ? move * done : 0);
  };
  const drift = [...offsets.values()].map(({ ppm }) => ppm * 2 * SECONDS * 1e-3);
  return { clock, skewMs: Math.abs(move) + Math.max(...drift) - Math.min(...drift) };
}
