/** VictoriaMetrics, single node: line protocol over HTTP, 5,000 lines a request. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { Answers } from '../../test/fault/answers.ts';
import { freePorts } from '../../tools/demo/port.ts';
import { until } from '../../tools/demo/process.ts';
import type { Usage } from '../process-usage.ts';
import type { PeerData } from './data.ts';
import { sendAll } from './http-load.ts';
import { folderBytes, isInstalled, Program } from './program.ts';
import type { System } from './system.ts';

const BATCH = 5_000;
const BINARY = 'victoria-metrics';

export class VictoriaMetrics implements System {
  readonly name = 'victoria-metrics, line protocol';
  readonly #folder = mkdtempSync(join(tmpdir(), 'tapewatch-vm-'));
  readonly #data = join(this.#folder, 'data');
  #program: Program | undefined;
  api = '';

  missing(): string {
    return isInstalled(BINARY) ? '' : `${BINARY} is not installed (Debian: apt-get install victoria-metrics)`;
  }

  async start(): Promise<void> {
    const [port = 0] = await freePorts(1);
    this.api = `http://127.0.0.1:${port}`;
    const args = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${this.#data}`, '-retentionPeriod=1y'];
    // Else answers of the last half minute are kept back, repeats come from a cache, and metrics are named by field too.
    this.#program = new Program(
      BINARY,
      [...args, '-search.latencyOffset=0s', '-search.disableCache', '-influxSkipSingleField'],
      this.#data,
    );
    await this.#program.start(() => this.#isUp());
  }

  async #isUp(): Promise<true | undefined> {
    const { statusCode, body } = await request(`${this.api}/health`);
    await body.dump();
    return statusCode === 200 || undefined;
  }

  async load(data: PeerData): Promise<void> {
    await sendAll(this.api, '/write', bodies(data), 2);
    const all = async (): Promise<true | undefined> => (await this.count(data)) >= data.samples || undefined;
    await until(all, { what: 'every sample is counted', timeoutMs: 120_000, everyMs: 1_000 }).catch(() => undefined);
  }

  async count(data: PeerData): Promise<number> {
    await this.#flush();
    const { expr, atSeconds } = data.countQuery();
    return new Answers(this.api).scalar(expr, atSeconds);
  }

  async #flush(): Promise<void> {
    const { body } = await request(`${this.api}/internal/force_flush`);
    await body.dump();
  }

  usage(): Usage {
    return this.#demand().usage();
  }

  besideCpuSeconds(): number {
    return 0;
  }

  async bytesOnDisk(): Promise<number> {
    await this.restart();
    return folderBytes(this.#data);
  }

  async restart(): Promise<void> {
    await this.#demand().stop();
    await this.#demand().start(() => this.#isUp());
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #demand(): Program {
    if (this.#program === undefined) throw new Error(`${this.name} was not started`);
    return this.#program;
  }
}

function* bodies(data: PeerData): Generator<{ body: string; headers: Record<string, string> }> {
  for (const batch of data.batches(BATCH)) yield { body: data.lines(batch), headers: { 'content-type': 'text/plain' } };
}
