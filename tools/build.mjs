// `npm run build`: the sidecar (sidecar/dist) and the Grafana plugins (dist/plugins, ready to be GF_PATHS_PLUGINS).
// `--only sidecar|plugins` builds one of them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, root } from './bundle.mjs';

const at = process.argv.indexOf('--only');
const only = at === -1 ? '' : process.argv[at + 1];
if (!['', 'sidecar', 'plugins'].includes(only)) {
  console.error(`--only ${only}: expected sidecar or plugins`);
  process.exit(2);
}
const started = Date.now();
if (only !== 'plugins') {
  await bundle(
    {
      main: 'sidecar/src/main.ts',
      'store-worker': 'sidecar/src/store/duckdb/worker.ts',
      'query-worker': 'sidecar/src/query/worker.ts',
      'sql-sandbox': 'sidecar/src/query/sql/sandbox-process.ts',
    },
    join(root, 'sidecar/dist'),
  );
  console.log(`sidecar/dist built (${Date.now() - started} ms)`);
}
if (only !== 'sidecar' && existsSync(join(root, 'tools/build-plugins.mjs'))) {
  await import('./build-plugins.mjs');
}
