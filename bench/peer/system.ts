/** What the comparison asks of a system; one file implements it for each. */
import type { Usage } from '../process-usage.ts';
import type { PeerData } from './data.ts';

export interface System {
  readonly name: string;
  /** Why it cannot take part, such as a program that is not installed; empty when it can. */
  missing(): string;
  start(): Promise<void>;
  /** Sends everything, no faster than it takes it; resolves when all of it answers queries. */
  load(data: PeerData): Promise<void>;
  /** Samples that it counts. */
  count(data: PeerData): Promise<number>;
  /** CPU and memory since its start, all processes of its own. */
  usage(): Usage;
  /** CPU of what stands beside it, such as a broker; 0 when nothing does. */
  besideCpuSeconds(): number;
  /** Makes it write down what it holds, then what its data take on disk. */
  bytesOnDisk(): Promise<number>;
  /** Base address of its Prometheus API. */
  readonly api: string;
  /** Starts it again, so that queries meet its files and not what it had just taken in. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}
