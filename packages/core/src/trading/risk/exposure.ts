/**
 * What positions amount to: gross and net value, leverage, concentration, and the same by venue, currency, strategy or
 * instrument. All values are in one currency, each position converted with its own rate. Source of the concentration: O.
 * C. Herfindahl, 1950; A. O. Hirschman, 1964.
 */
import { figure, withheld, type Figure } from '../performance/figure.ts';

export const EXPOSURE_DIMENSIONS = ['venue', 'currency', 'strategy', 'symbol', 'account'] as const;
export type ExposureDimension = (typeof EXPOSURE_DIMENSIONS)[number];

export interface OpenPosition {
  readonly venue: string;
  /** Of the price. */
  readonly currency: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly account: string;
  /** Signed: negative when short. */
  readonly quantity: number;
  /** Price of one unit; null when there is none. */
  readonly mark: number | null;
  /** Units of the asset in one unit of the contract; default 1. */
  readonly multiplier?: number;
  /** Priced in one currency, worth multiplier / price in `currency`, the other one; default false. */
  readonly inverse?: boolean;
  /** What one unit of `currency` is worth in the currency of the report; default 1; null when no rate is known. */
  readonly rate?: number | null;
}

export interface Exposure {
  /** Open positions, and those among them without a price or a rate. */
  readonly positions: number;
  readonly unvalued: number;
  /** Sum of |value|; null when a position is not valued. */
  readonly gross: Figure;
  /** Sum of value, signed. */
  readonly net: Figure;
  readonly long: Figure;
  /** Positive. */
  readonly short: Figure;
  /** Gross over equity. Null where equity is not positive: then any position is too much. */
  readonly leverage: Figure;
  /** Sum of squared shares of gross by instrument: 1 is a single name. */
  readonly concentration: Figure;
  /** One over the concentration. */
  readonly effectiveNames: Figure;
  /** Share of the largest instruments in gross. */
  readonly topShare: Figure;
}

export interface ExposureOptions {
  /** In the currency of the report; null when it is not known. */
  readonly equity: number | null;
  /** Instruments in `topShare`; default 1. */
  readonly top?: number;
}

/** Flat positions are left out. O(positions log positions). */
export function exposureOf(positions: readonly OpenPosition[], { equity, top = 1 }: ExposureOptions): Exposure {
  const open = positions.filter(({ quantity }) => quantity !== 0);
  const values = open.map(valueOfPosition);
  const known = values.filter((value) => value !== null);
  const unvalued = values.length - known.length;
  const sums = sumsOf(known);
  const unless = (of: Figure): Figure => (unvalued > 0 ? withheld('no_mark') : of);
  const shares = sharesByName(open, values, sums.gross);
  const hhi = shares.reduce((sum, share) => sum + share * share, 0);
  const concentration = sums.gross === 0 ? withheld('empty') : figure(hhi);
  return {
    positions: open.length,
    unvalued,
    gross: unless(figure(sums.gross)),
    net: unless(figure(sums.long - sums.short)),
    long: unless(figure(sums.long)),
    short: unless(figure(sums.short)),
    leverage: unless(leverageOf(sums.gross, equity)),
    concentration: unless(concentration),
    effectiveNames: unless(concentration.value === null ? concentration : figure(1 / hhi)),
    topShare: unless(
      sums.gross === 0 ? withheld('empty') : figure(shares.slice(0, top).reduce((sum, one) => sum + one, 0)),
    ),
  };
}

/** Signed value in the currency of the report, positive when long; null when the price or the rate is not known. */
export function valueOfPosition({ mark, ...position }: OpenPosition): number | null {
  return mark === null || position.rate === null ? null : valueAt(position, mark);
}

type Held = Omit<OpenPosition, 'mark'>;

function valueAt({ quantity, multiplier = 1, inverse = false, rate }: Held, mark: number): number {
  return quantity * multiplier * (inverse ? 1 / mark : mark) * (rate ?? 1);
}

/** What a position gains as its price moves; a long inverse one gains what its worth in the coin falls by. */
export function profitBetween(position: Held, from: number, to: number): number {
  const change = valueAt(position, to) - valueAt(position, from);
  return position.inverse === true ? -change : change;
}

/** Adds to each sum what a position gains from that mark to the next; there is one mark more than there are sums. */
export function addProfits(position: Held, markAt: (step: number) => number, sums: Float64Array): void {
  const sign = position.inverse === true ? -1 : 1;
  let before = valueAt(position, markAt(0));
  for (let step = 0; step < sums.length; step++) {
    const after = valueAt(position, markAt(step + 1));
    sums[step] = (sums[step] as number) + sign * (after - before);
    before = after;
  }
}

export function leverageOf(gross: number, equity: number | null): Figure {
  return equity === null || equity <= 0 ? withheld('no_capital') : figure(gross / equity);
}

/** The same figures for each value of a dimension, in ascending order; their gross values add up to the whole. */
export function exposureBy(
  positions: readonly OpenPosition[],
  dimension: ExposureDimension,
  options: ExposureOptions,
): ReadonlyMap<string, Exposure> {
  const groups = new Map<string, OpenPosition[]>();
  for (const position of positions) {
    const group = groups.get(position[dimension]);
    if (group === undefined) groups.set(position[dimension], [position]);
    else group.push(position);
  }
  const ascending = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(ascending.map(([name, group]) => [name, exposureOf(group, options)]));
}

function sumsOf(values: readonly number[]): { gross: number; long: number; short: number } {
  const long = values.reduce((sum, value) => sum + Math.max(value, 0), 0);
  const short = values.reduce((sum, value) => sum + Math.max(-value, 0), 0);
  return { gross: long + short, long, short };
}

/** Of each instrument in gross, largest first. The same instrument at two venues is one name. */
function sharesByName(positions: readonly OpenPosition[], values: readonly (number | null)[], gross: number): number[] {
  const names = new Map<string, number>();
  positions.forEach(({ symbol }, i) => names.set(symbol, (names.get(symbol) ?? 0) + Math.abs(values[i] ?? 0)));
  return [...names.values()].map((value) => value / gross).sort((a, b) => b - a);
}
