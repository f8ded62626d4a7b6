/**
 * Compares the cost of groups (venues, strategies) like with like: only within buckets of the same instrument, side, size
 * and time that hold both. Raw averages can turn the answer around when one group trades the hard cases (Simpson's paradox).
 * The difference of a bucket has the weight of the smaller of its two numbers of observations; buckets are drawn again for
 * the interval (bootstrap), because a bucket is what is independent.
 */
import { bootstrapRatio, type BootstrapOptions } from '../../stats/block-bootstrap.ts';
import type { Estimate } from '../../stats/wilson.ts';

export interface Comparison {
  /** Cost of the one minus cost of the other; null where no bucket holds both. */
  readonly difference: Estimate | null;
  readonly buckets: number;
  /** Observations in the buckets that hold both. */
  readonly matched: number;
  /** Observations of the one that had nothing to be compared with. */
  readonly unmatched: number;
}

export class MatchedComparison {
  readonly #buckets = new Map<string, Map<string, Tally>>();
  /** Names of the buckets that hold a group: with many groups, each is in few. */
  readonly #bucketsOf = new Map<string, string[]>();

  /** `cost` in basis points. */
  add(bucket: string, group: string, cost: number): void {
    let groups = this.#buckets.get(bucket);
    if (groups === undefined) this.#buckets.set(bucket, (groups = new Map()));
    const tally = groups.get(group);
    if (tally !== undefined) {
      tally.sum += cost;
      tally.count++;
      return;
    }
    groups.set(group, { sum: cost, count: 1 });
    const own = this.#bucketsOf.get(group);
    if (own === undefined) this.#bucketsOf.set(group, [bucket]);
    else own.push(bucket);
  }

  groups(): string[] {
    return [...this.#bucketsOf.keys()].sort();
  }

  /** Against another group, or against all others together. O(n log n) in the buckets that hold the group. */
  compare(group: string, other: string | null, options: Omit<BootstrapOptions, 'blockLength'>): Comparison {
    const [parts, weights]: [number[], number[]] = [[], []];
    let [matched, unmatched] = [0, 0];
    for (const bucket of (this.#bucketsOf.get(group) ?? []).toSorted()) {
      const groups = this.#buckets.get(bucket);
      const own = groups?.get(group);
      if (groups === undefined || own === undefined) continue;
      const rest = other === null ? restOf(groups, group) : groups.get(other);
      if (rest === undefined) {
        unmatched += own.count;
        continue;
      }
      const weight = Math.min(own.count, rest.count);
      parts.push(weight * (own.sum / own.count - rest.sum / rest.count));
      weights.push(weight);
      matched += own.count + rest.count;
    }
    const difference = bootstrapRatio(parts, weights, { ...options, blockLength: 1 });
    return { difference, buckets: parts.length, matched, unmatched };
  }
}

interface Tally {
  sum: number;
  count: number;
}

function restOf(groups: ReadonlyMap<string, Tally>, group: string): Tally | undefined {
  const rest = { sum: 0, count: 0 };
  for (const [name, { sum, count }] of groups) {
    if (name === group) continue;
    rest.sum += sum;
    rest.count += count;
  }
  return rest.count === 0 ? undefined : rest;
}
