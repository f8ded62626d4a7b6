/**
 * A figure that may have to be withheld. A ratio over nothing, or over too little, is neither zero nor infinite: it is
 * null, and says why. Every table and every message keeps the reason beside the gap.
 */

export const WITHHELD_REASONS = [
  'empty',
  'too_few',
  'too_short',
  'no_variation',
  'no_loss',
  'no_gain',
  'no_trade',
  'no_drawdown',
  'no_capital',
  'ruined',
  'outside_domain',
  'no_estimate',
  'no_mark',
  'no_limit',
] as const;
export type WithheldReason = (typeof WITHHELD_REASONS)[number];

/** What each reason means, for people. */
export const WITHHELD_TEXT: Readonly<Record<WithheldReason, string>> = {
  empty: 'there is nothing to compute it from',
  too_few: 'too few observations',
  too_short: 'the time covered is too short to be annualised',
  no_variation: 'the values do not vary',
  no_loss: 'there was no loss',
  no_gain: 'there was no gain',
  no_trade: 'no trade was closed',
  no_drawdown: 'there was no drawdown',
  no_capital: 'there is no positive capital to relate it to',
  ruined: 'the equity fell to zero or below',
  outside_domain: 'skewness and kurtosis are outside of the domain in which the expansion is a distribution',
  no_estimate: 'the estimate does not exist for these values',
  no_mark: 'a position has no price to value it at',
  no_limit: 'no limit is set',
};

export interface KnownFigure {
  readonly value: number;
  readonly reason?: never;
}

export interface WithheldFigure {
  readonly value: null;
  readonly reason: WithheldReason;
}

export type Figure = KnownFigure | WithheldFigure;

/** A value that is not finite is withheld as `otherwise`. There is one zero: a loss of -0 is none. */
export function figure(value: number, otherwise: WithheldReason = 'no_estimate'): Figure {
  return Number.isFinite(value) ? { value: value + 0 } : withheld(otherwise);
}

export function withheld(reason: WithheldReason): WithheldFigure {
  return { value: null, reason };
}

/** Applies `change` to what is known; what is withheld stays so. */
export function mapFigure(of: Figure, change: (value: number) => number): Figure {
  return of.value === null ? of : figure(change(of.value));
}
