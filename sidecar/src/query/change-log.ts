/**
 * What has changed in the data that queries see: per metric, since which version from which stamp on. Cached answers ask
 * it which of their steps still hold, so late data invalidates exactly what it touches. Versions are counted, not timed.
 * What memory showed before and the disk shows only now concerns answers that were read from disk, and is told apart.
 *
 * Per metric a list of (version, oldest stamp) is kept in which both ascend: a later change that reaches further back
 * covers the earlier ones. Past its bound two neighbours become one that covers both, which is safe: more is dropped
 * from a cache than needed, never less.
 */
import type { ChangeSink } from '../ports.ts';

/** Entries kept per metric; at one batch every 50 ms that is some seconds in full detail, minutes in coarser. */
const MAX_ENTRIES = 128;
/** Metrics told apart; changes of further ones count as changes of every metric. */
const MAX_NAMES = 100_000;

export class ChangeLog implements ChangeSink {
  readonly #shown = new Trails();
  readonly #stored = new Trails();
  #version = 0;

  /** Take it before reading; a change that is told later has a higher one. */
  get version(): number {
    return this.#version;
  }

  changed(name: string, oldestMs: number): void {
    this.#shown.add(name, ++this.#version, oldestMs);
  }

  stored(name: string, oldestMs: number): void {
    this.#stored.add(name, ++this.#version, oldestMs);
  }

  /** Oldest stamp, in milliseconds, that changed after `version`; Infinity when nothing did. No names: of any metric. */
  oldestSince(version: number, names: ReadonlySet<string> | undefined): number {
    return this.#shown.oldestSince(version, names);
  }

  /** The same of what only the disk did not show before. */
  oldestStoredSince(version: number, names: ReadonlySet<string> | undefined): number {
    return this.#stored.oldestSince(version, names);
  }
}

/** Changes of one kind, by metric. */
class Trails {
  readonly #byName = new Map<string, Trail>();
  readonly #all = new Trail();
  /** Changes of metrics past the bound. */
  readonly #unnamed = new Trail();

  add(name: string, version: number, oldestMs: number): void {
    this.#all.add(version, oldestMs);
    let trail = this.#byName.get(name);
    if (trail === undefined && this.#byName.size < MAX_NAMES) this.#byName.set(name, (trail = new Trail()));
    (trail ?? this.#unnamed).add(version, oldestMs);
  }

  oldestSince(version: number, names: ReadonlySet<string> | undefined): number {
    if (names === undefined) return this.#all.oldestSince(version);
    let oldest = this.#unnamed.oldestSince(version);
    for (const name of names) oldest = Math.min(oldest, this.#byName.get(name)?.oldestSince(version) ?? Infinity);
    return oldest;
  }
}

class Trail {
  readonly #versions: number[] = [];
  readonly #stamps: number[] = [];

  add(version: number, oldestMs: number): void {
    const [versions, stamps] = [this.#versions, this.#stamps];
    while (stamps.length > 0 && (stamps[stamps.length - 1] as number) >= oldestMs) {
      stamps.pop();
      versions.pop();
    }
    versions.push(version);
    stamps.push(oldestMs);
    if (versions.length > MAX_ENTRIES) this.#coarsen();
  }

  oldestSince(version: number): number {
    const versions = this.#versions;
    let [low, high] = [0, versions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((versions[middle] as number) > version) high = middle;
      else low = middle + 1;
    }
    return this.#stamps[low] ?? Infinity;
  }

  /** Joins each two neighbours of the older half: the later version with the older stamp covers both. */
  #coarsen(): void {
    const half = MAX_ENTRIES >> 1;
    let kept = 0;
    for (let i = 0; i < this.#versions.length; i++) {
      const joins = i < half && i % 2 === 0;
      this.#versions[kept] = this.#versions[joins ? i + 1 : i] as number;
      this.#stamps[kept] = this.#stamps[i] as number;
      kept++;
      if (joins) i++;
    }
    this.#versions.length = kept;
    this.#stamps.length = kept;
  }
}
