/**
 * A small world to break: a real nats-server and the built sidecar as processes of their own, in a temporary folder and on
 * free ports. Everything about them is seen from outside: HTTP, NATS, signals, /proc. `TAPEWATCH_SIDECAR` names another
 * build than sidecar/dist/main.cjs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePorts } from '../../tools/demo/port.ts';
import { ManagedProcess, until } from '../../tools/demo/process.ts';
import { ensureBuiltSidecar } from '../acceptance/built-sidecar.ts';
import { Answers } from './answers.ts';
import { shippedEnvironment } from './shipped-environment.ts';

/** How long a start takes is measured elsewhere: a loaded machine may be slow. */
const START_TIMEOUT_MS = 120_000;

export interface WorldOptions {
  /** Laid over the defaults of `documentOf`, setting by setting at the top level. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Where the store's file goes; default: the world's folder. */
  readonly storePath?: string;
  /** Start the sidecar again when it ends by itself, as compose and systemd do. */
  readonly supervised?: boolean;
  /** Further settings of nats-server, as text of its configuration file. */
  readonly natsConfig?: string;
  /** Node flags for the sidecar, such as `--max-old-space-size=512`. */
  readonly nodeFlags?: readonly string[];
  /** The sidecar connects here instead of to the server itself (a proxy that breaks the way). */
  readonly sidecarNatsPort?: number;
  /** Longest wait for a process to answer; default 120 s. */
  readonly startTimeoutMs?: number;
}

/** Builds the sidecar when it is missing or older than its sources, unless another build is named. */
export function ensureSidecar(): void {
  if (process.env['TAPEWATCH_SIDECAR'] === undefined) ensureBuiltSidecar(process.cwd());
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'tapewatch-fault-'));
  readonly natsPort: number;
  readonly httpPort: number;
  /** Of the sidecar, beside this process's own: at first what is shipped. */
  readonly environment: Record<string, string> = shippedEnvironment();
  /** Laid over the configuration at each start, as `config` is. */
  readonly settings: Record<string, unknown> = {};
  readonly #options: WorldOptions;
  #nats: ManagedProcess | undefined;
  #sidecar: ManagedProcess | undefined;

  private constructor(options: WorldOptions, [natsPort = 0, httpPort = 0]: readonly number[]) {
    this.#options = options;
    this.natsPort = natsPort;
    this.httpPort = httpPort;
  }

  /** Both processes run and answer. */
  static async open(options: WorldOptions = {}): Promise<World> {
    const world = await World.prepare(options);
    try {
      await world.startNats();
      await world.startSidecar();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** Nothing runs yet. */
  static async prepare(options: WorldOptions = {}): Promise<World> {
    return new World(options, await freePorts(2));
  }

  get natsUrl(): string {
    return `nats://127.0.0.1:${this.natsPort}`;
  }

  get http(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get answers(): Answers {
    return new Answers(this.http);
  }

  get nats(): ManagedProcess {
    if (this.#nats === undefined) throw new Error('nats-server was not started');
    return this.#nats;
  }

  get sidecar(): ManagedProcess {
    if (this.#sidecar === undefined) throw new Error('the sidecar was not started');
    return this.#sidecar;
  }

  get storePath(): string {
    return this.#options.storePath ?? join(this.folder, 'store', 'tapewatch.duckdb');
  }

  /** A path in the world's folder, which goes with it. */
  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  get sidecarLog(): string {
    return join(this.folder, 'sidecar.log');
  }

  async startNats(): Promise<ManagedProcess> {
    const file = join(this.folder, 'nats.conf');
    writeFileSync(file, this.#options.natsConfig ?? '');
    const address = ['-a', '127.0.0.1', '-p', String(this.natsPort)];
    const args = [...address, '-c', file, '-js', '-sd', join(this.folder, 'jetstream')];
    const command = process.env['NATS_SERVER'] ?? 'nats-server';
    this.#nats = new ManagedProcess({ name: 'nats', command, args, logFile: join(this.folder, 'nats.log') }, noise);
    this.#nats.start();
    await this.#started(this.#nats, 'nats-server listens', () => accepts(this.natsPort));
    return this.#nats;
  }

  /** Resolves when `/readyz` says ok. */
  async startSidecar(): Promise<ManagedProcess> {
    const sidecar = this.spawnSidecar();
    await this.#started(sidecar, 'the sidecar is ready', () => this.answers.isReady());
    return sidecar;
  }

  /** Without waiting. */
  spawnSidecar(): ManagedProcess {
    const { nodeFlags = [], supervised = false } = this.#options;
    const file = join(this.folder, 'tapewatch.yaml');
    writeFileSync(file, JSON.stringify({ ...this.#document(), ...this.settings }));
    const main = resolve(process.env['TAPEWATCH_SIDECAR'] ?? 'sidecar/dist/main.cjs');
    const args = ['--enable-source-maps', ...nodeFlags, main, 'serve', '--config', file];
    this.#sidecar = new ManagedProcess(
      {
        ...{ name: 'sidecar', command: process.execPath, args, logFile: this.sidecarLog, restart: supervised },
        env: this.environment,
      },
      noise,
    );
    return this.#sidecar.start();
  }

  #document(): Record<string, unknown> {
    const { config = {}, sidecarNatsPort = this.natsPort } = this.#options;
    return {
      nats: { servers: [`nats://127.0.0.1:${sidecarNatsPort}`] },
      http: { listen: `127.0.0.1:${this.httpPort}`, rateLimit: { requests: 1_000_000 } },
      grafana: { listen: `unix:${join(this.folder, 'grafana.sock')}` },
      // Fixed ports that two worlds would fight for.
      monitoring: { prometheus_port: 0, websocket_port: 0 },
      log: { level: 'info' },
      ...config,
      store: { kind: 'duckdb', path: this.storePath, ...(config['store'] as object | undefined) },
    };
  }

  async #started(managed: ManagedProcess, what: string, ask: () => Promise<true | undefined>): Promise<void> {
    let gone = false;
    void managed.exited.then(() => (gone = true));
    const { startTimeoutMs: timeoutMs = START_TIMEOUT_MS } = this.#options;
    const ready = until(async () => gone || (await ask()), { what, timeoutMs }).catch(async (error: Error) => {
      throw new Error(`${error.message}; the last it wrote:\n${await managed.logTail()}`, { cause: error });
    });
    const died = managed.exited.then(async (code) => {
      throw new Error(`${managed.spec.name} ended with ${code} at its start:\n${await managed.logTail()}`);
    });
    // The loser's rejection must not count as unhandled.
    ready.catch(() => undefined);
    died.catch(() => undefined);
    await Promise.race([ready, died]);
  }

  async close(): Promise<void> {
    await this.#sidecar?.stop();
    await this.#nats?.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function noise(): void {
  // What a process says of its end is in its log; the tests ask for it.
}

async function accepts(port: number): Promise<true | undefined> {
  const { connect } = await import('node:net');
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (value: true | undefined): void => {
      socket.destroy();
      done(value);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(undefined));
  });
}
