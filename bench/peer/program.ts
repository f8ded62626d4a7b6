/** A server under comparison as a child process: started, asked until it answers, measured, ended. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../tools/demo/process.ts';
import { usageOf, type Usage } from '../process-usage.ts';

const START_TIMEOUT_MS = 60_000;

export class Program {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | undefined;
  /** Of processes that have ended. */
  #before: Usage = { cpuSeconds: 0, peakRssMb: 0 };

  constructor(command: string, args: readonly string[], folder: string) {
    this.#command = command;
    this.#args = args;
    this.#folder = folder;
  }

  async start(answers: () => Promise<true | undefined>): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    const log = openSync(join(this.#folder, '..', `${this.#command.split('/').at(-1)}.log`), 'a');
    this.#child = spawn(this.#command, [...this.#args], { stdio: ['ignore', log, log] });
    await until(answers, { what: `${this.#command} answers`, timeoutMs: START_TIMEOUT_MS });
  }

  usage(): Usage {
    const { pid, exitCode, signalCode } = this.#child ?? {};
    if (pid === undefined || exitCode !== null || signalCode !== null) return this.#before;
    const now = usageOf(pid);
    return {
      cpuSeconds: this.#before.cpuSeconds + now.cpuSeconds,
      peakRssMb: Math.max(this.#before.peakRssMb, now.peakRssMb),
    };
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#before = this.usage();
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }
}

export function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', command]).status === 0;
}

/** Bytes that the files of a folder take as allocated, which counts sparse files (an empty log) as what they are. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).blocks * 512, 0);
}
