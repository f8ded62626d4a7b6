/** A query of an HTTP client: its turn in the common line, a deadline, and called off when its client is gone. */
import type { FastifyRequest } from 'fastify';
import { TapewatchError } from '../errors.ts';
import type { QueryLine } from '../ports.ts';

export class QueryGate {
  readonly #line: QueryLine;
  readonly #timeoutMs: number;

  constructor(line: QueryLine, timeoutMs: number) {
    this.#line = line;
    this.#timeoutMs = timeoutMs;
  }

  /** For work that does not stand in the line by itself. */
  read<T>(request: FastifyRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.run(request, (signal) => this.#line.run(() => work(signal), signal));
  }

  /** `timeoutMs`: what the client asks for; the configured bound holds in any case. */
  async run<T>(request: FastifyRequest, work: (signal: AbortSignal) => Promise<T>, timeoutMs = Infinity): Promise<T> {
    const limitMs = Math.max(1, Math.min(timeoutMs, this.#timeoutMs));
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(tooSlow(limitMs)), limitMs);
    const gone = () => controller.abort(new TapewatchError('query.cancelled', 'the client closed the connection'));
    request.raw.socket?.once('close', gone);
    try {
      return await Promise.race([work(controller.signal), rejectOnAbort(controller.signal)]);
    } finally {
      clearTimeout(timer);
      request.raw.socket?.off('close', gone);
    }
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
