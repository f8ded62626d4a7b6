/**
 * Repeat suppression: an alert that begins again within its cooldown, counted from when its beginning was last let
 * through, is held. It is let through when the cooldown is over and it still fires; when it ends before, neither its
 * beginning nor its end is told. A higher severity than the one let through is never held. What is past `maxEntries` is
 * let through too: a bound must not silence an alert. Each call is O(1), `due` is O(entries).
 */
export interface Begin<T> {
  /** What stays the same while severity changes: rule and labels without the severity. */
  readonly identity: string;
  /** This alert itself, severity included. */
  readonly instance: string;
  /** Larger is worse. */
  readonly rank: number;
  readonly cooldownNanos: bigint;
  readonly item: T;
}

interface Entry<T> {
  toldNanos: bigint;
  rank: number;
  cooldownNanos: bigint;
  held: Begin<T> | undefined;
}

export class Cooldown<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #maxEntries: number;
  #held = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Alerts that fire and wait. */
  get held(): number {
    return this.#held;
  }

  /** True to tell it now; false when it is held. */
  begins(begin: Begin<T>, now: bigint): boolean {
    const entry = this.#entries.get(begin.identity);
    const isFree = entry === undefined || begin.rank > entry.rank || now - entry.toldNanos >= begin.cooldownNanos;
    if (!isFree) {
      if (entry.held === undefined) this.#held += 1;
      entry.held = begin;
      return false;
    }
    this.#tell(begin, now);
    return true;
  }

  /** True to tell the end; false when the beginning was never told. */
  ends({ identity, instance }: Pick<Begin<T>, 'identity' | 'instance'>): boolean {
    const entry = this.#entries.get(identity);
    if (entry?.held?.instance !== instance) return true;
    entry.held = undefined;
    this.#held -= 1;
    return false;
  }

  /** What was held and is to be told now, in the order in which it was first told. Forgets what is over. */
  due(now: bigint): T[] {
    const items: T[] = [];
    for (const [identity, entry] of this.#entries) {
      const { held } = entry;
      if (held === undefined) {
        if (now - entry.toldNanos >= entry.cooldownNanos) this.#entries.delete(identity);
      } else if (now - entry.toldNanos >= held.cooldownNanos) {
        this.#tell(held, now);
        items.push(held.item);
      }
    }
    return items;
  }

  #tell({ identity, rank, cooldownNanos }: Begin<T>, now: bigint): void {
    const entry = this.#entries.get(identity);
    if (entry === undefined) {
      if (cooldownNanos <= 0n || this.#entries.size >= this.#maxEntries) return;
      this.#entries.set(identity, { toldNanos: now, rank, cooldownNanos, held: undefined });
      return;
    }
    if (entry.held !== undefined) this.#held -= 1;
    Object.assign(entry, { toldNanos: now, rank, cooldownNanos, held: undefined });
  }
}
