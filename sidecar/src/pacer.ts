/** Lets other work of the thread run between parts of a long one: a pause after each slice of a few milliseconds. */
import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 5;

export class Pacer {
  #sliceEndsAt = performance.now() + SLICE_MS;

  /** Returns at once within the slice. */
  async pause(): Promise<void> {
    if (performance.now() < this.#sliceEndsAt) return;
    await setImmediate();
    this.#sliceEndsAt = performance.now() + SLICE_MS;
  }
}
