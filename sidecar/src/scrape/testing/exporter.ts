/** A target on loopback: an HTTP(S) server whose answer a test decides, and which remembers what it was asked. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

export class Exporter {
  readonly requests: IncomingMessage[] = [];
  readonly #server: ReturnType<typeof createServer>;
  answer: Answer;

  private constructor(answer: Answer, tls?: ServerOptions) {
    this.answer = answer;
    const listener: RequestListener = (request, response) => {
      this.requests.push(request);
      this.answer(request, response);
    };
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  }

  static async start(answer: Answer | string, tls?: ServerOptions): Promise<Exporter> {
    const exporter = new Exporter(typeof answer === 'string' ? page(answer) : answer, tls);
    await new Promise<void>((resolve) => exporter.#server.listen(0, '127.0.0.1', resolve));
    return exporter;
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

export function page(text: string, contentType: string = TEXT): Answer {
  return (_request, response) => response.writeHead(200, { 'content-type': contentType }).end(text);
}
