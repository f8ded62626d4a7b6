/**
 * The processes of the demo, started in order of need and ended in the reverse: nats-server with JetStream, the sidecar
 * (started again when it dies), telemetry of the machine, the desk. All on loopback.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { DemoFolder } from './folder.ts';
import type { Ports } from './options.ts';
import { ManagedProcess, until, type ProcessSpec } from './process.ts';
import { SidecarClient } from './sidecar-answers.ts';

export interface StackOptions {
  readonly root: string;
  readonly folder: DemoFolder;
  readonly ports: Ports;
  /** A server that is there already; empty starts one. */
  readonly natsUrl: string;
  readonly say: (line: string) => void;
}

export interface DeskPlan {
  readonly seed: string;
  readonly rate: number;
  readonly incidents: string;
  readonly market: string | undefined;
  readonly natsUrl: string;
  readonly durationSeconds?: number;
  readonly probeAtSeconds?: number;
  readonly quiet: boolean;
}

const START_TIMEOUT_MS = 30_000;
/** Written where the demo's own receiver listens. */
const WEBHOOK_PATH = '/alerts';

export class Stack {
  readonly #options: StackOptions;
  readonly #processes: ManagedProcess[] = [];

  constructor(options: StackOptions) {
    this.#options = options;
  }

  get natsUrl(): string {
    return this.#options.natsUrl || `nats://127.0.0.1:${this.#options.ports.nats}`;
  }

  get client(): SidecarClient {
    return new SidecarClient(this.#options.ports.http);
  }

  async startNats(binary: string): Promise<ManagedProcess | undefined> {
    const { folder, ports, natsUrl } = this.#options;
    if (natsUrl !== '') return undefined;
    const address = ['-a', '127.0.0.1', '-p', String(ports.nats), '-m', String(ports.monitor)];
    const args = [...address, '-n', 'tapewatch-demo', '-js', '-sd', folder.natsData];
    const nats = this.#start({ name: 'nats-server', command: binary, args, logFile: folder.log('nats-server') });
    await this.#ready(nats, 'nats-server answers', () => accepts(ports.nats));
    return nats;
  }

  async startSidecar(): Promise<ManagedProcess> {
    const { root, folder, ports } = this.#options;
    this.#writeRoutes();
    const env = {
      TAPEWATCH_NATS_SERVERS: this.natsUrl,
      TAPEWATCH_HTTP_LISTEN: `127.0.0.1:${ports.http}`,
      TAPEWATCH_STORE_PATH: folder.store,
      TAPEWATCH_GRAFANA_LISTEN: `unix:${folder.socket}`,
      TAPEWATCH_ALERTING_ALERTMANAGER_FILE: folder.routes,
    };
    const args = ['serve', '--config', join(root, 'provisioning/tapewatch/tapewatch.yaml')];
    const sidecar = this.#start(this.#tapewatch('sidecar', args, { env, restart: true }));
    await this.#ready(sidecar, 'the sidecar is ready', async () => (await this.client.isReady()) || undefined);
    return sidecar;
  }

  /** The provisioned routes with the receiver's address of this run. */
  #writeRoutes(): void {
    const { root, folder, ports } = this.#options;
    const document: unknown = parse(readFileSync(join(root, 'provisioning/tapewatch/alertmanager.yaml'), 'utf8'));
    const { receivers } = document as { receivers: { webhook_configs?: { url: string }[] }[] };
    for (const webhook of receivers.flatMap((receiver) => receiver.webhook_configs ?? [])) {
      webhook.url = `http://127.0.0.1:${ports.webhook}${WEBHOOK_PATH}`;
    }
    writeFileSync(folder.routes, stringify(document));
  }

  startTelemetry(): ManagedProcess {
    const { ports, natsUrl } = this.#options;
    const monitor = natsUrl === '' ? ['--monitor', `http://127.0.0.1:${ports.monitor}`] : [];
    return this.#start(
      this.#tapewatch('telemetry', ['telemetry', '--platform', '--nats', this.natsUrl, ...monitor], { restart: true }),
    );
  }

  startDesk(plan: DeskPlan): ManagedProcess {
    const { folder } = this.#options;
    const args = [
      ...(plan.market === undefined ? ['simulate'] : ['replay', '--market', plan.market, '--loop']),
      ...['--nats', plan.natsUrl, '--seed', plan.seed, '--rate', String(plan.rate), '--incidents', plan.incidents],
      ...(plan.durationSeconds === undefined
        ? []
        : ['--duration', String(plan.durationSeconds), '--ledger', folder.ledger]),
      ...(plan.probeAtSeconds === undefined ? [] : ['--probe-at', String(plan.probeAtSeconds)]),
      ...(plan.quiet ? ['--quiet'] : []),
    ];
    return this.#start(this.#tapewatch('desk', args, { showErrors: true }));
  }

  startOther(spec: ProcessSpec): ManagedProcess {
    return this.#start(spec);
  }

  #tapewatch(name: string, args: readonly string[], extra: Partial<ProcessSpec>): ProcessSpec {
    const { root, folder } = this.#options;
    const main = join(root, 'sidecar/dist/main.cjs');
    return {
      name,
      command: process.execPath,
      args: ['--enable-source-maps', main, ...args],
      cwd: root,
      logFile: folder.log(name),
      ...extra,
    };
  }

  #start(spec: ProcessSpec): ManagedProcess {
    const managed = new ManagedProcess(spec, this.#options.say).start();
    this.#processes.push(managed);
    return managed;
  }

  async #ready(managed: ManagedProcess, what: string, ask: () => Promise<true | undefined>): Promise<void> {
    const died = managed.exited.then(async (code) => {
      throw new Error(`${managed.spec.name} ended with ${code} at its start:\n${await managed.logTail()}`);
    });
    const ready = until(ask, { what, timeoutMs: START_TIMEOUT_MS });
    // The loser's rejection must not count as unhandled.
    died.catch(() => undefined);
    ready.catch(() => undefined);
    await Promise.race([ready, died]);
  }

  /** Ends everything in the reverse order of its start; safe to call twice. */
  async stop(): Promise<void> {
    for (const managed of [...this.#processes].reverse()) await managed.stop();
  }
}

async function accepts(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (value: true | undefined): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(undefined));
  });
}
