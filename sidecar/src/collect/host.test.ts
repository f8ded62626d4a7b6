/**
 * What the sidecar says of its machine, beside what the machine's own tools say. Each reading is taken between two of
 * theirs, so that the true value lies between what those two allow, however busy the machine is.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { hostReader, type HostReading } from './host.ts';

/** Ticks of a hundredth of a second, as /proc/stat and `top` count them, of all processors. */
function ticks(): { readonly busy: number; readonly total: number } {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '';
  const [user = 0, nice = 0, system = 0, idle = 0, , irq = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  const busy = user + nice + system + irq;
  return { busy, total: busy + idle };
}

function usedMemoryPercent(): number {
  // Small images lack it; this is the file that it reads.
  const { stdout } = spawnSync('free', ['-b'], { encoding: 'utf8' });
  if (typeof stdout !== 'string' || !stdout.includes('Mem:')) return usedByMeminfo();
  const [total = NaN, , , , , available = NaN] = (/^Mem:(.*)$/m.exec(stdout)?.[1] ?? '')
    .trim()
    .split(/\s+/)
    .map(Number);
  return 100 * (1 - available / total);
}

function usedByMeminfo(): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
  return 100 * (1 - kib('MemAvailable') / kib('MemTotal'));
}

function usedDiskPercent(): number {
  const text = spawnSync('df', ['--output=pcent', '/'], { encoding: 'utf8' }).stdout;
  return Number(/(\d+)%/.exec(text)?.[1]);
}

function bytes(direction: 'rx' | 'tx'): number {
  const cards = readdirSync('/sys/class/net').filter((name) => name !== 'lo' && name !== 'bonding_masters');
  const read = (name: string): number =>
    Number(readFileSync(`/sys/class/net/${name}/statistics/${direction}_bytes`, 'utf8'));
  return cards.reduce((sum, name) => sum + read(name), 0);
}

const look = () => ({
  ticks: ticks(),
  memory: usedMemoryPercent(),
  disk: usedDiskPercent(),
  in: bytes('rx'),
  out: bytes('tx'),
});
type Look = ReturnType<typeof look>;

const onLinux = process.platform === 'linux' ? it : it.skip;

/** Rounding of ticks, one for each of a few processors and columns. */
const TICKS = 20;

onLinux("agrees with the host's tools on processor, memory, disk and network (proves: ING-27)", async () => {
  let nowMs = 0;
  const read = hostReader('/', () => nowMs);
  const around = async (): Promise<[Look, HostReading, Look]> => {
    const before = look();
    const reading = await read();
    return [before, reading, look()];
  };
  const [first, , second] = await around();
  for (const until = Date.now() + 500; Date.now() < until;) Math.sqrt(until);
  // The rates are over the seconds that the reader is told of.
  nowMs = 10_000;
  const [third, reading, fourth] = await around();
  const least = { busy: third.ticks.busy - second.ticks.busy, total: third.ticks.total - second.ticks.total };
  const most = { busy: fourth.ticks.busy - first.ticks.busy, total: fourth.ticks.total - first.ticks.total };
  expect(reading.cpuPercent).toBeGreaterThanOrEqual((100 * (least.busy - TICKS)) / (most.total + TICKS));
  expect(reading.cpuPercent).toBeLessThanOrEqual((100 * (most.busy + TICKS)) / Math.max(1, least.total - TICKS));
  // Programs come and go between the looks: three hundredths of the memory.
  expect(reading.memoryPercent).toBeGreaterThanOrEqual(Math.min(third.memory, fourth.memory) - 3);
  expect(reading.memoryPercent).toBeLessThanOrEqual(Math.max(third.memory, fourth.memory) + 3);
  // `df` rounds up.
  expect(reading.diskPercent).toBeGreaterThanOrEqual(Math.min(third.disk, fourth.disk) - 1.1);
  expect(reading.diskPercent).toBeLessThanOrEqual(Math.max(third.disk, fourth.disk) + 0.1);
  for (const [rate, way] of [
    [reading.receivedBytesPerSecond, 'in'],
    [reading.sentBytesPerSecond, 'out'],
  ] as const) {
    expect(rate).toBeGreaterThanOrEqual((third[way] - second[way]) / 10);
    expect(rate).toBeLessThanOrEqual((fourth[way] - first[way]) / 10);
  }
});
