/**
 * Tells what changed: caches at once and again when it is durable, since head and store answer for different ranges, and
 * rules at a distance, by metric name.
 */
import type { ChangeSink } from '../ports.ts';
import type { Change } from './changes.ts';

/** A window that the head closed is closed by the store's ladder this much later at most, while rows come in. */
const LADDER_MS = 5_000;

type Listener = (changedNames: ReadonlySet<string>) => void;

export class Announcer {
  readonly #listeners = new Set<Listener>();
  #sink: ChangeSink | undefined;
  #names = new Set<string>();
  #uncommitted = new Map<string, number>();
  /** Closed windows that the store may not show yet, in two generations. */
  #older: ReadonlyMap<string, number> = new Map();
  #younger = new Map<string, number>();
  #turnedMs = -Infinity;

  announceTo(sink: ChangeSink): void {
    this.#sink = sink;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Rows that the head shows now; the store will after `takeUncommitted`'s commit. */
  shown(changes: readonly Change[]): void {
    for (const { name, oldestMs } of changes) lower(this.#uncommitted, name, oldestMs);
    this.#visible(changes);
  }

  /** Windows of distributions that the head closed. The store closes them by its own ladder, some commits later. */
  sealed(changes: readonly Change[], nowMs: number): void {
    for (const { name, oldestMs } of changes) {
      lower(this.#uncommitted, name, oldestMs);
      lower(this.#younger, name, Math.max(oldestMs, nowMs - LADDER_MS));
    }
    this.#visible(changes);
  }

  #visible(changes: readonly Change[]): void {
    for (const { name, oldestMs } of changes) {
      this.#names.add(name);
      this.#sink?.changed(name, oldestMs);
    }
  }

  /** Call the result when everything that was shown until now is durable. */
  takeUncommitted(nowMs: number): () => void {
    const changes = this.#uncommitted;
    this.#uncommitted = new Map();
    for (const generation of [this.#older, this.#younger]) {
      for (const [name, oldestMs] of generation) lower(changes, name, oldestMs);
    }
    if (nowMs - this.#turnedMs >= LADDER_MS || nowMs < this.#turnedMs) {
      this.#turnedMs = nowMs;
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    return () => {
      for (const [name, oldestMs] of changes) this.#sink?.stored(name, oldestMs);
    };
  }

  /** Tells rules of everything since the last time. */
  tellListeners(): void {
    if (this.#names.size === 0) return;
    const names = this.#names;
    this.#names = new Set();
    for (const listener of this.#listeners) listener(names);
  }
}

function lower(oldest: Map<string, number>, name: string, ms: number): void {
  oldest.set(name, Math.min(ms, oldest.get(name) ?? Infinity));
}
