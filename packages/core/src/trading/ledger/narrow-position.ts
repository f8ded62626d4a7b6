/**
 * The same position as in `ExactPosition`, in doubles that are whole numbers: prices and quantities count ticks of the
 * fewest decimals that hold all of them so far, and sums spill into bigints before a double would round. Five to ten
 * times as fast, equal to the last digit; `trade` refuses what does not fit, and the caller goes on with `state` in
 * bigints. Linear contracts only.
 */
import { divideRounded, type Amount, type Fixed } from '../fixed-point.ts';
import type { Lot, PnlMethod, PositionState } from './exact-position.ts';
import { tickUnit, WideAmount, type TickUnit } from './wide-amount.ts';

/** Fifteen digits: up to here one double names one decimal only. */
const TICKS_MAX = 1e15;
const SAFE = Number.MAX_SAFE_INTEGER;
const DIGITS_MAX = 12;
/** Used-up lots that are worth a copy of the others. */
const COMPACT_FROM = 64;
const NOISE_BELOW = 1_000;
const NOISE = 3e-13;
const POWERS: readonly number[] = Array.from({ length: DIGITS_MAX + 1 }, (_, digits) => 10 ** digits);

/** Fewest decimals that hold `value`, at least `from`; undefined when twelve or fifteen digits do not suffice. */
export function decimalsOf(value: number, from: number): number | undefined {
  for (let digits = from; digits <= DIGITS_MAX; digits++) {
    const scale = POWERS[digits] as number;
    const ticks = Math.round(value * scale);
    if (!(Math.abs(ticks) <= TICKS_MAX)) return undefined;
    if (isNamed(ticks, scale, value)) return digits;
  }
  return undefined;
}

/**
 * Whether `value` is the decimal ticks / scale. Dividing two exact integers rounds correctly, so equality proves it. Noise
 * of a publisher's arithmetic (3.1699999999999999) lies past the twelfth decimal, where bigints round as well; below 1000
 * a double tells such noise from a digit.
 */
function isNamed(ticks: number, scale: number, value: number): boolean {
  const difference = ticks / scale - value;
  return difference === 0 || (Math.abs(value) < NOISE_BELOW && Math.abs(difference) < NOISE);
}

export class NarrowPosition {
  readonly #fifo: boolean;
  readonly #multiplier: number;
  readonly #multiplierDigits: number;
  #priceDigits = 0;
  #quantityDigits = 0;
  #priceScale = 1;
  #quantityScale = 1;
  /** What one tick of price times one of quantity is in units of 1e-24, and one of quantity in units of 1e-12. */
  #unit: Amount;
  #wideUnit: TickUnit;
  #perQuantity: Fixed = 10n ** BigInt(DIGITS_MAX);
  /** Signed. */
  #open = 0;
  /** Cash flow and open cost (as if long) are what was spilled plus what is pending. */
  #cash = 0;
  #cashSpilled: Amount = 0n;
  #cost = 0;
  readonly #costSpilled = new WideAmount();
  #hasSpilledCost = false;
  /** Decimals of the last mark, at least those of prices. */
  #markDigits = 0;
  #lotQuantities: number[] = [];
  #lotPrices: number[] = [];
  #first = 0;

  private constructor(fifo: boolean, multiplier: number, multiplierDigits: number) {
    this.#fifo = fifo;
    this.#multiplier = multiplier;
    this.#multiplierDigits = multiplierDigits;
    this.#unit = this.#unitNow();
    this.#wideUnit = tickUnit(multiplierDigits);
  }

  /** Undefined when the multiplier does not fit. */
  static flat(method: PnlMethod, multiplier: number): NarrowPosition | undefined {
    const digits = decimalsOf(multiplier, 0);
    if (digits === undefined) return undefined;
    return new NarrowPosition(method === 'fifo', Math.round(multiplier * (POWERS[digits] as number)), digits);
  }

