/**
 * What a size is expected to move the price, before it is traded. Square root: I = Y sigma sqrt(Q / V) with daily volatility
 * and volume (Toth et al., "Anomalous price impact", Physical Review X 1, 2011; Y is about 0.5 to 1 and is fitted). Almgren,
 * Thum, Hauptmann and Li, "Direct estimation of equity market impact", Risk 18, 2005: permanent impact
 * gamma sigma (X/V) (Theta/V)^(1/4), temporary eta sigma |X/(V T)|^(3/5), cost = half the permanent plus the temporary.
 */

export const ALMGREN_GAMMA = 0.314;
export const ALMGREN_ETA = 0.142;

/** As a ratio of the price when `dailyVolatility` is one (0.02 is 2 % a day). */
export function squareRootImpact(
  { quantity, dailyVolume, dailyVolatility }: Omit<AlmgrenInput, 'sharesOutstanding' | 'days'>,
  prefactor = 1,
): number {
  return prefactor * dailyVolatility * Math.sqrt(quantity / dailyVolume);
}

export interface AlmgrenInput {
  readonly quantity: number;
  readonly dailyVolume: number;
  /** Ratio of the price. */
  readonly dailyVolatility: number;
  /** Theta: units in issue, in those of the quantity. */
  readonly sharesOutstanding: number;
  /** How long the order is worked, in days of trading. */
  readonly days: number;
}

export interface AlmgrenImpact {
  /** All three as ratios of the price. */
  readonly permanent: number;
  readonly temporary: number;
  readonly cost: number;
}

export function almgrenImpact(input: AlmgrenInput): AlmgrenImpact {
  const { quantity, dailyVolume, dailyVolatility, sharesOutstanding, days } = input;
  const share = quantity / dailyVolume;
  const permanent = ALMGREN_GAMMA * dailyVolatility * share * (sharesOutstanding / dailyVolume) ** 0.25;
  const temporary = ALMGREN_ETA * dailyVolatility * (share / days) ** 0.6;
  return { permanent, temporary, cost: permanent / 2 + temporary };
}
