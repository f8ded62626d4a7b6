/**
 * Which messages of a durable log have been taken in, as ranges of log sequences. A consumer sees only the messages of
 * its subjects, so log sequences have gaps that never fill; what shows that nothing was skipped between two messages is
 * the consumer's own delivery counter. First deliveries in unbroken order extend the last range; anything else (a
 * redelivery, the first message after a restart or a lost delivery) stands alone until ranges touch.
 * A range is a lasting fact, so ranges that were written down at different times can simply be united.
 */
export interface LogDelivery {
  readonly sequence: number;
  /** The consumer's delivery counter; it counts redeliveries too. */
  readonly deliverySequence: number;
  readonly redelivered: boolean;
}

export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

export class SequenceLedger {
  /** Ascending, disjoint. */
  #ranges: { from: number; to: number }[] = [];
  #last: LogDelivery | undefined;

  constructor(known: readonly SequenceRange[] = []) {
    for (const range of known) this.#unite(range);
  }

  get ranges(): readonly SequenceRange[] {
    return this.#ranges;
  }

  has(sequence: number): boolean {
    return this.#ranges.some((range) => range.from <= sequence && sequence <= range.to);
  }

  /** Records a message. Returns the range that now holds it, or undefined when it had been taken in before. */
  add(delivery: LogDelivery): SequenceRange | undefined {
    const last = this.#last;
    this.#last = delivery;
    if (this.has(delivery.sequence)) return undefined;
    const unbroken =
      last !== undefined &&
      !delivery.redelivered &&
      !last.redelivered &&
      delivery.deliverySequence === last.deliverySequence + 1 &&
      delivery.sequence > last.sequence;
    return this.#unite({ from: unbroken ? last.sequence : delivery.sequence, to: delivery.sequence });
  }

  #unite({ from, to }: SequenceRange): SequenceRange {
    const united = { from, to };
    this.#ranges = this.#ranges.filter((range) => {
      if (range.to < united.from - 1 || range.from > united.to + 1) return true;
      united.from = Math.min(united.from, range.from);
      united.to = Math.max(united.to, range.to);
      return false;
    });
    const at = this.#ranges.findIndex((range) => range.from > united.to);
    this.#ranges.splice(at === -1 ? this.#ranges.length : at, 0, united);
    return { ...united };
  }
}
