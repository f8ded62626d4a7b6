/**
 * Telegraf's NATS consumer with its line protocol parser and an output that throws everything away: the price of taking
 * the same messages in, without storing or answering. `TELEGRAF` names the program (docs/performance.md says how to build it).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { freePorts } from '../../tools/demo/port.ts';
import { until } from '../../tools/demo/process.ts';
import { request } from 'undici';
import type { Usage } from '../process-usage.ts';
import type { PeerData } from './data.ts';
import { isInstalled, Program } from './program.ts';
import type { System } from './system.ts';

const BATCH = 100;
/** Messages ahead of what the consumer has taken; the broker tells how far it is. */
const MAX_AHEAD = 1_000;

export class Telegraf implements System {
  readonly name = 'telegraf, line protocol over NATS (stores nothing)';
  readonly api = '';
  readonly #folder = mkdtempSync(join(tmpdir(), 'tapewatch-telegraf-'));
  readonly #binary = process.env['TELEGRAF'] ?? 'telegraf';
  #ports: readonly number[] = [];
  #nats: Program | undefined;
  #telegraf: Program | undefined;
  #taken = 0;

  missing(): string {
    return isInstalled(this.#binary)
      ? ''
      : `${this.#binary} is not installed (docs/performance.md says how to build it)`;
  }

  async start(): Promise<void> {
    this.#ports = await freePorts(2);
    const [port = 0, monitor = 0] = this.#ports;
    const args = ['-a', '127.0.0.1', '-p', String(port), '-m', String(monitor)];
    const isUp = async (): Promise<true | undefined> => ((await this.#delivered()) >= 0 ? true : undefined);
    this.#nats = new Program(process.env['NATS_SERVER'] ?? 'nats-server', args, join(this.#folder, 'nats'));
    await this.#nats.start(isUp);
    const config = join(this.#folder, 'telegraf.conf');
    writeFileSync(config, configuration(port));
    this.#telegraf = new Program(this.#binary, ['--config', config], join(this.#folder, 'telegraf'));
    await this.#telegraf.start(async () => (await this.#subscribed()) || undefined);
  }

  async load(data: PeerData): Promise<void> {
    const connection = await connect({ servers: `nats://127.0.0.1:${this.#ports[0]}` });
    const before = await this.#delivered();
    let sent = 0;
    for (const batch of data.batches(BATCH)) {
      connection.publish('tw.metrics.bench', data.lines(batch));
      if (++sent % MAX_AHEAD === 0) await this.#wait(connection, before + sent - MAX_AHEAD);
    }
    await this.#wait(connection, before + sent);
    this.#taken = ((await this.#delivered()) - before) * BATCH;
    await connection.close();
    await this.#idle();
  }

  async #wait(connection: { flush(): Promise<void> }, delivered: number): Promise<void> {
    await connection.flush();
    const ask = async (): Promise<true | undefined> => (await this.#delivered()) >= delivered || undefined;
    await until(ask, { what: 'telegraf takes in', timeoutMs: 120_000, everyMs: 5 });
  }

  /** What was delivered is not yet parsed: it is when a second costs next to nothing. */
  async #idle(): Promise<void> {
    let last = -1;
    const ask = async (): Promise<true | undefined> => {
      const { cpuSeconds } = this.usage();
      const quiet = last >= 0 && cpuSeconds - last < 0.05;
      last = cpuSeconds;
      return quiet || undefined;
    };
    await until(ask, { what: 'telegraf has parsed everything', timeoutMs: 120_000, everyMs: 1_000 });
  }

  async #delivered(): Promise<number> {
    const { body } = await request(`http://127.0.0.1:${this.#ports[1]}/varz`);
    return ((await body.json()) as { out_msgs: number }).out_msgs;
  }

  async #subscribed(): Promise<boolean> {
    const { body } = await request(`http://127.0.0.1:${this.#ports[1]}/connz?subs=1`);
    return (await body.text()).includes('tw.metrics.bench');
  }

  count(): Promise<number> {
    return Promise.resolve(this.#taken);
  }

  usage(): Usage {
    return this.#telegraf?.usage() ?? { cpuSeconds: 0, peakRssMb: 0 };
  }

  besideCpuSeconds(): number {
    return this.#nats?.usage().cpuSeconds ?? 0;
  }

  bytesOnDisk(): Promise<number> {
    return Promise.resolve(0);
  }

  restart(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#telegraf?.stop();
    await this.#nats?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function configuration(port: number): string {
  return `
[agent]
  flush_interval = "1s"
  metric_buffer_limit = 1000000
  metric_batch_size = 5000
[[inputs.nats_consumer]]
  servers = ["nats://127.0.0.1:${port}"]
  subjects = ["tw.metrics.bench"]
  queue_group = "telegraf"
  max_undelivered_messages = 100000
  data_format = "influx"
[[outputs.discard]]
`;
}
