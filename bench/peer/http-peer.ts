/** What peers have in common that are one program with an HTTP port: its folder, its life, its figures. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { Answers } from '../../test/fault/answers.ts';
import { freePorts } from '../../tools/demo/port.ts';
import type { Usage } from '../process-usage.ts';
import type { PeerData } from './data.ts';
import { folderBytes, isInstalled, Program } from './program.ts';
import type { System } from './system.ts';

/** Samples of one request. */
export const BATCH = 5_000;

/** Where a program may put what it has, and where it shall listen. */
export interface Place {
  readonly folder: string;
  readonly data: string;
  /** Host and port. */
  readonly address: string;
}

export abstract class HttpPeer implements System {
  abstract readonly name: string;
  /** Also the name of its Debian package. */
  protected abstract readonly command: string;
  /** Answers 200 once it is up. */
  protected abstract readonly readyPath: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tapewatch-peer-'));
  readonly #data = join(this.#folder, 'data');
  #program: Program | undefined;
  api = '';

  abstract load(data: PeerData): Promise<void>;

  protected abstract argumentsFor(place: Place): readonly string[];

  missing(): string {
    return isInstalled(this.command)
      ? ''
      : `${this.command} is not installed (Debian: apt-get install ${this.command})`;
  }

  async start(): Promise<void> {
    const [port = 0] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    this.api = `http://${address}`;
    const place = { folder: this.#folder, data: this.#data, address };
    this.#program = new Program(this.command, this.argumentsFor(place), this.#data);
    await this.#program.start(() => this.#isUp());
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

  /** Everything in its folder: what a day of data takes while it runs. */
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

  async #isUp(): Promise<true | undefined> {
    const { statusCode, body } = await request(`${this.api}${this.readyPath}`);
    await body.dump();
    return statusCode === 200 || undefined;
  }

  #demand(): Program {
    if (this.#program === undefined) throw new Error(`${this.name} was not started`);
    return this.#program;
  }
}
