/**
 * Lets go of series that are silent for as long as memory reaches back, so that a desk whose series come and go does not
 * grow for ever: the registry keeps their keys, the head forgets them, codecs forget what they remembered. A series that
 * comes back goes on under its old id. What a distribution had counted until then is only in the store; it is read there
 * before the first batch with new observations is written, when it is exactly what the head lacks.
 */
import type { ExponentialHistogram, SeriesDefinition } from '@tapewatch/core';
import { SWEEPS_UNTIL_REST, type SeriesRegistry } from './series-registry.ts';

/** The store must be this close behind before anything is let go: what it does not have yet cannot be read there. */
const MAX_BEHIND_MS = 30_000;
/** So many rest at once, about 20 ms: a venue that goes dark must not halt everything else. The next tick goes on. */
const MAX_RESTS_PER_TICK = 20_000;

/** The part of the head that lets series go and takes them back. */
export interface RestingHead {
  define(definition: SeriesDefinition): void;
  /** True while anything of the series' samples or windows is in memory. */
  holds(id: number): boolean;
  forget(ids: readonly number[]): void;
  setTotal(id: number, total: ExponentialHistogram): void;
}

export interface SilentSeriesOptions {
  readonly registry: SeriesRegistry;
  readonly head: RestingHead;
  /** A series rests after so long a silence; at least what the head keeps. */
  readonly restAfterMs: number;
  /** What distributions have counted, as the store has it. */
  readonly totalsOf: (ids: readonly number[]) => Promise<{ seriesId: number; histogram: ExponentialHistogram }[]>;
  /** Lets others forget what they keep of series that rest now. */
  readonly onRest: (isResting: (id: number) => boolean) => void;
  /** The answers for a series have changed, from this stamp on. */
  readonly onRestored: (id: number, sinceSeconds: number) => void;
}

export class SilentSeries {
  readonly #options: SilentSeriesOptions;
  /** Distributions that are back and lack what they had counted, with the second in which they came. */
  #lacking = new Map<number, number>();
  #sweptMs = 0;
  /** Whether the present sweep has put anything to rest. */
  #hasRested = false;
  #nowMs = 0;

  constructor(options: SilentSeriesOptions) {
    this.#options = options;
  }

  /** Sweeps when it is time to. `behindMs`: how long the oldest row waits for its commit. */
  tick(nowMs: number, behindMs: number): void {
    this.#nowMs = nowMs;
    const { registry, head, restAfterMs, onRest } = this.#options;
    const sinceMs = nowMs - this.#sweptMs;
    // A clock that was set back must not put it off.
    const isTooSoon = sinceMs >= 0 && sinceMs < restAfterMs / SWEEPS_UNTIL_REST;
    if ((isTooSoon && !registry.isSweeping) || behindMs > MAX_BEHIND_MS) return;
    if (!registry.isSweeping) this.#sweptMs = nowMs;
    const rested = registry.sweep((id) => head.holds(id), MAX_RESTS_PER_TICK);
    if (rested.length > 0) {
      head.forget(rested);
      for (const id of rested) this.#lacking.delete(id);
      this.#hasRested = true;
    }
    if (!this.#hasRested || registry.isSweeping) return;
    this.#hasRested = false;
    // Once for all of them: codecs forget what nobody used between two calls.
    onRest((id) => registry.byId(id) === undefined);
  }

  /** Gives the head its series back. Before their first rows. */
  wake(): void {
    const { registry, head } = this.#options;
    for (const definition of registry.takeWoken()) {
      head.define(definition);
      if (definition.kind === 'distribution') this.#lacking.set(definition.id, Math.floor(this.#nowMs / 1_000));
    }
  }

  /** Before a batch is written: reads the totals that distributions lack. Rejects when the store cannot tell. */
  async restore(): Promise<void> {
    if (this.#lacking.size === 0) return;
    const { head, totalsOf, restAfterMs, onRestored } = this.#options;
    const asked = this.#lacking;
    this.#lacking = new Map();
    try {
      const totals = await totalsOf([...asked.keys()]);
      for (const { seriesId, histogram } of totals) head.setTotal(seriesId, histogram);
    } catch (error) {
      for (const [id, second] of asked) this.#lacking.set(id, second);
      throw error;
    }
    for (const [id, second] of asked) onRestored(id, Math.max(0, second - Math.ceil(restAfterMs / 1_000)));
  }
}
