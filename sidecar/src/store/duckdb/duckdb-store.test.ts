import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../ports.ts';
import { describeStore, SHORT_RETENTION } from '../store.contract.ts';
import { DuckDbStore } from './duckdb-store.ts';

let folder = '';

const create = async (): Promise<Store> =>
  new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 2, retention: SHORT_RETENTION });

describeStore('DuckDB in this thread', {
  create: async () => {
    folder = await mkdtemp(join(tmpdir(), 'tapewatch-store-'));
    return create();
  },
  restart: async (store) => {
    await store.close();
    return create();
  },
  dispose: () => rm(folder, { recursive: true }),
});
