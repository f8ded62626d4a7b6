/**
 * Threads for queries that would stall the reading thread. A task goes to the first idle thread, else waits in order
 * (the line of queries bounds how many can wait). An abort raises the task's shared flag, which the evaluation looks at;
 * a thread that dies fails its task, and is replaced a bounded number of times.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Labels, QueryResult } from '@tapewatch/core';
import { LabelSender } from '../label-exchange.ts';
import { cumulativeReads } from './cumulative-reads.ts';
import type { EvaluationControl, EvaluationTask, Evaluator } from './evaluation-task.ts';
import { stopped } from './evaluation-task.ts';
import { buffersOfSelections, packSelection, type Packed } from './packed-selection.ts';
import { Pacer } from '../pacer.ts';
import { errorFrom, unpackResult, type PackedResult, type WorkerAnswer, type WorkerTask } from './worker-protocol.ts';

/** Threads started anew in the life of a pool; past it something is wrong with the machine, and tasks fail. */
const MAX_RESTARTS = 20;
const FILE = 'query-worker.cjs';

interface Job {
  /** All but the labels, of which each thread is told those that it does not know. */
  readonly task: Omit<WorkerTask, 'labels'>;
  readonly labels: readonly (readonly Labels[])[];
  readonly resolve: (result: PackedResult) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly sender: LabelSender;
  job: Job | undefined;
}

export interface WorkerPoolOptions {
  readonly path: string;
  readonly threads: number;
  readonly onFault?: (error: Error) => void;
}

export class WorkerPool implements Evaluator {
  readonly #options: WorkerPoolOptions;
  readonly #threads: Thread[] = [];
  readonly #waiting: Job[] = [];
  #nextId = 1;
  #restarts = 0;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async evaluate(task: EvaluationTask, { signal }: EvaluationControl): Promise<QueryResult> {
    const pacer = new Pacer();
    const packed: Packed[] = [];
    const cumulative = cumulativeReads(task.plan);
    for (const [i, selected] of task.data.entries()) {
      packed.push(await packSelection(selected, cumulative[i] === true, pacer));
    }
    if (signal.aborted) throw stopped();
    const { text, range, lookbackMs, subqueryStepMs } = task.plan;
    const { maxSamples } = task;
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const id = this.#nextId++;
    const data = packed.map(({ selection }) => selection);
    const message = { id, text, range, lookbackMs, subqueryStepMs, maxSamples, data, stop };
    const labels = packed.map((one) => one.labels);
    return unpackResult(await this.#run(message, labels, signal), () => pacer.pause());
  }

  async #run(task: Job['task'], labels: Job['labels'], signal: AbortSignal): Promise<PackedResult> {
    let halt: () => void = () => undefined;
    try {
      return await new Promise<PackedResult>((resolve, reject) => {
        const job: Job = { task, labels, resolve, reject };
        halt = () => {
          Atomics.store(task.stop, 0, 1);
          const at = this.#waiting.indexOf(job);
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          reject(stopped());
        };
        signal.addEventListener('abort', halt, { once: true });
        this.#waiting.push(job);
        this.#dispatch();
      });
    } finally {
      signal.removeEventListener('abort', halt);
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const job of this.#waiting.splice(0)) job.reject(stopped());
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const idle = this.#threads.find(({ job }) => job === undefined) ?? this.#start();
      if (idle === undefined) return;
      const job = this.#waiting.shift() as Job;
      idle.job = job;
      const labels = job.labels.map((one) => idle.sender.pack(one));
      const message: WorkerTask = { ...job.task, labels };
      idle.worker.postMessage(message, buffersOfSelections(message.data));
    }
  }

  /** Threads are started when they are first needed. */
  #start(): Thread | undefined {
    if (this.#closing || this.#threads.length >= this.#options.threads) return undefined;
    const worker = new Worker(this.#options.path, { name: 'tapewatch-query' });
    worker.unref();
    const thread: Thread = { worker, sender: new LabelSender(), job: undefined };
    worker.on('message', (answer: WorkerAnswer) => this.#settle(thread, answer));
    worker.on('error', (error) => this.#lose(thread, error));
    worker.on('exit', (code) => this.#lose(thread, new Error(`query thread ended with code ${code}`)));
    this.#threads.push(thread);
    return thread;
  }

  #settle(thread: Thread, answer: WorkerAnswer): void {
    const { job } = thread;
    thread.job = undefined;
    if ('error' in answer) job?.reject(errorFrom(answer.error));
    else job?.resolve(answer.result);
    this.#dispatch();
  }

  #lose(thread: Thread, error: Error): void {
    const at = this.#threads.indexOf(thread);
    if (at < 0) return;
    this.#threads.splice(at, 1);
    thread.job?.reject(error);
    thread.job = undefined;
    this.#options.onFault?.(error);
    if (++this.#restarts > MAX_RESTARTS) this.#closing = true;
    if (this.#closing) for (const job of this.#waiting.splice(0)) job.reject(error);
    this.#dispatch();
  }
}

/** Where the built entry lies: beside the running bundle, else in the checkout's `sidecar/dist`; undefined when it is not built. */
export function queryWorkerPath(from: string = __dirname): string | undefined {
  const beside = join(from, FILE);
  if (existsSync(beside)) return beside;
  for (let folder = from; ; folder = dirname(folder)) {
    const built = join(folder, 'sidecar', 'dist', FILE);
    if (existsSync(built)) return built;
    if (dirname(folder) === folder) return undefined;
  }
}
