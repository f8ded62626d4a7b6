/**
 * How volume spreads over the day: the share of each slot in all volume, the curve that a VWAP schedule follows. Slots are
 * counted from midnight UTC, or from the beginning of a session that the caller gives.
 */

export interface ProfileSlot {
  readonly slot: number;
  readonly volume: number;
  readonly buyVolume: number;
  /** Of all volume; null without any. */
  readonly share: number | null;
}

export const DAY_NANOS = 86_400_000_000_000n;

export class VolumeProfile {
  readonly #slots: { volume: number; buyVolume: number }[];
  readonly #widthNanos: bigint;
  readonly #startNanos: bigint;

  /** `slots` of a day that begins at `startNanos` after midnight UTC. */
  constructor(slots: number, startNanos = 0n) {
    this.#slots = Array.from({ length: slots }, () => ({ volume: 0, buyVolume: 0 }));
    this.#widthNanos = DAY_NANOS / BigInt(slots);
    this.#startNanos = startNanos;
  }

  add({ timeNanos, quantity, isBuy }: { timeNanos: bigint; quantity: number; isBuy: boolean }): void {
    const sinceStart = (((timeNanos - this.#startNanos) % DAY_NANOS) + DAY_NANOS) % DAY_NANOS;
    // A number of slots that does not divide the day leaves some nanoseconds to the last one.
    const index = Math.min(this.#slots.length - 1, Number(sinceStart / this.#widthNanos));
    const slot = this.#slots[index];
    if (slot === undefined) return;
    slot.volume += quantity;
    if (isBuy) slot.buyVolume += quantity;
  }

  slots(): ProfileSlot[] {
    const total = this.#slots.reduce((sum, { volume }) => sum + volume, 0);
    return this.#slots.map(({ volume, buyVolume }, slot) => ({
      slot,
      volume,
      buyVolume,
      share: total > 0 ? volume / total : null,
    }));
  }
}
