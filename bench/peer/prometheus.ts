/** Prometheus with its remote write receiver: 5,000 samples a request. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { Answers } from '../../test/fault/answers.ts';
import { freePorts } from '../../tools/demo/port.ts';
import type { Usage } from '../process-usage.ts';
import type { PeerData } from './data.ts';
import { sendAll } from './http-load.ts';
import { folderBytes, isInstalled, Program } from './program.ts';
import { REMOTE_WRITE_HEADERS, RemoteWriteEncoder } from './remote-write.ts';
import type { System } from './system.ts';

const BATCH = 5_000;

export class Prometheus implements System {
  readonly name = 'prometheus, remote write';
  readonly #folder = mkdtempSync(join(tmpdir(), 'tapewatch-prometheus-'));
  readonly #data = join(this.#folder, 'data');
  #program: Program | undefined;
  api = '';

  missing(): string {
    return isInstalled('prometheus') ? '' : 'prometheus is not installed (Debian: apt-get install prometheus)';
  }

  async start(): Promise<void> {
    const [port = 0] = await freePorts(1);
    this.api = `http://127.0.0.1:${port}`;
    const config = join(this.#folder, 'prometheus.yml');
    writeFileSync(config, 'global: {}\n');
    const args = [
      ...[`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver'],
      ...[`--storage.tsdb.path=${this.#data}`, '--storage.tsdb.retention.time=30d', '--log.level=warn'],
    ];
    this.#program = new Program('prometheus', args, this.#data);
    await this.#program.start(() => this.#isUp());
  }

  async #isUp(): Promise<true | undefined> {
    const { statusCode, body } = await request(`${this.api}/-/ready`);
    await body.dump();
    return statusCode === 200 || undefined;
  }

  async load(data: PeerData): Promise<void> {
    const encoder = new RemoteWriteEncoder(data);
    await sendAll(this.api, '/api/v1/write', bodies(data, encoder), 1);
  }

  async count(data: PeerData): Promise<number> {
    const { expr, atSeconds } = data.countQuery();
    return new Answers(this.api).scalar(expr, atSeconds);
  }

  usage(): Usage {
    return this.#demand().usage();
  }

  besideCpuSeconds(): number {
    return 0;
  }

  /** Blocks and the write-ahead log: what a day of data takes while Prometheus runs. */
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

function* bodies(
  data: PeerData,
  encoder: RemoteWriteEncoder,
): Generator<{ body: Uint8Array; headers: Record<string, string> }> {
  for (const batch of data.batches(BATCH)) yield { body: encoder.encode(batch), headers: REMOTE_WRITE_HEADERS };
}
