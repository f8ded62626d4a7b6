/**
 * Tells what changed: caches at once and again when it is durable, since head and store answer for different ranges, and
 * rules at a distance, by metric name.
 */
import type { ChangeSink } from '../ports.ts';
import type { Change } from './changes.ts';

type Listener = (changedNames: ReadonlySet<string>) => void;

export class Announcer {
  readonly #listeners = new Set<Listener>();
  #sink: ChangeSink | undefined;
  #names = new Set<string>();
  #uncommitted = new Map<string, number>();

  announceTo(sink: ChangeSink): void {
    this.#sink = sink;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Rows that the head shows now; the store will after `takeUncommitted`'s commit. */
  shown(changes: readonly Change[]): void {
    for (const { name, oldestMs } of changes) {
      this.#uncommitted.set(name, Math.min(oldestMs, this.#uncommitted.get(name) ?? Infinity));
    }
    this.visible(changes);
  }

  /** What queries can see now. */
  visible(changes: readonly Change[]): void {
    for (const { name, oldestMs } of changes) {
      this.#names.add(name);
      this.#sink?.changed(name, oldestMs);
    }
  }

  /** Call the result when everything that was shown until now is durable. */
  takeUncommitted(): () => void {
    const changes = [...this.#uncommitted];
    this.#uncommitted = new Map();
    return () => {
      for (const [name, oldestMs] of changes) this.#sink?.changed(name, oldestMs);
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
