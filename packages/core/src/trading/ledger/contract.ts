/**
 * What one unit of a position is worth at a price. A linear contract: quantity * multiplier * price, in the currency of
 * the price. An inverse (coin-margined) one: -quantity * multiplier / price, in the coin, so that a long position gains
 * as the price rises and profit is q * M * (1 / entry - 1 / exit). With value defined so, one ledger books both.
 * Source: Binance COIN-M contract specification (BTCUSD_PERP: M = 100 USD, ETHUSD_PERP: M = 10 USD).
 */
import { divideRounded, fixedFromNumber, type Amount, type Fixed } from '../fixed-point.ts';

export interface Contract {
  /** Units of the underlying (linear) or of the quote currency (inverse) in one contract. Positive. */
  readonly multiplier: number;
  readonly inverse: boolean;
}

/** One unit is one unit: shares, coins. */
export const SPOT: Contract = { multiplier: 1, inverse: false };

const ONE = 10n ** 12n;

/** Rounded to 1e-24 where it is not exact. Throws a RangeError for an inverse contract at a price that is not positive. */
export function valueOf(contract: Contract, quantity: Fixed, price: Fixed): Amount {
  if (contract.inverse) {
    if (price <= 0n)
      throw new RangeError(`an inverse contract has no value at the price ${price}e-12; it must be positive`);
    return -divideRounded(quantity * fixedFromNumber(contract.multiplier) * ONE, price);
  }
  if (contract.multiplier === 1) return quantity * price;
  return divideRounded(quantity * price * fixedFromNumber(contract.multiplier), ONE);
}
