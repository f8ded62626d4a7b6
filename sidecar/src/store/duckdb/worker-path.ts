/** Where the built entry of the store's thread lies: beside the running bundle, else in the checkout's `sidecar/dist`. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TapewatchError } from '../../errors.ts';

const FILE = 'store-worker.cjs';

export function storeWorkerPath(from: string = __dirname): string {
  const beside = join(from, FILE);
  if (existsSync(beside)) return beside;
  for (let folder = from; ; folder = dirname(folder)) {
    const built = join(folder, 'sidecar', 'dist', FILE);
    if (existsSync(built)) return built;
    if (dirname(folder) === folder) {
      throw new TapewatchError(
        'store.unavailable',
        `${FILE} is neither in ${from} nor built above it; npm run build makes it`,
      );
    }
  }
}
