/**
 * Notices when the process stood still (a long computation, SIGSTOP, a suspended machine): a timer that comes late tells for
 * how long. One comparison a second.
 */
const EVERY_MS = 1_000;
/** Shorter pauses lose nothing at any rate. */
const STALL_MIN_MS = 1_000;
/** A cut-off shows as soon as the process reads again; an older pause is no explanation. */
const RECENT_MS = 10_000;

export class StallWatch {
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastMs = 0;
  #stallMs = 0;
  #stalledAtMs = 0;

  start(): void {
    this.stop();
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Length of a pause that ended just now, in whole seconds; 0 when there was none. */
  recentSeconds(): number {
    this.#tick();
    const recent = this.#stallMs > 0 && this.#lastMs - this.#stalledAtMs < RECENT_MS;
    return recent ? Math.max(1, Math.round(this.#stallMs / 1_000)) : 0;
  }

  #tick(): void {
    const nowMs = performance.now();
    const lateMs = nowMs - this.#lastMs - EVERY_MS;
    this.#lastMs = nowMs;
    if (lateMs < STALL_MIN_MS) return;
    this.#stallMs = lateMs + EVERY_MS;
    this.#stalledAtMs = nowMs;
  }
}
