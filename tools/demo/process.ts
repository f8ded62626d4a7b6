/**
 * Child processes of the demo. Each runs in a process group of its own, so that Ctrl-C reaches the demo alone and it can
 * end the others in order; output goes to a log file, whose end is shown when something fails.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly logFile: string;
  /** Show its standard error on ours instead of the log (progress lines). */
  readonly showErrors?: boolean;
  /** Start again when it ends by itself, as compose and systemd do. */
  readonly restart?: boolean;
}

/** From SIGTERM to SIGKILL: the sidecar gives up by itself after 15 s, and says so. */
const GRACE_MS = 18_000;
const RESTART_PAUSE_MS = 250;

export class ManagedProcess {
  readonly spec: ProcessSpec;
  /** Times it was started again. */
  restarts = 0;
  #child: ChildProcess | undefined;
  #exited: Promise<number> = Promise.resolve(0);
  #stopping = false;
  readonly #say: (line: string) => void;

  constructor(spec: ProcessSpec, say: (line: string) => void) {
    this.spec = spec;
    this.#say = say;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves with the exit code of the process as it runs now; 128 + n after a signal, as in a shell. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): this {
    const { command, args, env, cwd, logFile, showErrors } = this.spec;
    const log = openSync(logFile, 'a');
    const child = spawn(command, [...args], {
      stdio: ['ignore', log, showErrors === true ? 'inherit' : log],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#say(`${this.spec.name}: ${error.message}`);
        resolve(127);
      });
      child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128 + constants.signals[signal])));
    });
    void this.#exited.then((code) => this.#onExit(code));
    return this;
  }

  async #onExit(code: number): Promise<void> {
    if (this.#stopping || this.spec.restart !== true) return;
    this.#say(`${this.spec.name} ended with ${code}; starting it again`);
    await pause(RESTART_PAUSE_MS);
    if (this.#stopping) return;
    this.restarts += 1;
    this.start();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopping = true;
    if (!this.running) return;
    this.kill(signal);
    const timer = setTimeout(() => this.kill('SIGKILL'), GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** The last lines it wrote. */
  async logTail(lines = 15): Promise<string> {
    const text = await readFile(this.spec.logFile, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }
}

/** Asks until the answer is not undefined; throws with `what` and the last error after `timeoutMs`. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  { what, timeoutMs, everyMs = 100 }: { readonly what: string; readonly timeoutMs: number; readonly everyMs?: number },
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let reason = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      reason = error instanceof Error ? `: ${error.message}` : '';
    }
    if (Date.now() >= deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms${reason}`);
    await pause(everyMs);
  }
}
