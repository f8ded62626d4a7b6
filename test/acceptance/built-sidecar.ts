/** The acceptance tests run the bundle that users run; it is built first when it is missing or older than its sources. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export function ensureBuiltSidecar(root: string): void {
  const code = "import('./tools/prerequisites.mjs').then(({ ensureBuilt }) => ensureBuilt('sidecar'))";
  const { status, stderr } = spawnSync(process.execPath, ['-e', code], { cwd: join(root), encoding: 'utf8' });
  if (status !== 0) throw new Error(`the sidecar could not be built:\n${stderr}`);
}
