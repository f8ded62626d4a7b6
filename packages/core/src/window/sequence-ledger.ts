/**
 * Which messages of a durable log have been taken in, as ranges of log sequences. A consumer sees only the messages of
 * its subjects, so log sequences have gaps that never fill; each delivery says from where on nothing stood before it
 * (`after`). Deliveries in unbroken order extend the last range in place: constant time, no allocation. Anything else (a
 * repeat, a lost delivery that comes later) costs the logarithm of the number of ranges, plus the ranges it unites.
 * A range is a lasting fact, so ranges that were written down at different times can simply be united.
 */
export interface LogDelivery {
  readonly sequence: number;
  /** The log holds no message of this consumer strictly between this sequence and `sequence`. Below `sequence`. */
  readonly after: number;
}

/** Both ends inclusive. */
export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

interface MutableRange {
  from: number;
  to: number;
}

export class SequenceLedger {
  /** Ascending, disjoint, never adjacent. */
  readonly #ranges: MutableRange[] = [];

  constructor(known: readonly SequenceRange[] = []) {
    const ascending = [...known].sort((a, b) => a.from - b.from);
    for (const { from, to } of ascending) this.#unite(from, to);
  }

  get ranges(): readonly SequenceRange[] {
    return this.#ranges;
  }

  has(sequence: number): boolean {
    const range = this.#ranges[this.#firstEndingAt(sequence)];
    return range !== undefined && range.from <= sequence;
  }

  /**
   * Records a message. Returns the range that now holds it, or undefined when it had been taken in before. The range is
   * the ledger's own and grows with later messages: read it at once.
   */
  add({ sequence, after }: LogDelivery): SequenceRange | undefined {
    const last = this.#ranges.at(-1);
    // A delivery that tells of more than the last range covers (`after` before its start) may unite several.
    if (last !== undefined && sequence > last.to && after <= last.to && after + 1 >= last.from) {
      last.to = sequence;
      return last;
    }
    if (this.has(sequence)) return undefined;
    return this.#unite(after + 1, sequence);
  }

  /**
   * Everything up to `sequence` is settled for good: the log acknowledged it and sends none of it again. What lay below
   * becomes one range, so that holes which the log will never fill (expired, deleted) do not stay for ever.
   */
  settleThrough(sequence: number): void {
    const first = this.#ranges[0];
    if (first === undefined || first.from > sequence) return;
    this.#unite(first.from, sequence);
  }

  /** Index of the first range that ends at or after `sequence`; the number of ranges when none does. */
  #firstEndingAt(sequence: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as MutableRange).to < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Joins every range that overlaps or touches `from` to `to` into one, in place. */
  #unite(from: number, to: number): MutableRange {
    const ranges = this.#ranges;
    const at = this.#firstEndingAt(from - 1);
    const united = ranges[at];
    if (united === undefined || united.from > to + 1) {
      const added = { from, to };
      ranges.splice(at, 0, added);
      return added;
    }
    let end = at;
    for (let next = ranges[end]; next !== undefined && next.from <= to + 1; next = ranges[++end]) {
      if (next.to > united.to) united.to = next.to;
    }
    if (from < united.from) united.from = from;
    if (to > united.to) united.to = to;
    ranges.splice(at + 1, end - at - 1);
    return united;
  }
}
