/**
 * Which label is to blame when there are too many series: of the series that were created last, the label with the most
 * different values. A sample of them is enough to tell an order id from a venue, and keeps the answer cheap in a flood.
 */
import type { SeriesDefinition } from '@tapewatch/core';

const SAMPLE = 2_048;

export class LabelSuspect {
  readonly #latest: SeriesDefinition[] = [];
  #next = 0;
  #told = { second: -1, text: '' };

  created(definition: SeriesDefinition): void {
    this.#latest[this.#next] = definition;
    this.#next = (this.#next + 1) % SAMPLE;
  }

  /** `label order_id has 2,031 values in the last 2,048 series`; worked out at most once a second. */
  tell(second: number): string {
    if (second !== this.#told.second) this.#told = { second, text: this.#describe() };
    return this.#told.text;
  }

  #describe(): string {
    const values = new Map<string, Set<string>>();
    for (const { labels } of this.#latest) {
      for (const [name, value] of labels.pairs) {
        const known = values.get(name);
        if (known === undefined) values.set(name, new Set([value]));
        else known.add(value);
      }
    }
    const [worst] = [...values].sort(([, a], [, b]) => b.size - a.size);
    if (worst === undefined) return 'no series was created lately';
    return `label ${worst[0]} has ${worst[1].size} values in the last ${this.#latest.length} series`;
  }
}
