/**
 * When the collecting batch is to be committed. A commit's price hardly depends on its size, so rows wait for one another:
 * an interval where somebody waits for their acknowledgement or only the store answers for them, four where the head
 * answers meanwhile. A request that waits for its answer gets its commit at once, or soon after the last one began.
 */

/** Samples whose publisher waits for no acknowledgement may wait longer: the head answers for them meanwhile. */
const UNAWAITED_INTERVALS = 4;
/** Least time from the beginning of a commit to that of one that a request asks for: with its own time, below 100 ms (PRF-18). */
const REQUEST_GAP_MS = 60;
/** The same, in times of what the last commit took: a slow store rests as long as it works. */
const REQUEST_GAP_COMMITS = 2;

interface Collecting {
  readonly isEmpty: boolean;
  readonly isAwaited: boolean;
}

/** All times are milliseconds of the pipeline's clock, which may be set back. */
export class CommitSchedule {
  readonly #intervalMs: number;
  #oldestPendingMs = Infinity;
  #committing: { readonly oldestMs: number } | undefined;
  #begunMs = -Infinity;
  #tookMs = 0;
  #isWanted = false;
  #isRequested = false;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** What collects now is to be committed as soon as the store is free. */
  want(): void {
    this.#isWanted = true;
  }

  /** A request waits for what collects now. */
  request(): void {
    this.#isRequested = true;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Looks whether a commit has become due; from then on it is wanted. */
  tick(nowMs: number, { isEmpty, isAwaited }: Collecting): void {
    if (!isEmpty) this.#oldestPendingMs = Math.min(this.#oldestPendingMs, nowMs);
    const waits = this.#intervalMs * (isAwaited ? 1 : UNAWAITED_INTERVALS);
    const sinceMs = nowMs - this.#begunMs;
    const gapMs = Math.min(this.#intervalMs, Math.max(REQUEST_GAP_MS, this.#tookMs * REQUEST_GAP_COMMITS));
    const isAnswerDue = this.#isRequested && !isEmpty && (sinceMs < 0 || sinceMs >= gapMs);
    if (isAnswerDue || nowMs - this.#oldestPendingMs >= waits) this.#isWanted = true;
  }

  /** A commit of what has collected begins. Returns what to call when it has ended. */
  begin(nowMs: number): (endMs: number) => void {
    // Rows that came since the last look have no stamp yet, and may be all there are.
    const commit = { oldestMs: Math.min(this.#oldestPendingMs, nowMs) };
    this.#committing = commit;
    this.#oldestPendingMs = Infinity;
    this.#begunMs = nowMs;
    this.#isWanted = false;
    this.#isRequested = false;
    return (endMs) => {
      this.#tookMs = endMs - nowMs;
      // The next may have begun before this one is told.
      if (this.#committing === commit) this.#committing = undefined;
    };
  }

  /** How long the oldest row, under way or not, waits to be durable. */
  behindMs(nowMs: number): number {
    return nowMs - Math.min(this.#oldestPendingMs, this.#committing?.oldestMs ?? Infinity, nowMs);
  }
}
