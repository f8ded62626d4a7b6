/**
 * Open buckets by start: where a sample belongs, and what is due. A bucket that was sealed already is opened anew for
 * late samples; what it yields then is an additive part of its own, marked as a revision.
 */

/** What is sealed: buckets in ascending order of start. */
export interface DueBucket<B> {
  readonly startSeconds: number;
  readonly bucket: B;
  readonly revised: boolean;
}

export class RollupBuckets<B> {
  readonly widthSeconds: number;
  readonly #create: () => B;
  readonly #open = new Map<number, B>();
  readonly #late = new Map<number, B>();
  #sealedUntil: number;
  #lastStart = NaN;
  #lastBucket: B | undefined;

  constructor(options: { widthSeconds: number; sealedUntilSeconds: number; create: () => B }) {
    this.widthSeconds = options.widthSeconds;
    this.#sealedUntil = Math.floor(options.sealedUntilSeconds / options.widthSeconds) * options.widthSeconds;
    this.#create = options.create;
  }

  /** Buckets that end at or before it have been sealed. */
  get sealedUntilSeconds(): number {
    return this.#sealedUntil;
  }

  /** Buckets in memory. */
  get size(): number {
    return this.#open.size + this.#late.size;
  }

  at(startSeconds: number): B {
    if (startSeconds === this.#lastStart && this.#lastBucket !== undefined) return this.#lastBucket;
    const buckets = startSeconds < this.#sealedUntil ? this.#late : this.#open;
    let bucket = buckets.get(startSeconds);
    if (bucket === undefined) buckets.set(startSeconds, (bucket = this.#create()));
    this.#lastStart = startSeconds;
    this.#lastBucket = bucket;
    return bucket;
  }

  /** Takes out the buckets that end at or before the stamp, and all late ones. */
  seal(untilSeconds: number): DueBucket<B>[] {
    const until = Math.floor(untilSeconds / this.widthSeconds) * this.widthSeconds;
    const due: DueBucket<B>[] = [];
    for (const [startSeconds, bucket] of this.#late) due.push({ startSeconds, bucket, revised: true });
    this.#late.clear();
    if (until > this.#sealedUntil) {
      this.#sealedUntil = until;
      for (const [startSeconds, bucket] of this.#open) {
        if (startSeconds >= until) continue;
        this.#open.delete(startSeconds);
        due.push({ startSeconds, bucket, revised: false });
      }
    }
    this.#lastBucket = undefined;
    return due.sort((a, b) => a.startSeconds - b.startSeconds);
  }
}
