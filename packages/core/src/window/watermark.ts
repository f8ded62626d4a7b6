/**
 * The watermark of a stream: no sample with an earlier stamp is awaited any more. It follows the newest stamp at a
 * fixed distance and, when the stream falls silent, the wall clock at a larger one, so that the last windows close too.
 * It never goes back.
 */
export interface WatermarkOptions {
  /** Distance behind the newest stamp. */
  readonly delayNanos: bigint;
  /** Distance behind the wall clock. */
  readonly idleNanos: bigint;
}

export class Watermark {
  readonly #options: WatermarkOptions;
  #value: bigint;

  constructor(options: WatermarkOptions, startNanos = 0n) {
    this.#options = options;
    this.#value = startNanos;
  }

  get nanos(): bigint {
    return this.#value;
  }

  /** Takes in the stamp of a sample. */
  observe(timeNanos: bigint): void {
    this.#raise(timeNanos - this.#options.delayNanos);
  }

  /** Takes in the wall clock. */
  tick(nowNanos: bigint): void {
    this.#raise(nowNanos - this.#options.idleNanos);
  }

  #raise(candidate: bigint): void {
    if (candidate > this.#value) this.#value = candidate;
  }
}
