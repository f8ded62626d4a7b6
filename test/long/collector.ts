/**
 * Makes a Node process and its worker threads collect their garbage, through its inspector: what is resident right
 * afterwards is what the process holds, and grows where it leaks. V8 lets garbage of old buffers lie for some ten
 * minutes, so without this the memory of half an hour shows where in that cycle the hour began.
 */
import { request } from 'undici';
import WebSocket from 'ws';

const ANSWER_TIMEOUT_MS = 30_000;

/** In MB. */
export interface OwnMemory {
  /** Objects and buffers, without the code. A buffer that two threads share counts in both. */
  readonly ownMb: number;
  /** What V8 compiled, which it does anew for hours as it learns what the load is like. */
  readonly codeMb: number;
}

/** Of one thread. Bytecode and machine code with what belongs to them. */
const OWN = `(({ heapUsed, external }, { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode }) => ({
  ownMb: (heapUsed + external - code - bytecode) / 2 ** 20,
  codeMb: (code + bytecode) / 2 ** 20,
}))(process.memoryUsage(), process.getBuiltinModule('v8').getHeapCodeStatistics())`;

interface Message {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
  readonly method?: string;
  readonly params?: { readonly sessionId?: string; readonly message?: string };
}

export class Collector {
  readonly #socket: WebSocket;
  readonly #workers = new Set<string>();
  readonly #answered = new Map<number, (value: unknown) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString()) as Message));
  }

  /** To a process that was started with `--inspect=127.0.0.1:<port>`. */
  static async attach(port: number): Promise<Collector> {
    const { body } = await request(`http://127.0.0.1:${port}/json`);
    const [target] = (await body.json()) as { webSocketDebuggerUrl: string }[];
    if (target === undefined) throw new Error(`the inspector at port ${port} has nothing to attach to`);
    const socket = new WebSocket(target.webSocketDebuggerUrl, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const collector = new Collector(socket);
    await collector.#call('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return collector;
  }

  /** Of the process and of every worker thread; resolves when all have done so. */
  async collect(): Promise<void> {
    await this.#call('HeapProfiler.collectGarbage');
    await Promise.all(
      [...this.#workers].map((sessionId) => this.#callWorker(sessionId, 'HeapProfiler.collectGarbage')),
    );
  }

  /** Of all threads: exact after `collect`, whatever the allocator keeps. Not a number where a thread did not tell. */
  async own(): Promise<OwnMemory> {
    const evaluate = ['Runtime.evaluate', { expression: OWN, returnByValue: true }] as const;
    const asked = [...this.#workers].map((sessionId) => this.#callWorker(sessionId, ...evaluate));
    const answers = (await Promise.all([this.#call(...evaluate), ...asked])) as (OwnMemory | undefined)[];
    const sum = (of: keyof OwnMemory): number => answers.reduce((total, answer) => total + (answer?.[of] ?? NaN), 0);
    return { ownMb: sum('ownMb'), codeMb: sum('codeMb') };
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    return this.#ask((id) => this.#socket.send(JSON.stringify({ id, method, params })), method);
  }

  /** A worker's messages travel in those of the process; their numbers are of one sequence. */
  #callWorker(sessionId: string, method: string, params: object = {}): Promise<unknown> {
    return this.#ask((id) => {
      const wrapped = { sessionId, message: JSON.stringify({ id, method, params }) };
      const message = { id: ++this.#lastId, method: 'NodeWorker.sendMessageToWorker', params: wrapped };
      this.#socket.send(JSON.stringify(message));
    }, method);
  }

  async #ask(send: (id: number) => void, method: string): Promise<unknown> {
    const id = ++this.#lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<unknown>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${method} was not answered`)), ANSWER_TIMEOUT_MS);
        this.#answered.set(id, resolve);
        send(id);
      });
    } finally {
      clearTimeout(timer);
      this.#answered.delete(id);
    }
  }

  #take({ id, method, params, result }: Message): void {
    if (id !== undefined) this.#answered.get(id)?.(result?.result?.value);
    const { sessionId = '', message = '' } = params ?? {};
    if (method === 'NodeWorker.attachedToWorker') this.#workers.add(sessionId);
    if (method === 'NodeWorker.detachedFromWorker') this.#workers.delete(sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker') this.#take(JSON.parse(message) as Message);
  }
}
