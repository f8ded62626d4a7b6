/**
 * Execution quality by groups: slippage with its interval, shortfall by its parts, spreads, what became of orders, latencies,
 * and the all-in cost compared with the other groups like with like. Everything in basis points is weighted by money. The
 * all-in cost of a fill is half its effective spread, its fee, and how far the mid moved against it afterwards.
 */
import type { Fill } from '../../model/event.ts';
import { bootstrapRatio, type BootstrapOptions } from '../../stats/block-bootstrap.ts';
import type { Uniform } from '../../stats/seeded-generator.ts';
import type { Estimate } from '../../stats/wilson.ts';
import { noneExcluded, type Benchmark, type NoBenchmarkReason } from './benchmark.ts';
import { OrderRateCounter, type OrderRates } from './fill-rate.ts';
import { FillProbability, type Waiting } from './fill-probability.ts';
import { MatchedComparison, type Comparison } from './matched-comparison.ts';
import { OrderLatencies } from './order-latency.ts';
import type { OrderLife } from './order-life.ts';
import { ShortfallSum, type Shortfall } from './shortfall.ts';
import { splitSpread } from './spread.ts';

/** What a group of fills or orders is known by: the values of the asked dimensions, and the currency of its prices. */
export interface GroupKey {
  readonly group: readonly string[];
  readonly currency: string;
}

export interface ExecutedFill {
  readonly fill: Fill;
  /** What slippage is measured against. */
  readonly benchmark: Benchmark;
  /** The mid strictly before the fill, and some time after it. */
  readonly mid: Benchmark;
  readonly laterMid: Benchmark;
  /** Fills of one bucket are alike but for who executed them; null leaves the fill out of the comparison. */
  readonly bucket: string | null;
}

export interface ExecutedOrder {
  readonly life: OrderLife;
  /** Null where there is nothing to start from: no mid at arrival. */
  readonly shortfall: Shortfall | null;
  readonly waiting: Waiting | null;
  /** Own volume over the market's while the order was worked; null where it was not looked up or nobody traded. */
  readonly participation: number | null;
}

export interface ExecutionRow extends GroupKey {
  readonly slippageBps: Estimate | null;
  /** Money; positive is a cost. */
  readonly cost: number | null;
  readonly notional: number;
  readonly fills: number;
  readonly excluded: Readonly<Record<NoBenchmarkReason, number>>;
  readonly shortfall: ShortfallSum;
  /** Orders that have no shortfall. */
  readonly withoutShortfall: number;
  readonly effectiveSpreadBps: number | null;
  readonly realisedSpreadBps: Estimate | null;
  readonly impactBps: number | null;
  /** Fees in the currency of the price, basis points of the money traded; null where a fee was paid in another one. */
  readonly feeBps: number | null;
  readonly rates: OrderRates;
  readonly latencies: OrderLatencies;
  readonly fillProbability: FillProbability;
  /** Mean over orders. */
  readonly participation: number | null;
  /** All-in cost minus that of all other groups in the same buckets, basis points. */
  readonly comparison: Comparison;
}

export class ExecutionBook {
  readonly #groups = new Map<string, Group>();
  readonly #comparison = new MatchedComparison();

  /** Fills go in by time, or the interval of the slippage means nothing. */
  addFill(key: GroupKey, measured: ExecutedFill): void {
    const group = this.#group(key);
    const { fill, benchmark, mid, laterMid, bucket } = measured;
    const direction = fill.side === 'buy' ? 1 : -1;
    group.traded += fill.price * fill.quantity;
    if (fill.fee !== 0 && fill.feeCurrency !== fill.currency) group.foreignFees++;
    else group.fees += fill.fee;
    if (benchmark.mid === undefined) group.excluded[benchmark.reason]++;
    else {
      group.costs.push(direction * (fill.price - benchmark.mid) * fill.quantity);
      group.notionals.push(benchmark.mid * fill.quantity);
    }
    if (mid.mid === undefined) return;
    const { effectiveBps, realisedBps, impactBps } = splitSpread(fill, mid.mid, laterMid.mid ?? null);
    const weight = mid.mid * fill.quantity;
    group.effective.add(effectiveBps, weight);
    if (realisedBps === null || impactBps === null) return;
    group.realised.push(realisedBps * weight);
    group.realisedWeights.push(weight);
    group.impact.add(impactBps, weight);
    const feeBps = fill.feeCurrency === fill.currency || fill.fee === 0 ? (fill.fee / weight) * 1e4 : null;
    if (bucket === null || feeBps === null) return;
    this.#comparison.add(`${fill.currency} ${bucket}`, group.id, (effectiveBps - impactBps) / 2 + feeBps);
  }

