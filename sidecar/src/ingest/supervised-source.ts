/**
 * A source that outlives its refusals: when the broker rejects it (JetStream off, no right, another consumer of that
 * name), the reason and the remedy stand in the log and in the status, and a fresh attempt follows, so that mending the
 * broker is enough. The rest of the sidecar goes on meanwhile, not ready. Attempts come up to `RETRY_MAX_MS` apart.
 */
import type { Envelope, Source, SourceStatus } from '../ports.ts';
import { pause } from '../pause.ts';
import { type Report } from './nats-link.ts';

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 15_000;

export interface SupervisedSourceOptions {
  /** A source that was never opened; one that failed is not opened again. */
  readonly create: () => Source;
  readonly report: Report;
  /** False: the first failure is thrown. */
  readonly retry: boolean;
  readonly firstRetryMs?: number;
}

export class SupervisedSource implements Source {
  readonly #options: SupervisedSourceOptions;
  readonly #closing = new AbortController();
  #source: Source;
  #refusal = '';
  #isOpen = false;

  constructor(options: SupervisedSourceOptions) {
    this.#options = options;
    this.#source = options.create();
  }

  /** Resolves when subscribed, however many attempts that takes, or closed; rejects only when it may not retry. */
  async open(onEnvelope: (envelope: Envelope) => void): Promise<void> {
    const { create, report, retry, firstRetryMs = RETRY_FIRST_MS } = this.#options;
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        await this.#source.open(onEnvelope);
        this.#refusal = '';
        this.#isOpen = true;
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (!retry) throw error;
        this.#refuse(error, report);
        await this.#source.close();
        await pause(waitMs, this.#closing.signal);
        if (this.#closing.signal.aborted) return;
        this.#source = create();
      }
    }
  }

  /** A refusal is reported once, not with each attempt. */
  #refuse(error: unknown, report: Report): void {
    const refusal = error instanceof Error ? error.message : String(error);
    if (refusal === this.#refusal) return;
    this.#refusal = refusal;
    report('error', `${refusal}; it is tried again until it works`);
  }

  close(): Promise<void> {
    this.#closing.abort();
    return this.#source.close();
  }

  status(): SourceStatus {
    const status = this.#source.status();
    if (this.#refusal !== '') return { ...status, connected: false, detail: this.#refusal };
    // A broker that is reached is not enough: until its stream is there, what is published is kept by nobody.
    if (status.connected && !this.#isOpen) {
      return { ...status, connected: false, detail: `${status.detail}, not yet subscribed` };
    }
    return status;
  }
}
