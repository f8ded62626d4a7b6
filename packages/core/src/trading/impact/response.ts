/**
 * How a trade echoes: the response R(l) = E[(m(t+l) - m(t)) e(t)] of the mid to the sign e of a trade, l trades later, and
 * the autocorrelation of the signs. Source: Bouchaud, Gefen, Potters and Wyart, "Fluctuations and response in financial
 * markets", Quantitative Finance 4, 2004. Time is counted in trades.
 */
import { autocorrelations } from '../../stats/autocorrelation.ts';

export interface SignedTrade {
  /** +1 bought, -1 sold, by who took liquidity. */
  readonly sign: 1 | -1;
  /** Just before the trade; null where it is withheld. */
  readonly mid: number | null;
}

export interface ResponsePoint {
  readonly lag: number;
  /** In units of price; null where no pair of mids is that far apart. */
  readonly response: number | null;
  readonly pairs: number;
}

/** O(trades * lags). */
export function responseFunction(trades: readonly SignedTrade[], lags: readonly number[]): ResponsePoint[] {
  return lags.map((lag) => {
    let [sum, pairs] = [0, 0];
    for (let t = 0; t + lag < trades.length; t++) {
      const { sign, mid } = trades[t] as SignedTrade;
      const later = (trades[t + lag] as SignedTrade).mid;
      if (mid === null || later === null) continue;
      sum += sign * (later - mid);
      pairs++;
    }
    return { lag, response: pairs === 0 ? null : sum / pairs, pairs };
  });
}

/** Of the signs, for the lags 1 to `maxLag`. */
export function signAutocorrelation(trades: readonly SignedTrade[], maxLag: number): number[] {
  return autocorrelations(
    trades.map(({ sign }) => sign),
    maxLag,
  );
}
