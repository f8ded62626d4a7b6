/**
 * Starts and ends the processes that run users' SQL (`sandbox-process.ts`), one statement at a time in each. A process that
 * does not answer in time, or dies, costs its own statement only. The operating system bounds its memory (RLIMIT_DATA),
 * because the engine's own limit does not count every text that a function makes. Idle processes end.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TapewatchError } from '../../errors.ts';
import type { FromSandbox, RunAnswer, RunRequest, SandboxFault, ToSandbox } from './protocol.ts';

const FILE = 'sql-sandbox.cjs';
/** After an interrupt, until the process is ended. */
const GRACE_MS = 1_000;
const IDLE_MS = 60_000;
/** What Node itself needs beside the engine; measured 130 MiB of private memory, with room for an answer. */
const NODE_MB = 640;
const HEAP_MB = 256;

export interface SandboxOptions {
  /** Of `sql-sandbox.cjs`. */
  readonly path: string;
  readonly processes: number;
  readonly memoryMb: number;
}

interface Job {
  readonly message: ToSandbox;
  readonly resolve: (answer: FromSandbox) => void;
  readonly reject: (error: Error) => void;
}

interface Member {
  readonly child: ChildProcess;
  job: Job | undefined;
  idle: NodeJS.Timeout | undefined;
}

export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #members = new Set<Member>();
  readonly #waiting: Job[] = [];
  #nextId = 1;
  #isClosed = false;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  /** The tree of a text, as the engine's parser sees it. */
  async parse(sql: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#ask((id) => ({ kind: 'parse', id, sql }), signal);
    if (answer.kind !== 'parsed') throw new Error(`bug: the sandbox answered ${answer.kind} to parse`);
    return JSON.parse(answer.tree) as unknown;
  }

  async run(request: RunRequest, signal: AbortSignal): Promise<RunAnswer> {
    const answer = await this.#ask((id) => ({ kind: 'run', id, ...request }), signal);
    if (answer.kind !== 'answer') throw new Error(`bug: the sandbox answered ${answer.kind} to run`);
    return answer;
  }

  /** What runs or waits is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const jobs = [...this.#waiting.splice(0), ...[...this.#members].flatMap(({ job }) => job ?? [])];
    for (const { reject } of jobs) reject(closing());
    const ends = [...this.#members].map((member) => this.#end(member));
    await Promise.all(ends);
  }

  async #ask(messageOf: (id: number) => ToSandbox, signal: AbortSignal): Promise<FromSandbox> {
    signal.throwIfAborted();
    if (this.#isClosed) throw closing();
    const message = messageOf(this.#nextId++);
    let halt: () => void = () => undefined;
    try {
      return await new Promise<FromSandbox>((resolve, reject) => {
        const job: Job = { message, resolve, reject };
        halt = () => this.#halt(job);
        signal.addEventListener('abort', halt, { once: true });
        this.#waiting.push(job);
        this.#dispatch();
      });
    } finally {
      signal.removeEventListener('abort', halt);
    }
  }

  /** Rejects at once; the process gets a moment to stop by itself. */
  #halt(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    const member = [...this.#members].find((one) => one.job === job);
    if (member !== undefined) {
      this.#send(member, { kind: 'cancel', id: job.message.id });
      setTimeout(() => {
        if (member.job === job) void this.#end(member);
      }, GRACE_MS).unref();
    }
    job.reject(new SandboxError('cancelled', 'the statement was cancelled'));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const idle = [...this.#members].find(({ job }) => job === undefined);
      const member = idle ?? (this.#members.size < this.#options.processes ? this.#start() : undefined);
      if (member === undefined) return;
      clearTimeout(member.idle);
      member.job = this.#waiting.shift() as Job;
      this.#send(member, member.job.message);
    }
  }

  #send({ child }: Member, message: ToSandbox): void {
    // One that has just died rejects its job by its end.
    if (child.connected) child.send(message, () => undefined);
  }

  #start(): Member {
    const { path, memoryMb } = this.#options;
    const limit = (memoryMb * 2 + NODE_MB) * 1_024;
    const node = [process.execPath, `--max-old-space-size=${HEAP_MB}`, path];
    // The environment may hold secrets; nothing there needs one.
    const child = spawn('/bin/sh', ['-c', `ulimit -c 0; ulimit -d ${limit} 2>/dev/null; exec "$@"`, 'sh', ...node], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      env: {},
    });
    const member: Member = { child, job: undefined, idle: undefined };
    this.#members.add(member);
    child.on('message', (answer: FromSandbox) => this.#answered(member, answer));
    child.on('error', ({ message }) => this.#ended(member, `could not be started (${message})`));
    child.on('exit', (code, name) => this.#ended(member, `ended with ${name ?? `code ${code}`}`));
    return member;
  }

  #answered(member: Member, answer: FromSandbox): void {
    const { job } = member;
    if (job === undefined || job.message.id !== answer.id) return;
    member.job = undefined;
    if (answer.kind === 'fault') job.reject(new SandboxError(answer.fault, answer.message));
    else job.resolve(answer);
    member.idle = setTimeout(() => void this.#end(member), IDLE_MS).unref();
    this.#dispatch();
  }

  #ended(member: Member, how: string): void {
    this.#members.delete(member);
    clearTimeout(member.idle);
    member.job?.reject(new SandboxError('ended', how));
    member.job = undefined;
    this.#dispatch();
  }

  #end(member: Member): Promise<void> {
    const { child } = member;
    this.#members.delete(member);
    clearTimeout(member.idle);
    return new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }
}

function closing(): TapewatchError {
  return new TapewatchError('query.cancelled', 'the sidecar is closing');
}

export class SandboxError extends Error {
  readonly fault: SandboxFault;

  constructor(fault: SandboxFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Beside the running bundle, else in the checkout's `sidecar/dist`; undefined while it is not built. */
export function sandboxPath(from: string = __dirname): string | undefined {
  const beside = join(from, FILE);
  if (existsSync(beside)) return beside;
  for (let folder = from; ; folder = dirname(folder)) {
    const built = join(folder, 'sidecar', 'dist', FILE);
    if (existsSync(built)) return built;
    if (dirname(folder) === folder) return undefined;
  }
}
