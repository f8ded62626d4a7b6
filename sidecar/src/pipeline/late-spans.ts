/**
 * What samples that came behind the watermark touched: per metric the oldest and the newest of their seconds, for whoever
 * judged those times already, and the windows of 10 s among them that were sealed, for whoever shows them. Kept by the
 * number of the metric name in typed arrays, since late samples come in bulk; listeners hear of it each time the watermarks
 * move.
 */
import type { LateSource, LateSpan } from '../ports.ts';

const INITIAL_NAMES = 256;
/** The narrowest windows of the store's ladder of gauges and counters. */
export const WINDOW_SECONDS = 10;
/** The ladder seals this long after a window's end, a second of which the watermark is behind already. */
const SEALED_AFTER_SECONDS = 1;
/** Windows of one metric told apart between two tellings; the span covers the rest. */
const MAX_WINDOWS = 1_000;

export class LateSpans implements LateSource {
  readonly #names: readonly string[];
  readonly #listeners = new Set<(spans: readonly LateSpan[]) => void>();
  /** Seconds by name; 0 for none. */
  #oldest = new Float64Array(INITIAL_NAMES);
  #newest = new Float64Array(INITIAL_NAMES);
  /** The window that was noted last, by name: samples of many series share theirs. */
  #lastWindow = new Float64Array(INITIAL_NAMES);
  readonly #windows = new Map<number, Set<number>>();
  #touched: number[] = [];

  /** `names`: the registry's list of metric names; it grows. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  onLate(listener: (spans: readonly LateSpan[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A late sample of a metric, by the number of its name; all in seconds. */
  note(name: number, second: number, watermark: number): void {
    if (name >= this.#oldest.length) this.#makeRoom(name);
    const oldest = this.#oldest[name] as number;
    if (oldest === 0) this.#touched.push(name);
    // Second 0 is none that anything is stamped with that a stream takes.
    if (oldest === 0 || second < oldest) this.#oldest[name] = Math.max(second, 1);
    if (second > (this.#newest[name] as number)) this.#newest[name] = second;
    const window = Math.floor(second / WINDOW_SECONDS) * WINDOW_SECONDS;
    if (window === this.#lastWindow[name] || window + WINDOW_SECONDS + SEALED_AFTER_SECONDS > watermark) return;
    this.#lastWindow[name] = window;
    let windows = this.#windows.get(name);
    if (windows === undefined) this.#windows.set(name, (windows = new Set()));
    if (windows.size < MAX_WINDOWS) windows.add(window);
  }

  /** Tells what was noted, and begins anew. */
  tell(): void {
    if (this.#touched.length === 0) return;
    const spans = this.#touched.map((name) => ({
      name: this.#names[name] as string,
      oldestMs: (this.#oldest[name] as number) * 1_000,
      newestMs: (this.#newest[name] as number) * 1_000 + 999,
      windowsMs: [...(this.#windows.get(name) ?? [])].map((second) => second * 1_000).sort((a, b) => a - b),
    }));
    for (const name of this.#touched) this.#oldest[name] = this.#newest[name] = this.#lastWindow[name] = 0;
    this.#touched = [];
    this.#windows.clear();
    for (const listener of this.#listeners) listener(spans);
  }

  #makeRoom(name: number): void {
    const room = Math.max(name + 1, this.#oldest.length * 2);
    const before = [this.#oldest, this.#newest, this.#lastWindow];
    this.#oldest = new Float64Array(room);
    this.#newest = new Float64Array(room);
    this.#lastWindow = new Float64Array(room);
    [this.#oldest, this.#newest, this.#lastWindow].forEach((to, i) => to.set(before[i] as Float64Array));
  }
}
