// `npm run e2e`: browser tests against a real Grafana. With GRAFANA_URL it takes the one that runs there, provisioned and with
// data; with GRAFANA_HOME it starts the demo on free ports and ends it afterwards; with neither it says what was skipped.
// Further arguments go to Playwright, such as a file name or `--headed`.
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const USAGE = `npm run e2e [-- <arguments of Playwright>]   browser tests against a real Grafana, such as: npm run e2e -- board --headed
  GRAFANA_HOME=<folder>   an installation of Grafana; the demo is started with it and ended afterwards
  GRAFANA_URL=<address>   one that runs already, provisioned and with data`;

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(USAGE);
  process.exit(0);
}

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, '..', '..');
/** From the start of a fresh demo to a Grafana with a board; builds included. */
const START_TIMEOUT_MS = 300_000;
/** Slow venues every two minutes, long enough for the provisioned rule's minute and its ten seconds. */
const INCIDENTS = 'slow-hop@45+40/150:venue';

const { GRAFANA_URL: given, GRAFANA_HOME: home } = process.env;
if (given === undefined && home === undefined) {
  const cli = join(root, 'node_modules/@playwright/test/cli.js');
  const list = execFileSync(process.execPath, [cli, 'test', '--list'], { cwd: root, encoding: 'utf8' });
  const total = /Total: (.*)/.exec(list)?.[1] ?? 'all tests';
  console.log(`no Grafana: set GRAFANA_HOME (an installation) or GRAFANA_URL (a running one); skipped: ${total}`);
  process.exit(0);
}

const stack = given === undefined ? await startDemo() : undefined;
const env = {
  ...process.env,
  GRAFANA_URL: given ?? stack.url,
  ...(stack === undefined ? {} : { TAPEWATCH_DEMO_PID: String(stack.child.pid) }),
};
const playwright = spawn(
  process.execPath,
  [join(root, 'node_modules/@playwright/test/cli.js'), 'test', ...process.argv.slice(2)],
  {
    cwd: root,
    env,
    stdio: 'inherit',
  },
);
const status = await new Promise((resolve) => playwright.once('exit', (code) => resolve(code ?? 1)));
if (stack !== undefined) {
  stack.child.kill('SIGINT');
  await new Promise((resolve) => stack.child.once('exit', resolve));
}
process.exit(status);

async function startDemo() {
  const names = ['nats', 'monitor', 'http', 'webhook', 'grafana'];
  const ports = await freePorts(names.length);
  const list = names.map((name, i) => `${name}=${ports[i]}`).join(',');
  const args = ['tools/demo.mjs', '--ports', list, '--incidents', INCIDENTS, '--reset'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  let ended = false;
  child.once('exit', () => (ended = true));
  const url = `http://localhost:${ports[4]}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const healthy = await fetch(`${url}/api/datasources/uid/tapewatch/health`, { headers: basic() })
      .then(({ ok }) => ok)
      .catch(() => false);
    if (healthy) return { child, url };
    if (ended || Date.now() > deadline) {
      console.error('the demo did not come up with a healthy data source');
      if (!ended) child.kill('SIGINT');
      process.exit(1);
    }
    await pause(500);
  }
}

function basic() {
  return { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` };
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
