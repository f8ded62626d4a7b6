/**
 * What the codecs of one registry share about series: the interner of labels (by text) and the table of spellings (by
 * bytes), both answering with numbers of one sink. The context's labels take part through a small number of their own.
 */
import type { SeriesRef } from '../ports.ts';
import { LabelInterner } from './label-interner.ts';
import { SeriesTable } from './series-table.ts';

/** What a codec remembers by series beside the numbers of spellings. */
export interface SeriesMemory {
  forget(isResting: (ref: SeriesRef) => boolean): void;
}

type ContextLabels = Readonly<Record<string, string>>;

/** Codes of who asks, so that equal bytes of different formats stay apart; the first three are JSON's kinds. */
export const LINE_CODE = 3;
export const ARROW_CODE = 4;
const CODES = 8;
/** Contexts that were numbered; past it numbers and table start anew. Far above what a bounded cache of subjects makes. */
const CONTEXTS_MAX = 2 ** 28;

export class SeriesCache {
  readonly interner = new LabelInterner();
  table = new SeriesTable();
  #contexts = new WeakMap<ContextLabels, number>();
  #next = 0;
  #last: ContextLabels | undefined;
  #lastNumber = 0;
  readonly #memories: SeriesMemory[] = [];

  /** Tells `memory`, too, when series rest. */
  share(memory: SeriesMemory): void {
    this.#memories.push(memory);
  }

  /** Series have been put to rest: spellings that nobody uses go, and what is remembered of those series. */
  rest(isResting: (ref: SeriesRef) => boolean): void {
    this.interner.age();
    this.table.age();
    for (const memory of this.#memories) memory.forget(isResting);
  }

  /** The tag of a key in the table: code and context in one number. */
  tag(context: ContextLabels, code: number): number {
    return this.#numberOf(context) * CODES + code;
  }

  #numberOf(context: ContextLabels): number {
    if (context === this.#last) return this.#lastNumber;
    let number = this.#contexts.get(context);
    if (number === undefined) {
      if (this.#next >= CONTEXTS_MAX) this.#restart();
      number = this.#next++;
      this.#contexts.set(context, number);
    }
    this.#last = context;
    this.#lastNumber = number;
    return number;
  }

  #restart(): void {
    this.table = new SeriesTable();
    this.#contexts = new WeakMap();
    this.#next = 0;
  }
}
