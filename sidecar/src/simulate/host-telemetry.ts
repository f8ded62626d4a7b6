/**
 * Real telemetry of the machine (systeminformation) and of the NATS server (`/varz` of its monitoring port), published as
 * metrics once a second. Ratios are 0 to 1. A reading that fails is left out and tried again at the next turn.
 */
import { hostname, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import si from 'systeminformation';
import { request } from 'undici';
import { z } from 'zod';
import { connectNats } from './connect.ts';
import type { MetricItem } from './model/message.ts';
import { platformAt } from './model/platform.ts';

export const telemetryOptions = z.object({
  nats: z.string().min(1).default('nats://127.0.0.1:4222').describe('NATS servers, separated by commas'),
  user: z.string().default('').describe('NATS user'),
  password: z.string().default('').describe('NATS password'),
  credentials: z.string().default('').describe('NATS credentials file (.creds)'),
  monitor: z.string().default('').describe("address of NATS' monitoring port, such as http://127.0.0.1:8222"),
  interval: z.coerce.number().min(0.1).default(1).describe('seconds between two readings'),
  platform: z.boolean().default(false).describe('also publish what a made-up platform around the desk would expose'),
  host: z.string().default(hostname()).describe('value of the label host'),
});
export type TelemetryOptions = z.infer<typeof telemetryOptions>;

/** Reading these starts processes, which costs more than all the rest: every so many turns. */
const DISK_EVERY = 10;
const NETWORK_EVERY = 5;
const PLATFORM_EVERY = 5;
const MONITOR_TIMEOUT_MS = 2_000;

const varz = z.object({
  server_name: z.string(),
  connections: z.number(),
  in_msgs: z.number(),
  out_msgs: z.number(),
  in_bytes: z.number(),
  slow_consumers: z.number(),
  mem: z.number(),
  cpu: z.number(),
});

/** Publishes until the signal aborts. */
export async function runTelemetry(options: TelemetryOptions, signal: AbortSignal): Promise<void> {
  const connection = await connectNats(options, 'tapewatch-telemetry');
  const beganMs = Date.now();
  let disks: readonly MetricItem[] = [];
  for (let turn = 0; !signal.aborted; turn++) {
    const startedMs = Date.now();
    if (turn % DISK_EVERY === 0) disks = await orNothing(() => readDisks(options.host));
    const host = await orNothing(() => readHost(options.host));
    const network = turn % NETWORK_EVERY === 0 ? await orNothing(() => readNetwork(options.host)) : [];
    const nats = options.monitor === '' ? [] : await orNothing(() => readNats(options.monitor));
    const time = `${Date.now()}000000`;
    const stamped = [...host, ...network, ...disks].map((item) => ({ ...item, time }));
    if (stamped.length > 0) connection.publish('tw.metrics.host', JSON.stringify(stamped));
    if (options.platform && turn % PLATFORM_EVERY === 0) {
      const items = platformAt((Number(time) / 1e6 - beganMs) / 1_000);
      connection.publish('tw.metrics.platform', JSON.stringify(items.map((item) => ({ ...item, time }))));
    }
    if (nats.length > 0) connection.publish('tw.metrics.nats', JSON.stringify(nats.map((item) => ({ ...item, time }))));
    const restMs = Math.max(0, startedMs + options.interval * 1000 - Date.now());
    await pause(restMs, undefined, { signal }).catch(() => undefined);
  }
  await connection.drain();
}

async function orNothing(read: () => Promise<readonly MetricItem[]>): Promise<readonly MetricItem[]> {
  return read().catch(() => []);
}

async function readHost(host: string): Promise<readonly MetricItem[]> {
  const [load, memory] = await Promise.all([si.currentLoad(), si.mem()]);
  return [
    gauge('host_cpu_usage_ratio', load.currentLoad / 100, { host }),
    gauge('host_load1', loadavg()[0] ?? 0, { host }),
    gauge('host_memory_used_bytes', memory.active, { host }),
    gauge('host_memory_total_bytes', memory.total, { host }),
  ];
}

async function readNetwork(host: string): Promise<readonly MetricItem[]> {
  const networks = await si.networkStats('*');
  return networks.flatMap(({ iface: device, rx_bytes, tx_bytes }): MetricItem[] => [
    counter('host_network_receive_bytes_total', rx_bytes, { host, device }),
    counter('host_network_transmit_bytes_total', tx_bytes, { host, device }),
  ]);
}

async function readDisks(host: string): Promise<readonly MetricItem[]> {
  const mounts = await si.fsSize();
  return mounts.map(({ mount, use }) => gauge('host_disk_used_ratio', use / 100, { host, mount }));
}

/** The names and units of the server's monitoring document; `cpu` is percent of one core there, a ratio here. */
export async function readNats(monitor: string): Promise<readonly MetricItem[]> {
  const answer = await request(new URL('/varz', monitor), {
    bodyTimeout: MONITOR_TIMEOUT_MS,
    headersTimeout: MONITOR_TIMEOUT_MS,
  });
  const server = varz.parse(await answer.body.json());
  const labels = { server: server.server_name };
  return [
    gauge('nats_connections', server.connections, labels),
    counter('nats_in_msgs_total', server.in_msgs, labels),
    counter('nats_out_msgs_total', server.out_msgs, labels),
    counter('nats_in_bytes_total', server.in_bytes, labels),
    counter('nats_slow_consumers_total', server.slow_consumers, labels),
    gauge('nats_mem_bytes', server.mem, labels),
    gauge('nats_cpu_ratio', server.cpu / 100, labels),
  ];
}

function gauge(name: string, value: number, labels: Readonly<Record<string, string>>): MetricItem {
  return { name, type: 'gauge', value, labels: { ...labels } };
}

function counter(name: string, value: number, labels: Readonly<Record<string, string>>): MetricItem {
  return { name, type: 'counter', value, labels: { ...labels } };
}
