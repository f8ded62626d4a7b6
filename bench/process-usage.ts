/** CPU time and peak memory of a process, from the kernel's own accounting (Linux /proc). */
import { readFileSync } from 'node:fs';

/** Kernel clock ticks a second; 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

export interface Usage {
  /** User and system time of all threads, seconds. */
  readonly cpuSeconds: number;
  /** Highest resident set so far, MiB. */
  readonly peakRssMb: number;
}

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command in parentheses may hold spaces; the numbered fields start after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return { cpuSeconds, peakRssMb: Number(peak) / 1024 };
}