  addOrder(key: GroupKey, { life, shortfall, waiting, participation }: ExecutedOrder): void {
    const group = this.#group(key);
    group.rates.add(life);
    group.latencies.add(life);
    if (waiting !== null) group.waitings.push(waiting);
    if (participation !== null) group.participation.add(participation, 1);
    if (shortfall === null) group.withoutShortfall++;
    else group.shortfall.add(shortfall);
  }

  /**
   * By group, then currency. `uniformOf` gives each group its own chance, whatever other groups there are; without it there
   * are no intervals.
   */
  rows(uniformOf?: (id: string) => Uniform): ExecutionRow[] {
    const chance = (id: string): BootstrapOptions =>
      uniformOf === undefined ? { uniform: () => 0, replicates: 0 } : { uniform: uniformOf(id) };
    return [...this.#groups.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((group): ExecutionRow => {
        const notional = sum(group.notionals);
        const slippage = bootstrapRatio(group.costs, group.notionals, chance(group.id));
        return {
          ...group.key,
          slippageBps: slippage && inBps(slippage),
          cost: group.costs.length === 0 ? null : sum(group.costs),
          notional,
          fills: group.costs.length,
          excluded: { ...group.excluded },
          shortfall: group.shortfall,
          withoutShortfall: group.withoutShortfall,
          effectiveSpreadBps: group.effective.value,
          realisedSpreadBps: bootstrapRatio(group.realised, group.realisedWeights, chance(`${group.id} realised`)),
          impactBps: group.impact.value,
          feeBps: group.foreignFees > 0 || !(group.traded > 0) ? null : (group.fees / group.traded) * 1e4,
          rates: group.rates.rates(),
          latencies: group.latencies,
          fillProbability: new FillProbability(group.waitings),
          participation: group.participation.value,
          comparison: this.#comparison.compare(group.id, null, chance(`${group.id} against others`)),
        };
      });
  }

  #group(key: GroupKey): Group {
    const known = `${key.group.join('\u0000')}\u0000${key.currency}`;
    let group = this.#groups.get(known);
    if (group === undefined)
      this.#groups.set(known, (group = newGroup(JSON.stringify([key.group, key.currency]), key)));
    return group;
  }
}

class WeightedMean {
  #sum = 0;
  #weight = 0;

  add(value: number, weight: number): void {
    this.#sum += value * weight;
    this.#weight += weight;
  }

  get value(): number | null {
    return this.#weight > 0 ? this.#sum / this.#weight : null;
  }
}

type Group = ReturnType<typeof newGroup>;

function newGroup(id: string, key: GroupKey) {
  return {
    ...{ id, key, costs: [] as number[], notionals: [] as number[], excluded: noneExcluded() },
    ...{ traded: 0, fees: 0, foreignFees: 0, withoutShortfall: 0 },
    effective: new WeightedMean(),
    realised: [] as number[],
    realisedWeights: [] as number[],
    impact: new WeightedMean(),
    participation: new WeightedMean(),
    shortfall: new ShortfallSum(),
    rates: new OrderRateCounter(),
    latencies: new OrderLatencies(),
    waitings: [] as Waiting[],
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function inBps({ value, lower, upper }: Estimate): Estimate {
  const scale = (bound: number | null): number | null => (bound === null ? null : bound * 1e4);
  return { value: value * 1e4, lower: scale(lower), upper: scale(upper) };
}
