/** One line on stderr that says how far a run is: rewritten in place on a terminal, every ten seconds elsewhere. */
import type { Ledger } from './ledger.ts';
import type { Publisher } from './publisher.ts';

export interface ProgressOptions {
  readonly quiet: boolean;
  readonly startedMs: number;
  readonly durationSeconds: number | undefined;
}

const TERMINAL_PERIOD_MS = 1_000;
const LOG_PERIOD_MS = 10_000;

export class Progress {
  readonly #options: ProgressOptions;
  readonly #terminal = process.stderr.isTTY === true;
  #nextMs: number;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#nextMs = options.startedMs + this.#periodMs;
  }

  get #periodMs(): number {
    return this.#terminal ? TERMINAL_PERIOD_MS : LOG_PERIOD_MS;
  }

  show(nowMs: number, { ledger, publisher }: { ledger: Ledger; publisher: Publisher }): void {
    if (this.#options.quiet || nowMs < this.#nextMs) return;
    this.#nextMs += this.#periodMs;
    const { startedMs, durationSeconds } = this.#options;
    const elapsed = Math.round((nowMs - startedMs) / 1000);
    const of = durationSeconds === undefined ? '' : ` of ${durationSeconds}`;
    const waiting = publisher.underWay > 0 ? `, ${publisher.underWay} awaiting JetStream` : '';
    const trouble = publisher.underWay > 500 && publisher.lastError !== '' ? ` (${publisher.lastError})` : '';
    const line = `desk: ${elapsed}${of} s, ${ledger.published} samples and events${waiting}${trouble}`;
    process.stderr.write(this.#terminal ? `\r\x1b[K${line}` : `${line}\n`);
  }

  end({ ledger, publisher }: { ledger: Ledger; publisher: Publisher }): void {
    if (this.#options.quiet) return;
    const given =
      publisher.unacknowledged === 0 ? '' : `, ${publisher.unacknowledged} never acknowledged: ${publisher.lastError}`;
    const start = this.#terminal ? '\r\x1b[K' : '';
    process.stderr.write(
      `${start}desk: ended, ${ledger.published} samples and events in ${ledger.messages} messages${given}\n`,
    );
  }
}
