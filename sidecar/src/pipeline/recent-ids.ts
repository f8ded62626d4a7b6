/**
 * Ids seen lately, in two generations: a lookup is exact for at least the last `generationSize` ids, of ids longer than
 * `BYTES_PER_ID` on average for fewer, and memory is bounded by that. The store's own keys catch what is older.
 */
import { identityOf, type EventTable, type TradingEvent } from '@tapewatch/core';
import { EncodedId, IdSet } from './id-set.ts';

/** With four for its length. */
const BYTES_PER_ID = 128;

const asked = new EncodedId();

export class RecentIds {
  readonly #generationSize: number;
  readonly #mostBytes: number;
  #young: IdSet;
  #old: IdSet;

  constructor(generationSize: number) {
    this.#generationSize = generationSize;
    this.#mostBytes = generationSize * BYTES_PER_ID;
    [this.#young, this.#old] = [new IdSet(this.#mostBytes), new IdSet(this.#mostBytes)];
  }

  /** True when the id is new; it is remembered from then on. */
  add(id: string): boolean {
    asked.set(id);
    if (this.#young.has(asked) || this.#old.has(asked)) return false;
    const { size, bytes } = this.#young;
    if (size >= this.#generationSize || bytes + asked.length > this.#mostBytes) {
      [this.#old, this.#young] = [this.#young, this.#old];
      this.#young.clear();
    }
    this.#young.add(asked);
    return true;
  }
}

/** Come in great numbers and are hardly ever repeated: they must not crowd out the ids of orders. */
const NUMEROUS: ReadonlySet<EventTable> = new Set<EventTable>(['market_trades', 'spans']);
const NUMEROUS_GENERATION = 50_000;

/** Events by what makes them the same event; those without an identity are always new. */
export class RecentEvents {
  readonly #lasting: RecentIds;
  readonly #numerous = new RecentIds(NUMEROUS_GENERATION);

  constructor(generationSize: number) {
    this.#lasting = new RecentIds(generationSize);
  }

  add(event: TradingEvent): boolean {
    const identity = identityOf(event);
    if (identity === undefined) return true;
    const ids = NUMEROUS.has(event.table) ? this.#numerous : this.#lasting;
    return ids.add(`${event.table}\0${identity}`);
  }
}
