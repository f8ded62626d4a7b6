/**
 * A way to NATS that can be shut without being closed: while shut, bytes are kept back in both directions and new
 * connections hang, as when a firewall drops packets. Ends see no error, only silence.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Gate {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #shut = false;

  constructor(upstreamPort: number) {
    this.#server = createServer((client) => {
      const upstream = connect(upstreamPort, '127.0.0.1');
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(socket);
        if (this.#shut) socket.pause();
        socket.on('data', (bytes: Buffer) => void other.write(bytes));
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          // The other end must not hear of it before the way is open again.
          if (!this.#shut) other.destroy();
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

  shut(): void {
    this.#shut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What was held back is lost with its connection, as after a long partition. */
  open(): void {
    this.#shut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#shut = false;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
