/**
 * The machine: processor, memory, disk and network, under the names of the `system_metrics` message (REQUIREMENTS.md
 * 2.1, MET-52), labelled with service and instance, in percent and bytes as those names say.
 */
import { readFile, statfs } from 'node:fs/promises';
import { cpus, freemem, hostname, totalmem } from 'node:os';
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

/**
 * Reads by the runtime and, on Linux, /proc: systeminformation starts programs and waits for them, which stalled the
 * reading thread for a quarter of a second each time. Elsewhere the network is still its to read. Rates and the
 * processor's load are means since the reading before; the first one has the means since the start of the machine.
 * `folder`: whose file system counts as the disk.
 */
export function hostReader(folder: string, nowMs: () => number = Date.now): () => Promise<HostReading> {
  let cpuBefore = { busy: 0, total: 0 };
  let before: { readonly atMs: number; readonly network: Traffic } | undefined;
  return async () => {
    const [disk, available, network] = await Promise.all([statfs(folder), availableMemory(), traffic()]);
    const cpu = processorTimes();
    const cpuPercent = (100 * (cpu.busy - cpuBefore.busy)) / Math.max(1, cpu.total - cpuBefore.total);
    const used = totalmem() - available;
    const atMs = nowMs();
    const rate = (pick: (counts: Traffic) => number): number =>
      before === undefined
        ? 0
        : Math.max(0, ((pick(network) - pick(before.network)) * 1_000) / Math.max(1, atMs - before.atMs));
    const reading = {
      cpuPercent,
      memoryPercent: (100 * used) / totalmem(),
      memoryBytes: used,
      diskPercent: usedPercent(disk),
      receivedBytesPerSecond: rate(({ received }) => received),
      sentBytesPerSecond: rate(({ sent }) => sent),
    };
    cpuBefore = cpu;
    before = { atMs, network };
    return reading;
  };
}

/** As `df` has it: what is kept for root counts neither as used nor as free. */
function usedPercent({ blocks, bfree, bavail }: { blocks: number; bfree: number; bavail: number }): number {
  const used = blocks - bfree;
  return (100 * used) / Math.max(1, used + bavail);
}

interface Traffic {
  readonly received: number;
  readonly sent: number;
}

function processorTimes(): { busy: number; total: number } {
  let [busy, total] = [0, 0];
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    total += used + times.idle;
  }
  return { busy, total };
}

/** What programs could still have: caches count as free where the system tells. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? freemem() : Number(kib) * 1_024;
}

/** Bytes of all interfaces but the loopback since they came up. */
async function traffic(): Promise<Traffic> {
  const text = await readFile('/proc/net/dev', 'utf8').catch(() => undefined);
  return text === undefined ? trafficElsewhere() : parseNetDev(text);
}

/** The kernel's table: name, eight columns of what was received (bytes first), eight of what was sent. */
export function parseNetDev(text: string): Traffic {
  let [received, sent] = [0, 0];
  for (const line of text.split('\n')) {
    const [name, counts] = line.split(':');
    if (name === undefined || counts === undefined || name.trim() === 'lo') continue;
    const columns = counts.trim().split(/\s+/).map(Number);
    received += columns[0] ?? 0;
    sent += columns[8] ?? 0;
  }
  return { received, sent };
}

async function trafficElsewhere(): Promise<Traffic> {
  const networks = await si.networkStats('*');
  return {
    received: networks.reduce((sum, { rx_bytes }) => sum + (rx_bytes ?? 0), 0),
    sent: networks.reduce((sum, { tx_bytes }) => sum + (tx_bytes ?? 0), 0),
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
