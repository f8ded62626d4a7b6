/**
 * Runs queries of the HTTP API: at most so many at once, the next wait in order up to a bound, each with a deadline, and
 * called off when its client is gone.
 */
import type { FastifyRequest } from 'fastify';
import { TapewatchError } from '../errors.ts';
import type { HttpSettings } from './http-options.ts';

type Bounds = Pick<HttpSettings, 'maxConcurrentQueries' | 'maxWaitingQueries' | 'queryTimeoutMs'>;

export class QueryGate {
  readonly #bounds: Bounds;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** `timeoutMs`: what the client asks for; the configured bound holds in any case. */
  async run<T>(request: FastifyRequest, work: (signal: AbortSignal) => Promise<T>, timeoutMs = Infinity): Promise<T> {
    const limitMs = Math.max(1, Math.min(timeoutMs, this.#bounds.queryTimeoutMs));
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(tooSlow(limitMs)), limitMs);
    const gone = () => controller.abort(new TapewatchError('query.cancelled', 'the client closed the connection'));
    request.raw.socket?.once('close', gone);
    try {
      await this.#enter();
      try {
        controller.signal.throwIfAborted();
        return await Promise.race([work(controller.signal), rejectOnAbort(controller.signal)]);
      } finally {
        this.#leave();
      }
    } finally {
      clearTimeout(timer);
      request.raw.socket?.off('close', gone);
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#bounds.maxConcurrentQueries) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#bounds.maxWaitingQueries) {
      throw new TapewatchError(
        'query.timeout',
        `${this.#running} queries run and ${this.#waiting.length} wait already; ask again later or raise http.maxConcurrentQueries`,
      );
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** A place that becomes free passes to the next in line. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

function tooSlow(limitMs: number): TapewatchError {
  return new TapewatchError(
    'query.timeout',
    `the query took longer than ${limitMs} ms; narrow it or shorten its range`,
  );
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
