/**
 * Limits on risk: how much of each is used, and which are passed. A limit that cannot be measured counts as unknown, never
 * as kept: leverage on no capital is the case in which it matters most.
 */
import { figure, mapFigure, withheld, type Figure } from '../performance/figure.ts';

export const LIMITED_FIGURES = [
  'gross',
  'net',
  'leverage',
  'positions',
  'valueAtRisk95',
  'valueAtRisk99',
  'drawdown',
] as const;
export type LimitedFigure = (typeof LIMITED_FIGURES)[number];

/** Positive losses: one below zero is a gain. */
const LOSSES: ReadonlySet<LimitedFigure> = new Set(['valueAtRisk95', 'valueAtRisk99', 'drawdown']);

/** Largest magnitude allowed; in the figure's own unit. */
export type RiskLimits = Readonly<Partial<Record<LimitedFigure, number>>>;

export interface LimitUse {
  readonly figure: LimitedFigure;
  readonly limit: number;
  readonly value: Figure;
  /** |value| over limit, a fraction: above 1 the limit is passed. A value at risk below zero is a profit and uses none. */
  readonly utilisation: Figure;
  /** Null when the value is not known. */
  readonly breached: boolean | null;
}

/** One row for each limit that is set, in the order of `LIMITED_FIGURES`. */
export function limitUse(values: Readonly<Record<LimitedFigure, Figure>>, limits: RiskLimits): LimitUse[] {
  return LIMITED_FIGURES.flatMap((name) => {
    const limit = limits[name];
    if (limit === undefined) return [];
    const value = values[name];
    const used = mapFigure(value, LOSSES.has(name) ? (loss) => Math.max(0, loss) : Math.abs);
    const utilisation = utilisationOf(used, limit);
    return [{ figure: name, limit, value, utilisation, breached: used.value === null ? null : used.value > limit }];
  });
}

/** |value| over a limit; a limit of zero has no share that could be used (`no_limit`). */
export function utilisationOf(value: Figure, limit: number): Figure {
  if (value.value === null) return value;
  return limit > 0 ? figure(Math.abs(value.value) / limit) : withheld('no_limit');
}
