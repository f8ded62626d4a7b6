/**
 * When the collecting batch is to be committed. A commit's price hardly depends on its size, so rows wait for one another:
 * an interval where somebody waits for their acknowledgement or only the store answers for them, four where the head
 * answers meanwhile. A request that waits for its answer gets its commit at once, or soon after the last one began.
 */

/** Samples whose publisher waits for no acknowledgement may wait longer: the head answers for them meanwhile. */
const UNAWAITED_INTERVALS = 4;
/** Least time from the beginning of a commit to that of one that a request asks for: with its own time, below 100 ms (PRF-18). */
const REQUEST_GAP_MS = 60;

interface Collecting {
  readonly isEmpty: boolean;
  readonly isAwaited: boolean;
}

/** All times are milliseconds of the pipeline's clock, which may be set back. */
export class CommitSchedule {
  readonly #intervalMs: number;
  #oldestPendingMs = Infinity;
  #committingMs = Infinity;
  #begunMs = -Infinity;
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
    const gapMs = Math.abs(nowMs - this.#begunMs);
    const isAnswerDue = this.#isRequested && gapMs >= Math.min(REQUEST_GAP_MS, this.#intervalMs);
    if (isAnswerDue || nowMs - this.#oldestPendingMs >= waits) this.#isWanted = true;
  }

  begin(nowMs: number): void {
    // Rows that came since the last look have no stamp yet, and may be all there are.
    this.#committingMs = Math.min(this.#oldestPendingMs, nowMs);
    this.#oldestPendingMs = Infinity;
    this.#begunMs = nowMs;
    this.#isWanted = false;
    this.#isRequested = false;
  }

  done(): void {
    this.#committingMs = Infinity;
  }

  /** How long the oldest row, under way or not, waits to be durable. */
  behindMs(nowMs: number): number {
    return nowMs - Math.min(this.#oldestPendingMs, this.#committingMs, nowMs);
  }
}
