/**
 * Markouts: what a fill was worth some time later, D (m' - p) / p in basis points of its price with m' the mid then. Positive
 * is good for whoever was filled, so the sign is that of profit, not of cost. A horizon without a mid (past the end of the
 * quotes, a withheld one) is missing and counted, never zero. Makers and takers stand apart, because a maker is paid the
 * spread and then picked off. Fills come in clusters, so the interval is that of a block bootstrap over time.
 */
import type { Fill, Side } from '../../model/event.ts';
import { bootstrapRatio } from '../../stats/block-bootstrap.ts';
import type { Uniform } from '../../stats/seeded-generator.ts';
import type { Estimate } from '../../stats/wilson.ts';

/** 0.1, 1, 5, 30 and 300 s. */
export const MARKOUT_HORIZONS_MS = [100, 1_000, 5_000, 30_000, 300_000] as const;

export function markoutBps(side: Side, price: number, laterMid: number): number {
  return (((side === 'buy' ? 1 : -1) * (laterMid - price)) / price) * 1e4;
}

export interface MarkoutPoint {
  readonly group: readonly string[];
  readonly liquidity: Fill['liquidity'];
  readonly horizonMs: number;
  /** Mean of the fills, each with the same weight; null where none has a mid. */
  readonly bps: Estimate | null;
  readonly fills: number;
  readonly missing: number;
}

/** Keeps one number for each fill and horizon. Fills go in by time, or the blocks mean nothing. */
export class MarkoutBook {
  readonly #horizonsMs: readonly number[];
  readonly #groups = new Map<string, Group>();

  constructor(horizonsMs: readonly number[]) {
    this.#horizonsMs = horizonsMs;
  }

  /** `laterMids` stand at the places of the horizons. */
  add(group: readonly string[], fill: Fill, laterMids: readonly (number | null)[]): void {
    const { liquidity, side, price } = fill;
    const id = JSON.stringify([group, liquidity]);
    let entry = this.#groups.get(id);
    if (entry === undefined) {
      const curves = this.#horizonsMs.map(() => ({ values: [], missing: 0 }));
      this.#groups.set(id, (entry = { group, liquidity, curves }));
    }
    entry.curves.forEach((curve, i) => {
      const mid = laterMids[i] ?? null;
      if (mid === null) curve.missing++;
      else curve.values.push(markoutBps(side, price, mid));
    });
  }

  /** By group, liquidity, horizon. `uniformOf` gives each point its own chance, whatever other groups there are. */
  points(uniformOf: (id: string) => Uniform): MarkoutPoint[] {
    return [...this.#groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([id, { group, liquidity, curves }]) =>
        curves.map(({ values, missing }, i): MarkoutPoint => {
          const horizonMs = this.#horizonsMs[i] as number;
          const ones = new Float64Array(values.length).fill(1);
          const bps = bootstrapRatio(values, ones, { uniform: uniformOf(`${id} ${horizonMs}`) });
          return { group, liquidity, horizonMs, bps, fills: values.length, missing };
        }),
      );
  }
}

interface Group {
  readonly group: readonly string[];
  readonly liquidity: Fill['liquidity'];
  readonly curves: readonly { readonly values: number[]; missing: number }[];
}
