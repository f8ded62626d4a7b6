// Loaded into every thread of the sidecar (`--import`): the store's thread fails when the file named by TAPEWATCH_BOMB
// appears, as if it had a bug (`throw`) or no memory left (`memory`).
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

const LOOK_EVERY_MS = 50;
const file = process.env.TAPEWATCH_BOMB;

if (!isMainThread && file !== undefined && typeof workerData?.path === 'string') {
  setInterval(() => {
    if (!existsSync(file)) return;
    const kind = readFileSync(file, 'utf8');
    // One failure for each bomb: the thread that comes after this one must live.
    rmSync(file, { force: true });
    if (kind === 'throw') throw new Error('a bomb in the store thread');
    const hoard = [];
    for (;;) hoard.push(Array.from({ length: 1_000_000 }, (_, i) => ({ i })));
  }, LOOK_EVERY_MS).unref();
}
