// Bundles TypeScript entry points for Node with esbuild: workspace packages are inlined, npm dependencies stay external.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

/** Keeps bare imports external, except our own workspaces, whose sources are TypeScript. */
const npmExternal = {
  name: 'npm-external',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@tapewatch/') ? undefined : { path, external: true },
    );
  },
};

/** Bundles `entries` ({ outputName: sourcePath }) into `outdir` as CommonJS files named `<outputName>.cjs`. */
export async function bundle(entries, outdir) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: true,
    outExtension: { '.js': '.cjs' },
    define: { TAPEWATCH_VERSION: JSON.stringify(version) },
    plugins: [npmExternal],
    logLevel: 'warning',
  });
}
