/**
 * Builds the Grafana plugins into `dist/plugins/<plugin id>/`, a folder that is ready to be `GF_PATHS_PLUGINS`:
 * module.js (AMD) with its source map, plugin.json with %VERSION% and %TODAY% filled in, README, CHANGELOG, LICENSE,
 * images and, for the data source, the locator executables (mode 0755, nothing else has the execute bit).
 * `--dev` skips minification. Each plugin is built in a fresh folder that replaces the old one at the end, so a Grafana
 * that is running never sees half a plugin. SOURCE_DATE_EPOCH makes the date reproducible.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { installLocator } from '../plugins/datasource/locator/install.mjs';
import { pluginConfig, runWebpack } from './plugin-webpack.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = path.join(root, 'dist', 'plugins');
const production = !process.argv.includes('--dev');

/** Folders that hold a plugin: `src/plugin.json` beside their package.json. */
const PLUGIN_FOLDERS = [
  'plugins/datasource',
  ...readdirSync(path.join(root, 'plugins/panels')).map((name) => `plugins/panels/${name}`),
].filter((folder) => existsSync(path.join(root, folder, 'src', 'plugin.json')));

async function buildPlugin(folder) {
  const started = Date.now();
  const source = path.join(root, folder, 'src');
  const manifest = JSON.parse(readFileSync(path.join(source, 'plugin.json'), 'utf8'));
  const fresh = path.join(target, `.${manifest.id}.new`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await runWebpack(pluginConfig({ id: manifest.id, source, output: fresh, production }));
  copyFiles(folder, fresh, manifest);
  const final = path.join(target, manifest.id);
  rmSync(final, { recursive: true, force: true });
  renameSync(fresh, final);
  report(manifest.id, final, Date.now() - started);
}

function copyFiles(folder, destination, manifest) {
  const { version } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
  const today = new Date(process.env.SOURCE_DATE_EPOCH ? Number(process.env.SOURCE_DATE_EPOCH) * 1000 : Date.now());
  const fill = (text) =>
    text
      .replaceAll('%VERSION%', version)
      .replaceAll('%TODAY%', today.toISOString().slice(0, 10))
      .replaceAll('%PLUGIN_ID%', manifest.id);
  for (const name of ['plugin.json', 'README.md', 'CHANGELOG.md']) {
    const from = [path.join(root, folder, 'src', name), path.join(root, folder, name)].find(existsSync);
    if (from === undefined) throw new Error(`${folder} has no ${name}: a plugin folder needs one (src/${name})`);
    writeFileSync(path.join(destination, name), fill(readFileSync(from, 'utf8')));
  }
  const license = path.join(root, 'LICENSE');
  if (existsSync(license)) cpSync(license, path.join(destination, 'LICENSE'));
  cpSync(path.join(root, folder, 'src', 'img'), path.join(destination, 'img'), { recursive: true });
  if (manifest.executable !== undefined) installLocator(destination);
}

function report(id, folder, milliseconds) {
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const sizes = scripts.map((name) => {
    const bytes = readFileSync(path.join(folder, name));
    const kib = (length) => (length / 1024).toFixed(1);
    return `${name} ${kib(statSync(path.join(folder, name)).size)} KiB (gzip ${kib(gzipSync(bytes).length)}, brotli ${kib(brotliCompressSync(bytes).length)})`;
  });
  console.log(`dist/plugins/${id} built in ${milliseconds} ms: ${sizes.join('; ')}`);
}

for (const folder of PLUGIN_FOLDERS) await buildPlugin(folder);
