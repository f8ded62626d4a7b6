import type { Store } from '../../ports.ts';
import { describeStore, SHORT_RETENTION } from '../store.contract.ts';
import { MemoryStore } from './memory-store.ts';

describeStore('memory', {
  create: async () => new MemoryStore({ retention: SHORT_RETENTION }),
  restart: async (store: Store) => store,
  dispose: async () => undefined,
});
