/**
 * A fault on the path between the desk and NATS, for the negative controls: a TCP proxy that understands as much of the
 * client protocol as is needed (INFO/CONNECT pass, PUB and HPUB are seen whole). The desk's ledger does not know of it.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface PublishedMessage {
  readonly subject: string;
  readonly payload: Buffer;
}

/** The payload to pass on, changed or not; null drops the message. */
export type Tamper = (message: PublishedMessage) => Buffer | null;

/** Loses every n-th message that is not durable; a lost durable one would be noticed by its publisher and sent again. */
export function dropEvery(n: number): Tamper {
  let seen = 0;
  return ({ subject, payload }) => {
    if (subject.startsWith('tw.orders.') || subject.startsWith('tw.fills.')) return payload;
    seen += 1;
    return seen % n === 0 ? null : payload;
  };
}

/** Makes every answer of a venue look slower by a factor. */
export function stretchLatency(factor: number): Tamper {
  return ({ subject, payload }) => {
    if (!subject.startsWith('tw.orders.')) return payload;
    const step = JSON.parse(payload.toString('utf8')) as { event: string; time: string; sent_time: string };
    if (step.event !== 'ack' && step.event !== 'reject') return payload;
    const latency = Number(BigInt(step.time) - BigInt(step.sent_time));
    const time = String(BigInt(step.sent_time) + BigInt(Math.round(latency * factor)));
    return Buffer.from(JSON.stringify({ ...step, time }));
  };
}

export class NatsProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(upstreamPort: number, tamper: Tamper) {
    this.#server = createServer((client) => {
      const upstream = connect(upstreamPort, '127.0.0.1');
      const filter = new ClientFilter(tamper);
      client.on('data', (bytes: Buffer) => void upstream.write(filter.pass(bytes)));
      upstream.on('data', (bytes: Buffer) => void client.write(bytes));
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.end();
        });
      }
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const LINE_END = Buffer.from('\r\n');

/** Bytes from a client in, bytes for the server out; keeps an unfinished operation until its rest comes. */
export class ClientFilter {
  readonly #tamper: Tamper;
  #rest: Buffer = Buffer.alloc(0);

  constructor(tamper: Tamper) {
    this.#tamper = tamper;
  }

  pass(bytes: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const out: Buffer[] = [];
    for (;;) {
      const end = this.#rest.indexOf(LINE_END);
      if (end === -1) return Buffer.concat(out);
      const line = this.#rest.subarray(0, end).toString('latin1');
      const [operation = '', subject = '', ...rest] = line.split(' ');
      const publishes = operation === 'PUB' || operation === 'HPUB';
      const size = publishes ? Number(rest.at(-1)) : 0;
      const whole = end + 2 + (publishes ? size + 2 : 0);
      if (this.#rest.length < whole) return Buffer.concat(out);
      if (publishes)
        out.push(this.#publish({ operation, subject, rest }, this.#rest.subarray(end + 2, end + 2 + size)));
      else out.push(this.#rest.subarray(0, whole));
      this.#rest = this.#rest.subarray(whole);
    }
  }

  #publish({ operation, subject, rest }: { operation: string; subject: string; rest: string[] }, body: Buffer): Buffer {
    const headerSize = operation === 'HPUB' ? Number(rest.at(-2)) : 0;
    const payload = this.#tamper({ subject, payload: body.subarray(headerSize) });
    if (payload === null) return Buffer.alloc(0);
    const sizes = operation === 'HPUB' ? [headerSize, headerSize + payload.length] : [payload.length];
    const reply = rest.slice(0, rest.length - sizes.length);
    const line = [operation, subject, ...reply, ...sizes].join(' ');
    return Buffer.concat([Buffer.from(`${line}\r\n`, 'latin1'), body.subarray(0, headerSize), payload, LINE_END]);
  }
}
