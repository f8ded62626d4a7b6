/**
 * `tapewatch serve`: runs until SIGTERM or SIGINT (a second one forces), SIGHUP reloads rules and routes. When the
 * store gave up the process ends with a status that makes its supervisor start it again.
 */
import type { Command } from 'commander';
import { startApp } from '../app.ts';
import { loadConfig } from '../config.ts';

const EXIT_FAILED = 1;
/** Longer than the store's last commit and the sources' drain take; a supervisor kills after its own grace. */
const STOP_TIMEOUT_MS = 15_000;

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('take telemetry in, decide alerts, answer Grafana and HTTP')
    .option('-c, --config <file>', 'configuration file (YAML); default: TAPEWATCH_CONFIG, else only the environment')
    .action(async ({ config }: { config?: string }) => serve(config));
}

async function serve(file: string | undefined): Promise<void> {
  const app = await startApp(loadConfig({ file, environment: process.env }));
  let stopping = false;
  let status = 0;
  const stop = async (): Promise<void> => {
    stopping = true;
    setTimeout(giveUp, STOP_TIMEOUT_MS).unref();
    await app.stop();
    process.exit(status);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => (stopping ? process.exit(EXIT_FAILED) : void stop()));
  }
  process.on('SIGHUP', () => void app.reload());
  void app.failed.then(() => {
    status = EXIT_FAILED;
    if (!stopping) void stop();
  });
}

function giveUp(): void {
  console.error(
    `tapewatch: not everything was written and closed within ${STOP_TIMEOUT_MS / 1_000} s; it ends all the same. ` +
      'JetStream delivers again what was not acknowledged; look at the disk of store.path before the next start',
  );
  process.exit(EXIT_FAILED);
}
