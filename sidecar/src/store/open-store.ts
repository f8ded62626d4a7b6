/** Which store a configuration means. The schema is part of the sidecar's configuration (`store:`). */
import { z } from 'zod';
import type { TapewatchError } from '../errors.ts';
import type { Store } from '../ports.ts';
import { WorkerStore } from './duckdb/worker-store.ts';
import { MemoryStore } from './memory/memory-store.ts';
import { retentionOptions } from './retention.ts';

const retention = retentionOptions.prefault({}).describe('how long each table is kept, in hours');

export const storeOptions = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('duckdb').describe('one file on this machine'),
    path: z.string().min(1).default('tapewatch.duckdb').describe('the file; its folder must exist'),
    memoryLimitMb: z.number().int().min(64).max(1_048_576).default(1_024).describe('memory of the engine, in MiB'),
    threads: z.number().int().min(1).max(256).default(2).describe('threads of the engine'),
    compression: z.boolean().default(true).describe('of what is written: the file’s columns and exported segments'),
    retention,
  }),
  z.strictObject({
    kind: z.literal('memory').describe('nothing survives the process; for trials and tests'),
    compression: z.boolean().default(true).describe('without effect: memory holds numbers as they are'),
    retention,
  }),
]);

export type StoreOptions = z.infer<typeof storeOptions>;

/** Not yet opened. `onFailure` is called once when the store cannot go on and the process must end in order. */
export function openStore(options: StoreOptions, onFailure: (error: TapewatchError) => void): Store {
  return options.kind === 'memory' ? new MemoryStore(options) : new WorkerStore({ ...options, onFailure });
}
