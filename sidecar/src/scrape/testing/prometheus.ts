/** A real Prometheus of the machine that scrapes by a given configuration, on a free port, ended by its process. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Folder } from './scrape-world.ts';

const START_LIMIT_MS = 20_000;
const POLL_MS = 50;

/** The version, undefined where it is not installed. */
export function installedPrometheus(): string | undefined {
  const { status, stdout, stderr } = spawnSync('prometheus', ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/version (\S+)/.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown') : undefined;
}

export interface InstantSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export class ScrapingPrometheus {
  readonly #process: ChildProcess;
  readonly #folder: Folder;
  readonly #url: string;

  private constructor(child: ChildProcess, folder: Folder, url: string) {
    this.#process = child;
    this.#folder = folder;
    this.#url = url;
  }

  static async start(config: string): Promise<ScrapingPrometheus> {
    const folder = new Folder();
    const file = folder.write('prometheus.yml', config);
    const port = await freePort();
    const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder.path, 'data')}`];
    const child = spawn('prometheus', [...flags, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
    // A binary that is not there ends the wait for it.
    child.once('error', () => undefined);
    const server = new ScrapingPrometheus(child, folder, `http://127.0.0.1:${port}`);
    const limit = Date.now() + START_LIMIT_MS;
    while (!(await server.#isReady())) {
      if (server.#hasEnded || Date.now() > limit) {
        await server.stop();
        throw new Error('Prometheus did not become ready');
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return server;
  }

  get #hasEnded(): boolean {
    const { pid, exitCode, signalCode } = this.#process;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  async query(expr: string): Promise<readonly InstantSample[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`);
    const { data } = (await response.json()) as { data: { result: InstantSample[] } };
    return data.result;
  }

  async targets(): Promise<{ readonly activeTargets: readonly { scrapeUrl: string; lastError: string }[] }> {
    const response = await fetch(`${this.#url}/api/v1/targets`);
    return ((await response.json()) as { data: Awaited<ReturnType<ScrapingPrometheus['targets']>> }).data;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (!this.#hasEnded) {
      this.#process.kill('SIGTERM');
      await ended;
    }
    this.#folder.remove();
  }

  async #isReady(): Promise<boolean> {
    return fetch(`${this.#url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
