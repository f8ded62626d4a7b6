/**
 * The receiving end of the demo's notifications: a small HTTP server on loopback that keeps the last deliveries with
 * their time of arrival and shows them on a page. `muted` makes it deaf: every delivery is refused (a negative control).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** The parts of Alertmanager's webhook format that are used here. */
const delivery = z.object({
  status: z.string(),
  receiver: z.string().default(''),
  alerts: z.array(
    z.object({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

export interface ReceivedAlert {
  /** Milliseconds since 1970, when the request's head came in. */
  readonly receivedMs: number;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const KEPT_ALERTS = 200;
const MAX_BODY_BYTES = 1 << 20;

export class WebhookReceiver {
  readonly #server: Server;
  readonly #muted: boolean;
  readonly #onAlert: (alert: ReceivedAlert) => void;
  #alerts: readonly ReceivedAlert[] = [];

  constructor(options: { readonly muted?: boolean; readonly onAlert?: (alert: ReceivedAlert) => void } = {}) {
    this.#muted = options.muted ?? false;
    this.#onAlert = options.onAlert ?? (() => undefined);
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Newest last. */
  get alerts(): readonly ReceivedAlert[] {
    return this.#alerts;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedMs = Date.now();
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(this.#alerts));
      return;
    }
    const body = await readBody(request);
    const parsed = delivery.safeParse(body);
    if (this.#muted || !parsed.success) {
      response.writeHead(this.#muted ? 503 : 400).end();
      return;
    }
    const received = parsed.data.alerts.map((alert) => ({ ...alert, receivedMs }));
    this.#alerts = [...this.#alerts, ...received].slice(-KEPT_ALERTS);
    received.forEach(this.#onAlert);
    response.writeHead(200).end();
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}

function page(alerts: readonly ReceivedAlert[]): string {
  const rows = [...alerts].reverse().map(({ receivedMs, status, labels, annotations }) => {
    const { alertname = '', ...rest } = labels;
    const cells = [
      new Date(receivedMs).toISOString(),
      status,
      alertname,
      Object.entries(rest)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
      annotations['summary'] ?? '',
    ];
    return `<tr>${cells.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`;
  });
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Tapewatch demo: webhook</title>
<style>body{font:14px system-ui;margin:2em}td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ccc}</style>
<h1>Notifications received</h1><table><tr><th>received<th>status<th>alert<th>labels<th>summary</tr>${rows.join('')}</table>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
