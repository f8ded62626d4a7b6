/** Bundles entries for tests with the build's own bundler, so that no test depends on a stale `sidecar/dist`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(__dirname, '../../../..');

export interface TestBundle {
  /** Path of `<name>.cjs`. */
  pathOf(name: string): string;
  remove(): void;
}

/** `entries`: output name to source path within this folder. */
export function bundleForTest(entries: Readonly<Record<string, string>>): TestBundle {
  const dist = join(ROOT, 'sidecar/dist');
  mkdirSync(dist, { recursive: true });
  // Inside the checkout, so that the bundle finds node_modules.
  const folder = mkdtempSync(join(dist, 'test-'));
  const sources = Object.entries(entries).map(([name, source]) => [name, join(__dirname, source)]);
  const script = `
    import { bundle } from ${JSON.stringify(pathToFileURL(join(ROOT, 'tools/bundle.mjs')).href)};
    await bundle(${JSON.stringify(Object.fromEntries(sources))}, ${JSON.stringify(folder)});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  return {
    pathOf: (name) => join(folder, `${name}.cjs`),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
