/**
 * The desk's portfolio (REQUIREMENTS.md MET-65): its value with what is open, by its parts, which sum to it, and its return
 * over the last hour, day and week. Values are remembered a minute apart from the start of the sidecar on; a return whose
 * beginning is before that is not told.
 */
import {
  horizonReturn,
  portfolioBreakdown,
  RETURN_HORIZONS,
  type EquityPoint,
  type OpenPosition,
  type ReturnHorizon,
} from '@tapewatch/core';
import type { Figure } from './collector.ts';

const SPACING_NANOS = 60_000_000_000n;
/** A week of minutes, and one more before it. */
const MAX_POINTS = 7 * 1_440 + 2;
/** Parts that are told, the largest first; the value is of all of them. */
const MAX_PARTS = 200;

export interface Holding {
  readonly currency: string;
  readonly positions: readonly OpenPosition[];
  /** Null when a position has no mid. */
  readonly value: number | null;
  readonly nowNanos: bigint;
}

export class PortfolioHistory {
  #points: EquityPoint[] = [];

  figures({ currency, positions, value, nowNanos }: Holding): Figure[] {
    if (value === null) return [];
    const now = { timeNanos: nowNanos, equity: value };
    const last = this.#points.at(-1);
    if (last === undefined || nowNanos - last.timeNanos >= SPACING_NANOS) this.#points.push(now);
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    const points = this.#points.at(-1) === now ? this.#points : [...this.#points, now];
    return [
      gauge('trading_portfolio_value', { currency }, value),
      ...parts(positions, { currency, value }),
      ...(Object.keys(RETURN_HORIZONS) as ReturnHorizon[]).flatMap((horizon) => {
        const { value: gained } = horizonReturn(points, horizon);
        return gained === null ? [] : [gauge('trading_portfolio_return_percent', { currency, horizon }, 100 * gained)];
      }),
    ];
  }
}

function parts(positions: readonly OpenPosition[], { currency, value }: { currency: string; value: number }): Figure[] {
  const held = portfolioBreakdown(positions, []);
  const cash = value - (held.total.value ?? 0);
  const bySize = [...held.parts].sort((a, b) => Math.abs(b.value.value ?? 0) - Math.abs(a.value.value ?? 0));
  return [
    gauge('trading_portfolio_part', { currency, part: 'cash' }, cash),
    ...bySize
      .slice(0, MAX_PARTS)
      .map(({ name, value: of }) => gauge('trading_portfolio_part', { currency, part: name }, of.value ?? NaN)),
  ];
}

const TEXTS = {
  trading_portfolio_value: ['currency', 'Equity with what is open, at the last mids.'],
  trading_portfolio_part: ['currency', 'Value of an instrument, and of cash; they sum to the value of the portfolio.'],
  trading_portfolio_return_percent: ['percent', 'Return of the portfolio over the horizon.'],
} as const;

function gauge(name: keyof typeof TEXTS, labels: Readonly<Record<string, string>>, value: number): Figure {
  const [unit, help] = TEXTS[name];
  return { name, kind: 'gauge', unit, help, labels, value };
}
