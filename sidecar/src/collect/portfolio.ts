/**
 * The desk's portfolio (REQUIREMENTS.md MET-65): its value with what is open, by its parts, which sum to it, and its return
 * over the last hour, day and week. Values are remembered a minute apart; at the start those that were told before are read
 * back from the store. A return whose beginning is before the first of them is not told.
 */
import {
  horizonReturn,
  METRIC_NAME,
  msFromNanos,
  nanosFromMs,
  portfolioBreakdown,
  RETURN_HORIZONS,
  type EquityPoint,
  type OpenPosition,
  type ReturnHorizon,
} from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
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

const SPACING_MS = 60_000;

/** The values of a currency's portfolio that were told before this start. */
export async function toldValues(
  reader: Pick<StoreReader, 'select'>,
  currency: string,
  nowNanos: bigint,
): Promise<EquityPoint[]> {
  const endMs = msFromNanos(nowNanos) - 1;
  const matchers = [
    { name: METRIC_NAME, operator: '=', value: 'trading_portfolio_value' },
    { name: 'currency', operator: '=', value: currency },
  ] as const;
  const startMs = endMs - MAX_POINTS * SPACING_MS;
  const [series] = await reader.select({ matchers, startMs, endMs, resolutionMs: SPACING_MS });
  if (series === undefined) return [];
  return Array.from(series.timesMs, (ms, i) => ({
    timeNanos: nanosFromMs(ms),
    equity: series.values[i] as number,
  })).filter(({ equity }) => Number.isFinite(equity));
}

export class PortfolioHistory {
  #points: EquityPoint[] = [];

  /** `before`: values in order of time that the history begins with. */
  constructor(before: readonly EquityPoint[] = []) {
    for (const point of before) this.#keep(point);
  }

  figures({ currency, positions, value, nowNanos }: Holding): Figure[] {
    if (value === null) return [];
    const now = { timeNanos: nowNanos, equity: value };
    this.#keep(now);
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

  #keep(point: EquityPoint): void {
    const last = this.#points.at(-1);
    if (last === undefined || point.timeNanos - last.timeNanos >= SPACING_NANOS) this.#points.push(point);
    if (this.#points.length > MAX_POINTS) this.#points.shift();
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
