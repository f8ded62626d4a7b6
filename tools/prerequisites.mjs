// What must be there before anything runs, installed on demand with a line that says so. Plain Node: this file works in
// a fresh clone, before any npm package is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command with its output on ours; ends the process with its exit code when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error !== undefined) {
    console.error(`${command}: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

/** Packages by the lockfile, again whenever it changed. */
export function ensureNodeModules() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old: Tapewatch needs 20.19 or later`);
    process.exit(1);
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.tapewatch-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('installing npm packages ...');
  // Not `npm ci`: it refuses a lockfile without the optional binaries of other platforms, which mirrors often lack. The
  // versions are the lockfile's all the same, and it is not written.
  // The tools are development packages, which NODE_ENV=production would leave out.
  run('npm', ['install', '--no-save', '--no-progress', '--loglevel=error', '--include=dev']);
  writeFileSync(stamp, lock);
}

/** Builds `target` (sidecar or plugins) unless its output is newer than every source. */
export function ensureBuilt(target) {
  const outputs = { sidecar: 'sidecar/dist/main.cjs', plugins: 'dist/plugins' };
  const sources = { sidecar: ['sidecar/src', 'packages'], plugins: ['plugins', 'packages', 'tools'] };
  const output = join(root, outputs[target]);
  const newest = Math.max(...sources[target].map((folder) => newestChange(join(root, folder))));
  if (existsSync(output) && newestOutput(output) >= newest) return;
  console.log(`building ${target} ...`);
  run(process.execPath, ['tools/build.mjs', '--only', target]);
}

function newestOutput(path) {
  return statSync(path).isDirectory() ? newestChange(path) : statSync(path).mtimeMs;
}

function newestChange(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestChange(path) : statSync(path).mtimeMs);
  }
  return newest;
}

export function isOnPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

/**
 * Programs from Debian packages, for root on a Debian-like system. Returns the names that are still missing; who needs
 * them says what it skips.
 */
export function ensurePrograms(programs) {
  const missing = Object.entries(programs).filter(([program]) => !isOnPath(program));
  if (missing.length === 0) return [];
  if (process.getuid?.() === 0 && isOnPath('apt-get')) {
    const packages = missing.map(([, debianPackage]) => debianPackage);
    console.log(`installing ${packages.join(', ')} (apt-get) ...`);
    // A source that cannot be refreshed need not be the one that has the packages.
    aptGet('update', '-qq');
    const install = (...names) => aptGet('install', '-y', '-qq', '--no-install-recommends', ...names);
    // One package that this system does not have must not keep the others away.
    if (!install(...packages) && packages.length > 1) for (const name of packages) install(name);
  }
  return missing.map(([program]) => program).filter((program) => !isOnPath(program));
}

/** Waits for another apt-get, but not for ever, nor for a mirror that does not answer. */
function aptGet(...args) {
  const options = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr, error } = spawnSync('apt-get', [...options, ...args], { encoding: 'utf8', env });
  if (status === 0) return true;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1);
  console.error(`apt-get ${args[0]} ended with ${status}: ${reason}`);
  return false;
}
