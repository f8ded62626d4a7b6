/**
 * POSTs a notification. One attempt: 2xx is sent; 408, 429, 5xx, a timeout and a broken connection are worth another
 * try; any other answer, a redirect too, is final. Redirects are not followed.
 */
import { Agent, request } from 'undici';
import type { Channel, Notification, Receipt } from '../ports.ts';
import { AddressGuard, AddressRefused } from './address-guard.ts';
import type { ChannelOptions } from './channel-options.ts';

/** Of the answer; the rest is not read. */
const MAX_ANSWER_BYTES = 16_384;
const IDEMPOTENCY_HEADER = 'X-Tapewatch-Idempotency-Key';

export interface WebhookTarget {
  readonly kind: string;
  readonly url: string;
  /** Value of the `Authorization` header. */
  readonly authorization?: string;
  /** What is posted, as JSON. */
  readonly body: (notification: Notification) => object;
}

/** Shared by all webhooks: its pool of connections goes through the guard. */
export class WebhookClient {
  readonly #guard: AddressGuard;
  readonly #agent: Agent;
  readonly timeoutMs: number;

  constructor({ allowPrivate, timeoutMs, maxConnectionsPerHost }: ChannelOptions) {
    this.timeoutMs = timeoutMs;
    this.#guard = new AddressGuard(allowPrivate);
    this.#agent = new Agent({
      connections: maxConnectionsPerHost,
      connect: { lookup: this.#guard.lookup, timeout: timeoutMs },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  async post(
    url: string,
    { headers, body, signal }: { headers: Record<string, string>; body: string; signal: AbortSignal },
  ) {
    this.#guard.checkHost(new URL(url).hostname);
    return request(url, { method: 'POST', headers, body, signal, dispatcher: this.#agent });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

export class WebhookChannel implements Channel {
  readonly kind: string;
  readonly #client: WebhookClient;
  readonly #target: WebhookTarget;

  constructor(client: WebhookClient, target: WebhookTarget) {
    this.kind = target.kind;
    this.#client = client;
    this.#target = target;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const { url, authorization } = this.#target;
    const body = JSON.stringify(this.#target.body(notification));
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Tapewatch',
      [IDEMPOTENCY_HEADER]: notification.idempotencyKey,
      ...(authorization === undefined ? {} : { authorization }),
    };
    const timeout = AbortSignal.timeout(this.#client.timeoutMs);
    try {
      const answer = await this.#client.post(url, { headers, body, signal: AbortSignal.any([signal, timeout]) });
      // The status decides; a slow or endless body must not.
      void answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => undefined);
      return receiptOf(answer.statusCode, answer.headers['retry-after']);
    } catch (error) {
      if (timeout.aborted)
        return { sent: false, retryable: true, detail: `no answer within ${this.#client.timeoutMs} ms` };
      return { sent: false, retryable: !isRefused(error), detail: reasonOf(error) };
    }
  }
}

function receiptOf(status: number, retryAfter: string | string[] | undefined): Receipt {
  const detail = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { sent: true, detail };
  if (status >= 300 && status < 400)
    return { sent: false, retryable: false, detail: `${detail}; redirects are not followed` };
  const retryable = status === 408 || status === 429 || status >= 500;
  const retryAfterMs = retryable ? parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined) : undefined;
  return { sent: false, retryable, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function isRefused(error: unknown): boolean {
  return error instanceof AddressRefused || (error instanceof Error && error.cause instanceof AddressRefused);
}

/** Without the address: a webhook's path may be its secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return isRefused(error)
    ? error.cause instanceof Error
      ? error.cause.message
      : error.message
    : `${code ?? error.name}`;
}
