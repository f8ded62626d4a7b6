/**
 * Ids seen lately, in two generations: a lookup is exact for at least the last `generationSize` ids and memory stays
 * below twice that. The store's own keys catch what is older.
 */
import { identityOf, type EventTable, type TradingEvent } from '@tapewatch/core';

export class RecentIds {
  readonly #generationSize: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(generationSize: number) {
    this.#generationSize = generationSize;
  }

  /** True when the id is new; it is remembered from then on. */
  add(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    if (this.#young.size >= this.#generationSize) [this.#old, this.#young] = [this.#young, new Set()];
    this.#young.add(id);
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
