// `npm run demo`: installs and builds what is missing, then runs tools/demo/main.ts. Plain Node up to the line that
// bundles it, so that it works in a fresh clone.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HELP } from './demo/help.mjs';
import { ensureBuilt, ensureNodeModules, root } from './prerequisites.mjs';

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(HELP);
} else {
  ensureNodeModules();
  ensureBuilt('sidecar');
  // The check needs no Grafana, so it does not wait for the plugins.
  if (!args.includes('--check')) ensureBuilt('plugins');
  const { bundle } = await import('./bundle.mjs');
  const outdir = join(root, 'node_modules', '.cache', 'tapewatch-run');
  mkdirSync(outdir, { recursive: true });
  process.env.TAPEWATCH_ROOT = root;
  const name = `demo-${process.pid}`;
  await bundle({ [name]: join(root, 'tools/demo/main.ts') }, outdir);
  await import(pathToFileURL(join(outdir, `${name}.cjs`)).href);
}
