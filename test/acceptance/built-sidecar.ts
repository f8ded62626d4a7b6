/** The acceptance tests run the bundle that users run; it is built first when it is missing or older than its sources. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export function ensureBuiltSidecar(root: string): void {
  const prerequisites = pathToFileURL(join(root, 'tools/prerequisites.mjs')).href;
  const code = `const { ensureBuilt } = await import(${JSON.stringify(prerequisites)}); ensureBuilt('sidecar');`;
  const args = ['--input-type=module', '-e', code];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the sidecar could not be built:\n${stderr}`);
}
