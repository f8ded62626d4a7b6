// Runs a TypeScript program: `node tools/run.mjs <file.ts> [arguments]`. Bundles it first; exits with its exit code.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { bundle, root } from './bundle.mjs';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node tools/run.mjs <file.ts> [arguments]');
  process.exit(2);
}
const name = `${basename(file, '.ts')}-${process.pid}`;
const outdir = join(root, 'node_modules', '.cache', 'tapewatch-run');
mkdirSync(outdir, { recursive: true });
await bundle({ [name]: resolve(file) }, outdir);
const child = spawn(process.execPath, ['--enable-source-maps', join(outdir, `${name}.cjs`), ...args], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
