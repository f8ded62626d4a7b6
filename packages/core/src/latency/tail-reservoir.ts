/**
 * A bounded sample of traces that keeps the tail: traces are put into classes by the logarithm of their total (eight to an
 * octave), and each class keeps a uniform sample of its own (Vitter, "Random sampling with a reservoir", 1985, algorithm
 * R). Slow traces are in classes that never fill, so all of them stay; each kept trace stands for seen / kept of its class.
 * The weights of all traces sum to the number seen. Chance is passed in, so the same traces give the same sample.
 */
import type { Uniform } from '../stats/seeded-generator.ts';
import { totalNanos, type HopTrace } from './hop-trace.ts';

const CLASSES_PER_OCTAVE = 8;
export const DEFAULT_TRACES_PER_CLASS = 6_000;

export class TailReservoir {
  readonly #uniform: Uniform;
  readonly #capacity: number;
  readonly #classes = new Map<number, { seen: number; readonly kept: HopTrace[] }>();

  constructor(uniform: Uniform, tracesPerClass = DEFAULT_TRACES_PER_CLASS) {
    this.#uniform = uniform;
    this.#capacity = tracesPerClass;
  }

  add(trace: HopTrace): void {
    const index = Math.floor(CLASSES_PER_OCTAVE * Math.log2(Math.max(1, totalNanos(trace))));
    let one = this.#classes.get(index);
    if (one === undefined) this.#classes.set(index, (one = { seen: 0, kept: [] }));
    one.seen++;
    if (one.kept.length < this.#capacity) one.kept.push(trace);
    else {
      const place = Math.floor(this.#uniform() * one.seen);
      if (place < this.#capacity) one.kept[place] = trace;
    }
  }

  /** In no order; each with the weight it stands for. */
  traces(): HopTrace[] {
    return [...this.#classes.values()].flatMap(({ seen, kept }) =>
      kept.map((trace) => ({ ...trace, weight: trace.weight * (seen / kept.length) })),
    );
  }
}
