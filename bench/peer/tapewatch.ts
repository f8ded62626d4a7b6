/** Tapewatch: a real nats-server, batches of 100 samples over core NATS, the built sidecar on DuckDB. */
import { dirname } from 'node:path';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { World } from '../../test/fault/world.ts';
import { until } from '../../tools/demo/process.ts';
import { usageOf, type Usage } from '../process-usage.ts';
import type { Batch, PeerData } from './data.ts';
import { folderBytes } from './program.ts';
import type { System } from './system.ts';

const BATCH = 100;
/**
 * Samples handed to the broker and not yet stored: core NATS has no back-pressure, where HTTP gives it to the peers. Asked
 * for seldom, because the answer is the sidecar's whole metrics page.
 */
const MAX_AHEAD = 200_000;
const ASK_EVERY_MS = 400;
const SETTLE_TIMEOUT_MS = 300_000;

export interface Encoding {
  readonly name: string;
  readonly contentType: string;
  readonly encode: (data: PeerData, batch: Batch) => string | Uint8Array;
}

export const LINE: Encoding = {
  name: 'line protocol',
  contentType: 'application/vnd.influx.line',
  encode: (data, batch) => data.lines(batch),
};

export class Tapewatch implements System {
  readonly name: string;
  readonly #encoding: Encoding;
  #world: World | undefined;
  #ended: Usage = { cpuSeconds: 0, peakRssMb: 0 };

  constructor(encoding: Encoding) {
    this.name = `tapewatch, ${encoding.name} over NATS`;
    this.#encoding = encoding;
  }

  missing(): string {
    return '';
  }

  async start(): Promise<void> {
    const streams = [{ name: 'metrics', subject: 'tw.metrics.>', payload: 'metric', lateness: '26h' }];
    this.#world = await World.open({ config: { streams, log: { level: 'warn' } } });
  }

  get #running(): World {
    if (this.#world === undefined) throw new Error('tapewatch was not started');
    return this.#world;
  }

  get api(): string {
    return this.#running.http;
  }

  async load(data: PeerData): Promise<void> {
    const before = await this.#stored();
    const connection = await connect({ servers: this.#running.natsUrl });
    try {
      await this.#publish(connection, data);
    } finally {
      await connection.close();
    }
    const all = async (): Promise<true | undefined> => (await this.#stored()) - before >= data.samples || undefined;
    // What is lost shows in the count afterwards; this only gives the last commits their time.
    await until(all, { what: 'every sample is counted', timeoutMs: SETTLE_TIMEOUT_MS, everyMs: 1_000 }).catch(
      () => undefined,
    );
  }

  async #publish(connection: NatsConnection, data: PeerData): Promise<void> {
    const { contentType, encode } = this.#encoding;
    const options = { headers: headers() };
    options.headers.set('Content-Type', contentType);
    const before = await this.#stored();
    let sent = 0;
    let stored = 0;
    for (const batch of data.batches(BATCH)) {
      connection.publish('tw.metrics.bench', encode(data, batch), options);
      sent += batch.series.length;
      if (sent - stored < MAX_AHEAD) continue;
      await connection.flush();
      const caughtUp = async (): Promise<true | undefined> => {
        stored = (await this.#stored()) - before;
        return sent - stored < MAX_AHEAD / 2 || undefined;
      };
      const demand = { what: 'the sidecar stores', timeoutMs: SETTLE_TIMEOUT_MS, everyMs: ASK_EVERY_MS };
      await until(caughtUp, demand);
    }
    await connection.flush();
  }

  async count(data: PeerData): Promise<number> {
    const { expr, atSeconds } = data.countQuery();
    return this.#running.answers.scalar(expr, atSeconds);
  }

  async #stored(): Promise<number> {
    return (await this.#running.answers.metrics()).sum('tapewatch_stored_items_total', { stream: 'metrics' });
  }

  usage(): Usage {
    const { pid } = this.#running.sidecar;
    if (pid === undefined || !this.#running.sidecar.running) return this.#ended;
    const now = usageOf(pid);
    return {
      cpuSeconds: this.#ended.cpuSeconds + now.cpuSeconds,
      peakRssMb: Math.max(this.#ended.peakRssMb, now.peakRssMb),
    };
  }

  besideCpuSeconds(): number {
    return usageOf(this.#running.nats.pid as number).cpuSeconds;
  }

  async bytesOnDisk(): Promise<number> {
    await this.restart();
    return folderBytes(dirname(this.#running.storePath));
  }

  async restart(): Promise<void> {
    this.#ended = this.usage();
    await this.#running.sidecar.stop();
    await this.#running.startSidecar();
  }

  async stop(): Promise<void> {
    await this.#world?.close();
  }
}
