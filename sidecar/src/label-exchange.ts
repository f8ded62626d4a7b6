/**
 * Label sets between two threads: each is sent once and by its number from then on, since the same series are asked for
 * again and again. Who sends remembers what the other side knows; past a bound both sides begin anew.
 */
import { Labels, type LabelPair } from '@tapewatch/core';

/** Label sets that the other side keeps, some hundred bytes each. */
const MAX_KNOWN = 100_000;

/** Label sets in plain form. */
export interface PackedLabels {
  readonly numbers: Uint32Array;
  /** Those that the other side does not know yet. */
  readonly fresh: readonly (readonly [number: number, pairs: readonly LabelPair[]])[];
  /** What was sent before counts no more. */
  readonly forget: boolean;
}

/** One for each thread that is sent to; messages must arrive in the order in which they were packed. */
export class LabelSender {
  readonly #maxKnown: number;
  #numbers = new WeakMap<Labels, number>();
  #next = 0;

  constructor(maxKnown = MAX_KNOWN) {
    this.#maxKnown = maxKnown;
  }

  /** One message may exceed the bound. */
  pack(all: readonly Labels[]): PackedLabels {
    const forget = this.#next >= this.#maxKnown;
    if (forget) {
      this.#numbers = new WeakMap();
      this.#next = 0;
    }
    const fresh: [number, readonly LabelPair[]][] = [];
    const numbers = new Uint32Array(all.length);
    all.forEach((labels, i) => {
      let number = this.#numbers.get(labels);
      if (number === undefined) {
        this.#numbers.set(labels, (number = this.#next++));
        fresh.push([number, labels.pairs]);
      }
      numbers[i] = number;
    });
    return { numbers, fresh, forget };
  }
}

export class LabelReceiver {
  #known: Labels[] = [];

  unpack({ numbers, fresh, forget }: PackedLabels): Labels[] {
    if (forget) this.#known = [];
    for (const [number, pairs] of fresh) this.#known[number] = Labels.from(pairs);
    return Array.from(numbers, (number) => this.#known[number] as Labels);
  }
}
