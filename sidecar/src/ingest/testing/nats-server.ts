/**
 * A real nats-server for tests: free ports, JetStream in a temporary folder, ended by its process id. `restart` keeps the
 * port and the store. The binary is NATS_SERVER, else `nats-server` on the PATH.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface NatsServerOptions {
  /** Default: true. */
  readonly jetstream?: boolean;
  /** More of nats-server's own configuration, such as `authorization { ... }`. */
  readonly config?: string;
  /** Default: a free one. */
  readonly port?: number;
}

const START_TIMEOUT_MS = 10_000;

export class NatsServer {
  /** `nats://127.0.0.1:<port>` */
  url = '';
  /** `http://127.0.0.1:<port>`, with `/varz`. */
  monitorUrl = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'tapewatch-nats-'));
  readonly #options: NatsServerOptions;
  #child: ChildProcess | undefined;
  #log = '';
  readonly #killWithUs = (): void => void this.#child?.kill('SIGKILL');

  private constructor(options: NatsServerOptions) {
    this.#options = options;
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    process.on('exit', server.#killWithUs);
    try {
      await server.#launch(options.port ?? -1);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get log(): string {
    return this.#log;
  }

  /** Ends the server and keeps port and store for `resume`; `SIGKILL` for a crash. */
  async pause(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** Stops or continues the process as it is: its sockets stay open, nobody answers. */
  freeze(frozen: boolean): void {
    this.#child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  async resume(): Promise<void> {
    await this.#launch(this.port);
  }

  async restart(): Promise<void> {
    await this.pause();
    await this.resume();
  }

  async stop(): Promise<void> {
    await this.pause('SIGKILL');
    process.off('exit', this.#killWithUs);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #launch(port: number): Promise<void> {
    const configFile = join(this.#folder, 'nats.conf');
    const jetstream =
      this.#options.jetstream === false ? '' : `jetstream { store_dir: "${join(this.#folder, 'store')}" }`;
    writeFileSync(
      configFile,
      `host: 127.0.0.1\nport: ${port}\nhttp: "127.0.0.1:-1"\nports_file_dir: "${this.#folder}"\n${jetstream}\n${this.#options.config ?? ''}\n`,
    );
    const binary = process.env['NATS_SERVER'] ?? 'nats-server';
    const child = spawn(binary, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.#log = `${this.#log}${chunk.toString()}`.slice(-20_000)));
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(new Error(`${binary} did not start: ${error.message}`)));
      child.once('exit', (code) => reject(new Error(`${binary} ended with ${code}:\n${this.#log}`)));
    });
    // After a successful start nobody waits for this any more.
    failed.catch(() => undefined);
    const ports = await Promise.race([this.#readPorts(child.pid), failed]);
    this.url = ports.nats.replace('tls://', 'nats://');
    this.monitorUrl = ports.monitoring;
  }

  /** The server writes this file when it is ready. */
  async #readPorts(pid: number | undefined): Promise<{ nats: string; monitoring: string }> {
    const file = `_${pid}.ports`;
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const name = readdirSync(this.#folder).find((candidate) => candidate.endsWith(file));
      if (name !== undefined) {
        const text = readFileSync(join(this.#folder, name), 'utf8');
        if (text.trimEnd().endsWith('}')) {
          const ports = JSON.parse(text) as { nats: string[]; monitoring: string[] };
          return { nats: ports.nats[0] as string, monitoring: ports.monitoring[0] as string };
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`nats-server was not ready after ${START_TIMEOUT_MS} ms:\n${this.#log}`);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
