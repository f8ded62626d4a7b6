/**
 * Whether the interval of the cost per millisecond holds what it promises: markets with a known cost, where load makes
 * orders slow and dear at once, errors go together in time and have heavy tails, and fills with a stale benchmark would
 * charge the feed's delay to latency.
 */
import { costPerMs, type TimedFill } from '@tapewatch/core';
import { Random } from '../../sidecar/src/simulate/model/random.ts';

export interface CostCoverage {
  readonly runs: number;
  readonly trueBpsPerMs: number;
  /** Share of runs whose interval contains the truth. */
  readonly covered: number;
  /** Share of runs that claim a cost. */
  readonly claimed: number;
  readonly meanEstimate: number;
  readonly meanHalfWidth: number;
  /** Whether each stale fill was left out and counted. */
  readonly staleCounted: boolean;
  /** The same without the exclusion of stale fills and without the market's load: for contrast. */
  readonly naiveCovered: number;
}

const FILLS = 2_000;
const STALE_SHARE = 0.03;
const LOAD_MEMORY = 0.995;
const ERROR_MEMORY = 0.9;

export function costCoverage(runs: number, trueBpsPerMs: number): CostCoverage {
  let [covered, claimed, naive, estimates, halves] = [0, 0, 0, 0, 0];
  let staleCounted = true;
  for (let run = 0; run < runs; run++) {
    const fills = simulateFills(trueBpsPerMs, new Random(`cost-${trueBpsPerMs}-${run}`));
    const estimate = costPerMs(fills);
    const { bpsPerMs, lower, upper } = estimate;
    if (bpsPerMs === null || lower === null || upper === null) continue;
    covered += Number(lower <= trueBpsPerMs && trueBpsPerMs <= upper);
    claimed += Number(estimate.significant);
    estimates += bpsPerMs;
    halves += (upper - lower) / 2;
    staleCounted &&= estimate.staleExcluded === fills.filter(({ stale }) => stale).length;
    const plain = costPerMs(fills.map((fill) => ({ ...fill, stale: false, load: [] })));
    naive += Number((plain.lower ?? 0) <= trueBpsPerMs && trueBpsPerMs <= (plain.upper ?? 0));
  }
  return {
    ...{ runs, trueBpsPerMs, covered: covered / runs, claimed: claimed / runs, staleCounted },
    ...{ meanEstimate: estimates / runs, meanHalfWidth: halves / runs, naiveCovered: naive / runs },
  };
}

function simulateFills(bpsPerMs: number, random: Random): TimedFill[] {
  let [load, error, lag] = [random.normal(), 0, 0];
  return Array.from({ length: FILLS }, (_, i): TimedFill => {
    load = LOAD_MEMORY * load + Math.sqrt(1 - LOAD_MEMORY ** 2) * random.normal();
    const volatility = Math.exp(0.5 * load);
    lag = 0.8 * lag + 0.6 * 0.3 * random.normal();
    const latencyMs = 1 + 1.5 * volatility + random.lognormal(2, 0.6) * Math.exp(lag);
    const spreadBps = 2 * volatility * random.between(0.8, 1.2);
    error = ERROR_MEMORY * error + Math.sqrt(1 - ERROR_MEMORY ** 2) * random.normal();
    // A normal over the root of an exponential: heavy tails (Student's with two degrees, cut at five deviations).
    const shock = Math.max(-5, Math.min(5, random.normal() / Math.sqrt(Math.max(0.04, random.exponential(1)))));
    const noise = volatility * (2 * error + 2 * shock);
    const stale = random.chance(STALE_SHARE);
    return {
      timeNanos: BigInt(i) * 1_000_000_000n,
      latencyMs: latencyMs + (stale ? 5 : 0),
      slippageBps: spreadBps / 2 + bpsPerMs * latencyMs + noise + (stale ? random.between(0, 30) : 0),
      notional: random.lognormal(10_000, 1),
      stale,
      load: [spreadBps, Math.log(volatility)],
    };
  });
}