  /** Adds what it realises to `gain`. False, and nothing has changed, when the figures do not fit into doubles. */
  trade(signedQuantity: number, price: number, gain?: WideAmount): boolean {
    let quantity = Math.round(signedQuantity * this.#quantityScale);
    let ticks = Math.round(price * this.#priceScale);
    if (!isNamed(quantity, this.#quantityScale, signedQuantity) || !isNamed(ticks, this.#priceScale, price)) {
      if (!this.#rescaleFor(signedQuantity, price)) return false;
      quantity = Math.round(signedQuantity * this.#quantityScale);
      ticks = Math.round(price * this.#priceScale);
    }
    const unitPrice = ticks * this.#multiplier;
    const value = quantity * unitPrice;
    const open = this.#open + quantity;
    if (!fits(quantity) || !fits(ticks) || !fits(unitPrice) || !fits(open) || !(Math.abs(value) <= SAFE)) return false;
    if (quantity === 0) return true;
    if (Math.abs(this.#cash - value) > SAFE) this.#spillCash();
    this.#cash -= value;
    const opposite = this.#open !== 0 && quantity > 0 !== this.#open > 0;
    const size = Math.abs(quantity);
    const closing = opposite ? Math.min(size, Math.abs(this.#open)) : 0;
    if (closing > 0) {
      gain?.addTicks(-Math.sign(quantity) * closing * unitPrice, this.#wideUnit);
      this.#close(closing, gain);
    }
    if (size > closing) this.#increase(size - closing, unitPrice);
    this.#open = open;
    return true;
  }

  #close(size: number, gain: WideAmount | undefined): void {
    const open = Math.abs(this.#open);
    if (size === open) {
      if (gain !== undefined) this.#addCostTo(gain, this.#open < 0 ? 1 : -1);
      this.#clearCost();
      this.#lotQuantities.length = 0;
      this.#lotPrices.length = 0;
      this.#first = 0;
    } else if (this.#fifo) this.#takeLots(size, gain);
    else this.#takeShare(size, open, gain);
  }

  #takeShare(size: number, open: number, gain: WideAmount | undefined): void {
    const sign = this.#open < 0 ? 1 : -1;
    const product = this.#cost * size;
    if (!this.#hasSpilledCost && Math.abs(product) <= SAFE && product % open === 0) {
      gain?.addTicks((sign * product) / open, this.#wideUnit);
      this.#cost -= product / open;
      return;
    }
    this.#spillCost();
    if (this.#costSpilled.takeShare(size, open, gain, sign)) return;
    const share = divideRounded(this.#costSpilled.amount * BigInt(size), BigInt(open));
    gain?.addAmount(BigInt(sign) * share);
    this.#costSpilled.addAmount(-share);
  }

  #clearCost(): void {
    this.#cost = 0;
    if (this.#hasSpilledCost) this.#costSpilled.clear();
    this.#hasSpilledCost = false;
  }

  #spillCost(): void {
    if (this.#cost === 0) return;
    this.#costSpilled.addTicks(this.#cost, this.#wideUnit);
    this.#hasSpilledCost = true;
    this.#cost = 0;
  }

  #takeLots(size: number, gain: WideAmount | undefined): void {
    const sign = this.#open < 0 ? 1 : -1;
    let rest = size;
    while (rest > 0) {
      const quantity = this.#lotQuantities[this.#first] as number;
      const taken = Math.min(quantity, rest);
      const cost = taken * (this.#lotPrices[this.#first] as number);
      this.#addCost(-cost);
      gain?.addTicks(sign * cost, this.#wideUnit);
      rest -= taken;
      if (taken === quantity) this.#first++;
      else this.#lotQuantities[this.#first] = quantity - taken;
    }
    if (this.#first < COMPACT_FROM || this.#first * 2 <= this.#lotQuantities.length) return;
    this.#lotQuantities = this.#lotQuantities.slice(this.#first);
    this.#lotPrices = this.#lotPrices.slice(this.#first);
    this.#first = 0;
  }

  #increase(size: number, unitPrice: number): void {
    this.#addCost(size * unitPrice);
    if (!this.#fifo) return;
    this.#lotQuantities.push(size);
    this.#lotPrices.push(unitPrice);
  }

  #addCost(value: number): void {
    if (Math.abs(this.#cost + value) > SAFE) this.#spillCost();
    this.#cost += value;
  }

  #spillCash(): void {
    this.#cashSpilled += BigInt(this.#cash) * this.#unit;
    this.#cash = 0;
  }

  /** Takes more decimals, where everything that is open can follow. */
  #rescaleFor(signedQuantity: number, price: number): boolean {
    const quantityDigits = decimalsOf(signedQuantity, this.#quantityDigits);
    const priceDigits = decimalsOf(price, this.#priceDigits);
    if (quantityDigits === undefined || priceDigits === undefined) return false;
    if (quantityDigits + priceDigits + this.#multiplierDigits > 24) return false;
    const byQuantity = POWERS[quantityDigits - this.#quantityDigits] as number;
    const byPrice = POWERS[priceDigits - this.#priceDigits] as number;
    const quantities = this.#lotQuantities.slice(this.#first).map((quantity) => quantity * byQuantity);
    const prices = this.#lotPrices.slice(this.#first).map((unitPrice) => unitPrice * byPrice);
    if (!fits(this.#open * byQuantity) || !prices.every(fits)) return false;
    if (!prices.every((unitPrice, i) => Math.abs(unitPrice * (quantities[i] as number)) <= SAFE)) return false;
    const factor = byQuantity * byPrice;
    // What still fits stays in ticks: sums of them are told faster.
    if (Math.abs(this.#cash * factor) > SAFE) this.#spillCash();
    if (Math.abs(this.#cost * factor) > SAFE) this.#spillCost();
    this.#cash *= factor;
    this.#cost *= factor;
    this.#open *= byQuantity;
    [this.#lotQuantities, this.#lotPrices, this.#first] = [quantities, prices, 0];
    [this.#quantityDigits, this.#priceDigits] = [quantityDigits, priceDigits];
    [this.#quantityScale, this.#priceScale] = [POWERS[quantityDigits] as number, POWERS[priceDigits] as number];
    this.#unit = this.#unitNow();
    this.#wideUnit = tickUnit(this.#priceDigits + this.#quantityDigits + this.#multiplierDigits);
    this.#markDigits = Math.max(this.#markDigits, priceDigits);
    this.#perQuantity = 10n ** BigInt(DIGITS_MAX - this.#quantityDigits);
    return true;
  }

  #unitNow(): Amount {
    return 10n ** BigInt(24 - this.#priceDigits - this.#quantityDigits - this.#multiplierDigits);
  }

  get isFlat(): boolean {
    return this.#open === 0;
  }

  get isLong(): boolean {
    return this.#open > 0;
  }

  get quantity(): Fixed {
    return BigInt(this.#open) * this.#perQuantity;
  }

  get openCost(): Amount {
    const cost = this.#openAmount + BigInt(this.#cost) * this.#unit;
    return this.#open < 0 ? -cost : cost;
  }

  get #openAmount(): Amount {
    return this.#hasSpilledCost ? this.#costSpilled.amount : 0n;
  }

  get cashFlow(): Amount {
    return this.#cashSpilled + BigInt(this.#cash) * this.#unit;
  }

  #addCostTo(sum: WideAmount, sign: 1 | -1): void {
    sum.addTicks(sign * this.#cost, this.#wideUnit);
    if (this.#hasSpilledCost) sum.add(this.#costSpilled, sign);
  }

  /**
   * Cash flow and value at `mark` in whole ticks of `worthDigits` decimals; NaN where doubles do not hold them, or where the
   * mark is NaN and something is open.
   */
  worth(mark: number): number {
    if (this.#cashSpilled !== 0n) return NaN;
    let ticks = 0;
    if (this.#open !== 0) {
      const scale = POWERS[this.#markDigits] as number;
      ticks = Math.round(mark * scale);
      if (!isNamed(ticks, scale, mark)) {
        const digits = decimalsOf(mark, this.#markDigits);
        if (digits === undefined) return NaN;
        this.#markDigits = digits;
        ticks = Math.round(mark * (POWERS[digits] as number));
      }
    }
    const cash = this.#cash * (POWERS[this.#markDigits - this.#priceDigits] as number);
    const price = ticks * this.#multiplier;
    const value = this.#open * price;
    const worth = cash + value;
    // Where both parts are safe and the sum is, each step to it was exact; one that is not finite fails as well.
    const isSafe = fits(price) && Math.abs(cash) <= SAFE && Math.abs(value) <= SAFE && Math.abs(worth) <= SAFE;
    return isSafe && this.worthDigits <= 24 ? worth : NaN;
  }

  /** Of the last `worth`. */
  get worthDigits(): number {
    return this.#quantityDigits + this.#markDigits + this.#multiplierDigits;
  }

  get state(): PositionState {
    const sign = this.#open < 0 ? -1n : 1n;
    return { sign, lots: this.#lots(sign), cashFlow: this.cashFlow };
  }

  #lots(sign: 1n | -1n): Lot[] {
    if (this.#open === 0) return [];
    if (!this.#fifo) return [{ quantity: sign * this.quantity, cost: sign * this.openCost }];
    return this.#lotQuantities.slice(this.#first).map((quantity, i) => ({
      quantity: BigInt(quantity) * this.#perQuantity,
      cost: BigInt(quantity * (this.#lotPrices[this.#first + i] as number)) * this.#unit,
    }));
  }
}

function fits(ticks: number): boolean {
  return Math.abs(ticks) <= TICKS_MAX;
}
