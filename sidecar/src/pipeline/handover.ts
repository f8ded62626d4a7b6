/**
 * The moment in which memory lets a stretch of the past go. From then on the store answers for ranges that begin in it, and
 * memory has shown them samples that are not durable yet: who asks in that moment waits for the commit that holds them, so
 * that what a query has seen it sees again. Memory lets go only where a commit begins or nothing waits for one; so one commit
 * at most is waited for, by those queries only whose range begins in the stretch.
 */

/** With a disk that takes nothing, an answer without the newest samples is worth more than none. */
const LONGEST_WAIT_MS = 5_000;

/** What memory held and holds no more: stamps from `sinceMs` to before `untilMs`. */
export interface Forgotten {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class Handover {
  #forgotten: Forgotten = { sinceMs: Infinity, untilMs: -Infinity };
  #settled: Promise<void> | undefined;

  /** All that memory has shown of the stretch can be read from the store once `stored` resolves, or never if it rejects. */
  begin(forgotten: Forgotten, stored: Promise<unknown>): void {
    const settled = within(stored, LONGEST_WAIT_MS).then(() => {
      if (this.#settled === settled) this.#settled = undefined;
    });
    this.#forgotten = forgotten;
    this.#settled = settled;
  }

  /** What a read of the store from this stamp on has to wait for; undefined when it shows all that memory has shown. */
  settling(startMs: number): Promise<void> | undefined {
    const { sinceMs, untilMs } = this.#forgotten;
    return startMs >= sinceMs && startMs < untilMs ? this.#settled : undefined;
  }
}

function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });
}
