/**
 * The machine: processor, memory, disk and network, under the names of the `system_metrics` message (REQUIREMENTS.md
 * 2.1, MET-52), labelled with service and instance, in percent and bytes as those names say.
 */
import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import si from 'systeminformation';
import type { Collector, Figure } from './collector.ts';

export interface HostReading {
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  readonly memoryBytes: number;
  readonly diskPercent: number;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
}

/** `folder`: whose file system counts as the disk. */
export async function readHost(folder: string): Promise<HostReading> {
  const [load, memory, disk, networks] = await Promise.all([
    si.currentLoad(),
    si.mem(),
    statfs(folder),
    si.networkStats('*'),
  ]);
  const used = memory.total - memory.available;
  const sum = (pick: (network: si.Systeminformation.NetworkStatsData) => number): number =>
    networks.reduce((total, network) => total + (pick(network) ?? 0), 0);
  return {
    cpuPercent: load.currentLoad,
    memoryPercent: (100 * used) / memory.total,
    memoryBytes: used,
    diskPercent: 100 * (1 - disk.bavail / disk.blocks),
    receivedBytesPerSecond: sum(({ rx_sec }) => rx_sec),
    sentBytesPerSecond: sum(({ tx_sec }) => tx_sec),
  };
}

/** Readings that are younger than this are shared: the processor's is the mean since the last one. */
const SHARED_MS = 5_000;

export function sharedReading(read: () => Promise<HostReading>, nowMs: () => number): () => Promise<HostReading> {
  let last: { readonly atMs: number; readonly reading: Promise<HostReading> } | undefined;
  return () => {
    const now = nowMs();
    if (last === undefined || now - last.atMs >= SHARED_MS) {
      const reading = read();
      last = { atMs: now, reading };
      reading.catch(() => (last = undefined));
    }
    return last.reading;
  };
}

export function hostCollector(read: () => Promise<HostReading>, instance = hostname()): Collector {
  const labels = { service: 'host', instance };
  const gauge = (name: string, unit: string, help: string, value: number): Figure => ({
    name,
    kind: 'gauge',
    unit,
    help,
    labels,
    value,
  });
  return {
    group: 'system',
    async collect() {
      const host = await read();
      return [
        gauge('cpu_usage_percent', 'percent', 'Processor in use.', host.cpuPercent),
        gauge('memory_usage_percent', 'percent', 'Memory in use.', host.memoryPercent),
        gauge('memory_usage_bytes', 'bytes', 'Memory in use.', host.memoryBytes),
        gauge('disk_usage_percent', 'percent', 'Disk in use, where the store is.', host.diskPercent),
        gauge('network_in_bytes_per_sec', 'bytes', 'Received by all interfaces.', host.receivedBytesPerSecond),
        gauge('network_out_bytes_per_sec', 'bytes', 'Sent by all interfaces.', host.sentBytesPerSecond),
      ];
    },
  };
}
