/**
 * Pushes what the exposition port shows, our own metrics and the latest value of each collected series, to time-series
 * databases by remote write: for those that scrape nobody, or cannot reach us. One push is one moment, as a scrape is. What
 * cannot be sent is tried again within the push and then dropped and counted: the next push brings newer values, so
 * nothing waits and nothing grows.
 */
import type { Clock, Logger, StoreReader, Telemetry } from '../../ports.ts';
import { pause } from '../../pause.ts';
import { collectedFamilies, type MetricHead } from '../exposition/collected.ts';
import { mergeFamilies, type ExposedSample, type MetricFamily } from '../exposition/family.ts';
import type { ForwardOptions } from './forward-options.ts';
import { remoteWriteBody } from './remote-write-body.ts';

const BACKOFF_MS = 250;
const MAX_TOLD = 300;

export interface ForwardDeps {
  readonly reader: Pick<StoreReader, 'select'>;
  readonly catalogue: { metrics(): readonly MetricHead[] };
  readonly own: () => Promise<readonly MetricFamily[]>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'forwarded' | 'level'>;
  readonly userAgent: string;
}

type Target = ForwardOptions['remoteWrite'][number];

export class Forwarder {
  readonly #deps: ForwardDeps;
  readonly #options: ForwardOptions;
  readonly #closing = new AbortController();
  /** By the address of the target: the last refusal that was told. */
  readonly #told = new Map<string, string>();
  #leftOut = 0;

  constructor(deps: ForwardDeps, options: ForwardOptions) {
    this.#deps = deps;
    this.#options = options;
    deps.telemetry.level(
      'forward_series_left_out',
      'Collected samples that the last push left out.',
      () => this.#leftOut,
    );
  }

  /** One push to every target, side by side. Never rejects because of a target. */
  async run(): Promise<void> {
    const { reader, catalogue, own, clock } = this.#deps;
    const timeMs = Number(clock.now() / 1_000_000n);
    const { maxSeries } = this.#options;
    const collected = await collectedFamilies(reader, catalogue.metrics(), { nowMs: timeMs, maxSeries });
    this.#leftOut = collected.leftOut;
    const families = mergeFamilies([...(await own()), ...collected.families]);
    const samples = families.flatMap((family) => family.samples);
    await Promise.all(this.#options.remoteWrite.map((target) => this.#push(target, samples, timeMs)));
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closing.abort();
  }

  async #push(target: Target, samples: readonly ExposedSample[], timeMs: number): Promise<void> {
    const { maxSamplesPerRequest: size } = this.#options;
    const name = new URL(target.url).host;
    for (let from = 0; from < samples.length; from += size) {
      if (this.#closing.signal.aborted) return;
      const part = samples.slice(from, from + size);
      const problem = await this.#send(target, remoteWriteBody(part, { timeMs, labels: target.labels }));
      this.#deps.telemetry.forwarded?.(name, problem === undefined ? 'sent' : 'dropped', part.length);
      this.#tell(name, problem);
    }
  }

  /** What is wrong, after the last attempt. */
  async #send(target: Target, body: Uint8Array): Promise<string | undefined> {
    const { maxAttempts } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const { problem, retryable } = await this.#attempt(target, body);
      if (problem === undefined || !retryable || attempt >= maxAttempts || this.#closing.signal.aborted) return problem;
      await pause(BACKOFF_MS * 2 ** (attempt - 1), this.#closing.signal);
    }
  }

  async #attempt(
    { url, bearerToken }: Target,
    body: Uint8Array,
  ): Promise<{ readonly problem: string | undefined; readonly retryable: boolean }> {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'user-agent': this.#deps.userAgent,
      'x-prometheus-remote-write-version': '0.1.0',
      ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
    };
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#options.timeoutMs)]);
    try {
      const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
      const text = (await answer.text()).slice(0, MAX_TOLD).trim();
      if (answer.ok) return { problem: undefined, retryable: false };
      // As the specification has it: what the receiver calls our fault stays one.
      const retryable = answer.status >= 500 || answer.status === 429;
      return { problem: `HTTP ${answer.status}${text === '' ? '' : `: ${text}`}`, retryable };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { problem: cause instanceof Error ? cause.message || cause.name : String(cause), retryable: true };
    }
  }

  /** A refusal is told once, and its end too. */
  #tell(name: string, problem: string | undefined): void {
    if (this.#told.get(name) === problem || this.#closing.signal.aborted) return;
    if (problem === undefined) {
      this.#told.delete(name);
      this.#deps.log.info({ target: name }, 'The time-series database takes samples again.');
    } else {
      this.#told.set(name, problem);
      this.#deps.log.warn(
        { target: name, problem },
        'Samples could not be pushed and were dropped; newer ones follow.',
      );
    }
  }
}
