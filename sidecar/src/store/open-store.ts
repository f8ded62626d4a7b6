/** Which store a configuration means. The schema is part of the sidecar's configuration (`store:`). */
import { z } from 'zod';
import type { TapewatchError } from '../errors.ts';
import type { Store } from '../ports.ts';
import type { OnNotice } from './duckdb/maintenance.ts';
import { WorkerStore } from './duckdb/worker-store.ts';
import { MemoryStore } from './memory/memory-store.ts';
import { retentionOptions } from './retention.ts';

const retention = retentionOptions.prefault({}).describe('how long each table is kept, in hours');

export const storeOptions = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('duckdb').describe('one file on this machine'),
    path: z.string().min(1).default('tapewatch.duckdb').describe('the file; its folder must exist'),
    memoryLimitMb: z
      .number()
      .int()
      .min(64)
      .max(1_048_576)
      .default(256)
      .describe('memory of the engine, in MiB; half of it, at least 128, comes on top while closed rows are sorted'),
    threads: z.number().int().min(1).max(256).default(2).describe('threads of the engine'),
    compression: z.boolean().default(true).describe('of what is written: the file’s columns and exported segments'),
    maxDiskMb: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe('database and segments together, MiB; past it the oldest of the finest level goes; 0: no cap'),
    onCorruption: z
      .enum(['quarantine', 'fail'])
      .default('quarantine')
      .describe('a damaged file: start without it and keep it under another name, or do not start'),
    retention,
  }),
  z.strictObject({
    kind: z.literal('memory').describe('nothing survives the process; for trials and tests'),
    compression: z.boolean().default(true).describe('without effect: memory holds numbers as they are'),
    retention,
  }),
]);

/** Sorting and copying of closed spans must not meet the first queries after a start. */
const SEAL_AFTER_MS = 30_000;

export type StoreOptions = z.infer<typeof storeOptions>;

/**
 * Not yet opened. `onFailure` is called once when the store cannot go on and the process must end in order; `onNotice`
 * tells what an operator must know, such as a file that was found damaged. `restAfterMs`: see `MaintenanceOptions`.
 */
export function openStore(
  options: StoreOptions,
  onFailure: (error: TapewatchError) => void,
  { onNotice, restAfterMs }: { onNotice?: OnNotice; restAfterMs?: number } = {},
): Store {
  if (options.kind === 'memory') return new MemoryStore(options);
  const { kind: _, ...duckdb } = options;
  return new WorkerStore({
    ...{ ...duckdb, onFailure, sealAfterMs: SEAL_AFTER_MS },
    ...(onNotice === undefined ? {} : { onNotice }),
    ...(restAfterMs === undefined ? {} : { restAfterMs }),
  });
}
