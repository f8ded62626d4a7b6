/**
 * `npm run bench -- durable`: the way in alone. A real nats-server hands messages to our source, a null pipeline settles
 * them in rounds of 5 ms: messages a second and CPU a message of this process, for core NATS, JetStream acknowledged one by
 * one, and JetStream acknowledged by prefix; single samples of 120 bytes and batches of 100 (7.4 KB). The first quarter of
 * each run warms up. Another server than the one on PATH: NATS_SERVER.
 */
import { spawn } from 'node:child_process';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { SystemClock } from '../sidecar/src/clock.ts';
import { openSources } from '../sidecar/src/ingest/open-sources.ts';
import { natsOptions, streamOptions } from '../sidecar/src/ingest/options.ts';
import { NatsServer } from '../sidecar/src/ingest/testing/nats-server.ts';
import type { Envelope } from '../sidecar/src/ports.ts';
import { CHUNK, sampleMessage } from './core-publisher.ts';

const SETTLE_EVERY_MS = 5;
const STALL_TIMEOUT_MS = 20_000;

type Way = 'core' | 'explicit' | 'prefix';

export interface DurableResult {
  readonly way: Way;
  readonly bytes: number;
  readonly messagesPerSecond: number;
  readonly samplesPerSecond: number;
  readonly cpuMicrosPerMessage: number;
  readonly repeated: number;
}

const SIZES = [
  { bytes: 120, samples: 1, count: 400_000 },
  { bytes: 7_400, samples: 100, count: 40_000 },
] as const;

export async function benchDurable(): Promise<DurableResult[]> {
  const results: DurableResult[] = [];
  const server = await NatsServer.start();
  const connection = await connect({ servers: server.url });
  try {
    for (const size of SIZES) {
      for (const way of ['core', 'explicit', 'prefix'] as const) {
        console.error(`${way}, ${size.bytes} bytes ...`);
        results.push(await measure(server, connection, way, size));
      }
      await (await jetstreamManager(connection)).streams.delete(streamName(size));
    }
  } finally {
    await connection.close();
    await server.stop();
  }
  return results;
}

function streamName({ bytes }: { readonly bytes: number }): string {
  return `BENCH${bytes}`;
}

async function measure(
  server: NatsServer,
  connection: NatsConnection,
  way: Way,
  { bytes, samples, count }: (typeof SIZES)[number],
): Promise<DurableResult> {
  const subject = `bench.${bytes}`;
  if (way !== 'core') await fill(connection, streamName({ bytes }), { subject, bytes, count });
  const stream = streamOptions.parse({
    name: way,
    subject,
    delivery: way === 'core' ? 'core' : 'jetstream',
    ...(way === 'core'
      ? {}
      : {
          jetstream: {
            stream: streamName({ bytes }),
            acknowledge: way === 'explicit' ? 'explicit' : 'auto',
            ackWait: '30s',
          },
        }),
  });
  const { sources } = openSources({
    nats: natsOptions.parse({ servers: [server.url] }),
    streams: [stream],
    clock: new SystemClock(),
    report: (level, message) => level !== 'info' && console.error(message),
  });
  const sink = new NullPipeline(count, () => connection.publish('bench.credit'));
  await sources[0]?.open(sink.take);
  const publisher = way === 'core' ? startPublisher(server.url, { subject, bytes, count }) : undefined;
  const timer = setInterval(sink.settle, SETTLE_EVERY_MS);
  const { seconds, cpuMicros, messages } = await sink.measured();
  clearInterval(timer);
  sink.settle?.();
  publisher?.kill();
  for (const source of sources) await source.close();
  return {
    way,
    bytes,
    messagesPerSecond: Math.round(messages / seconds),
    samplesPerSecond: Math.round((messages * samples) / seconds),
    cpuMicrosPerMessage: Number((cpuMicros / messages).toFixed(2)),
    repeated: sink.repeated,
  };
}

/** Takes messages, settles them in rounds, and measures the last three quarters. */
class NullPipeline {
  readonly #count: number;
  readonly #onChunk: () => void;
  #waiting: Envelope[] = [];
  #taken = 0;
  #lastSequence = 0;
  #start: { at: number; cpu: NodeJS.CpuUsage } | undefined;
  #done: (result: { seconds: number; cpuMicros: number; messages: number }) => void = () => undefined;
  readonly #measured = new Promise<{ seconds: number; cpuMicros: number; messages: number }>(
    (resolve) => (this.#done = resolve),
  );
  repeated = 0;

  constructor(count: number, onChunk: () => void) {
    this.#count = count;
    this.#onChunk = onChunk;
  }

  readonly take = (envelope: Envelope): void => {
    this.#waiting.push(envelope);
    const sequence = envelope.position?.sequence;
    if (sequence !== undefined && sequence <= this.#lastSequence) this.repeated++;
    else if (sequence !== undefined) this.#lastSequence = sequence;
    const taken = ++this.#taken;
    if (taken % CHUNK === 0 && envelope.position === undefined) this.#onChunk();
    if (taken === this.#count / 4) this.#start = { at: performance.now(), cpu: process.cpuUsage() };
    if (taken !== this.#count || this.#start === undefined) return;
    const { user, system } = process.cpuUsage(this.#start.cpu);
    const seconds = (performance.now() - this.#start.at) / 1_000;
    this.#done({ seconds, cpuMicros: user + system, messages: this.#count * 0.75 });
  };

  readonly settle = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const envelope of waiting) envelope.settle?.('stored');
  };

  async measured(): Promise<{ seconds: number; cpuMicros: number; messages: number }> {
    const stalled = setTimeout(() => {
      throw new Error(`only ${this.#taken} of ${this.#count} messages came in ${STALL_TIMEOUT_MS} ms`);
    }, STALL_TIMEOUT_MS);
    return this.#measured.finally(() => clearTimeout(stalled));
  }
}

interface Load {
  readonly subject: string;
  readonly bytes: number;
  readonly count: number;
}

function startPublisher(server: string, { subject, bytes, count }: Load): ReturnType<typeof spawn> {
  const args = ['tools/run.mjs', 'bench/core-publisher.ts', server, subject, `${bytes}`, `${count}`];
  return spawn(process.execPath, args, { stdio: 'inherit' });
}

/** Once for each size: both durable ways read the same stream. */
async function fill(connection: NatsConnection, name: string, { subject, bytes, count }: Load): Promise<void> {
  const manager = await jetstreamManager(connection);
  const messages = async (): Promise<number> => (await manager.streams.info(name)).state.messages;
  const known = await messages().catch(() => 0);
  if (known >= count) return;
  await manager.streams.add({ name, subjects: [subject] });
  const { payload, options } = sampleMessage(bytes);
  for (let i = 0; i < count; i++) {
    connection.publish(subject, payload, options);
    if (i % CHUNK === 0) await connection.flush();
  }
  await connection.flush();
  while ((await messages()) < count) await new Promise((resolve) => setTimeout(resolve, 50));
}
