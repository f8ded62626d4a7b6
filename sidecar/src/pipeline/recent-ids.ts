/**
 * Ids seen lately, in two generations: a lookup is exact for at least the last `generationSize` ids and memory stays
 * below twice that. The store's own keys catch what is older.
 */
import type { TradingEvent } from '@tapewatch/core';

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

/** What makes an event the same event; undefined where repeats cannot be told. */
export function identity(event: TradingEvent): string | undefined {
  if (event.table === 'orders') return `o\0${event.id}`;
  if (event.table === 'fills') return `f\0${event.venue}\0${event.id}`;
  return undefined;
}
