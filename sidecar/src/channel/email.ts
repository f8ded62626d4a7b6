/**
 * Mail by SMTP: a text and an HTML part. The Message-ID is made of the idempotency key, so that a repetition after a
 * broken connection is one mail to whoever drops repeats. A permanent refusal (5xx, bad login) is final; what may pass
 * (4xx, no connection, no answer in time) is worth another try.
 */
import { createTransport, type Transporter } from 'nodemailer';
import type { Channel, Notification, Receipt } from '../ports.ts';
import { colorOf, textOf, type AlertText } from './message-text.ts';

export interface MailTarget {
  readonly host: string;
  readonly port: number;
  readonly requireTls: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly timeoutMs: number;
}

const IMPLICIT_TLS_PORT = 465;
const FINAL_CODES = new Set(['EAUTH', 'EENVELOPE', 'EMESSAGE', 'ETLS']);

export class EmailChannel implements Channel {
  readonly kind = 'email';
  readonly #target: MailTarget;
  readonly #transport: Transporter;

  constructor(target: MailTarget) {
    const { host, port, requireTls, user, password, timeoutMs } = target;
    this.#target = target;
    this.#transport = createTransport({
      host,
      port,
      secure: port === IMPLICIT_TLS_PORT,
      requireTLS: requireTls && port !== IMPLICIT_TLS_PORT,
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    });
  }

  async send(notification: Notification, signal: AbortSignal): Promise<Receipt> {
    const { from, to, timeoutMs } = this.#target;
    const text = textOf(notification);
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const mail = {
      from,
      to: [...to],
      subject: text.headline,
      messageId: `<${notification.idempotencyKey}@tapewatch>`,
      headers: { 'X-Tapewatch-Idempotency-Key': notification.idempotencyKey, 'Auto-Submitted': 'auto-generated' },
      text: [text.headline, ...text.alerts.map(plain), more(text.more)].filter((part) => part !== '').join('\n\n'),
      html: page(text.headline, colorOf(text), [...text.alerts.map(block), `<p>${more(text.more)}</p>`].join('')),
    };
    try {
      const answer = (await orAborted(this.#transport.sendMail(mail), timeout)) as { response?: string };
      return { sent: true, detail: answer.response ?? 'accepted' };
    } catch (error) {
      if (timeout.aborted) return { sent: false, retryable: true, detail: `no answer within ${timeoutMs} ms` };
      return refused(error);
    }
  }

  close(): void {
    this.#transport.close();
  }
}

/** The library cannot be called off; its own timeouts end the connection. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(new Error('aborted'));
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    }),
  ]);
}

function refused(error: unknown): Receipt {
  const { code = '', responseCode, message } = error as Error & { code?: string; responseCode?: number };
  const isFinal = responseCode === undefined ? FINAL_CODES.has(code) : responseCode >= 500;
  const detail = responseCode === undefined ? `${code || message}` : `SMTP ${responseCode}`;
  return { sent: false, retryable: !isFinal, detail };
}

function more(count: number): string {
  return count === 0 ? '' : `and ${count} more`;
}

function plain({ title, summary, facts, startsAt }: AlertText): string {
  return [title, summary, ...facts.map(([name, value]) => `${name}: ${value}`), `since: ${startsAt}`].join('\n');
}

function block({ title, summary, facts, startsAt, severity, status }: AlertText): string {
  const rows = [...facts, ['since', startsAt] as const]
    .map(([name, value]) => `<tr><th align="left">${escaped(name)}</th><td>${escaped(value)}</td></tr>`)
    .join('');
  const color = colorOf({ severity, status });
  return `<h3 style="color:${color}">${escaped(title)}</h3><p>${escaped(summary)}</p><table>${rows}</table>`;
}

function page(headline: string, color: string, body: string): string {
  return `<!doctype html><html><body><h2 style="border-left:6px solid ${color};padding-left:8px">${escaped(headline)}</h2>${body}</body></html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
