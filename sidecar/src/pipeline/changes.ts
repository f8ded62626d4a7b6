/**
 * Which metrics changed since the last flush, and from which stamp on: what rules wait for and cached answers depend on.
 * Kept by the number of the metric name in typed arrays, since it is asked for every sample.
 */

const INITIAL_NAMES = 256;

/** One metric that changed; `oldestMs` is the oldest stamp that did. */
export interface Change {
  readonly name: string;
  readonly oldestMs: number;
}

const NOTHING: readonly Change[] = [];

export class Changes {
  readonly #names: readonly string[];
  /** Oldest changed second by name; 0 for unchanged. */
  #oldest = new Float64Array(INITIAL_NAMES);
  #changed: number[] = [];

  /** `names`: the registry's list of metric names; it grows. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  note(name: number, second: number): void {
    if (name >= this.#oldest.length) {
      const grown = new Float64Array(Math.max(name + 1, this.#oldest.length * 2));
      grown.set(this.#oldest);
      this.#oldest = grown;
    }
    const oldest = this.#oldest[name] as number;
    if (oldest === 0) this.#changed.push(name);
    else if (oldest <= second) return;
    // Second 0 is one that a name cannot have changed from: it stands for none.
    this.#oldest[name] = Math.max(second, 1);
  }

  /** What changed, and begins anew. */
  take(): readonly Change[] {
    if (this.#changed.length === 0) return NOTHING;
    const changes = this.#changed.map((name) => {
      const oldestMs = (this.#oldest[name] as number) * 1_000;
      this.#oldest[name] = 0;
      return { name: this.#names[name] as string, oldestMs };
    });
    this.#changed = [];
    return changes;
  }
}
