/** What the sources of core NATS and of JetStream have in common. */
import type { Clock } from '../ports.ts';
import type { Report } from './nats-link.ts';
import type { NatsOptions } from './options.ts';
import type { CompiledStream } from './stream.ts';

export interface SourceContext {
  readonly nats: NatsOptions;
  readonly streams: readonly CompiledStream[];
  readonly clock: Clock;
  readonly report: Report;
}

/**
 * Calls a receiver. What it throws is a bug and ends the process; thrown into the client instead, it would end the reading
 * of the connection silently.
 */
export function crash(receive: () => void): void {
  try {
    receive();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
