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
  const stop = async (status: number): Promise<void> => {
    if (stopping) process.exit(status === 0 ? EXIT_FAILED : status);
    stopping = true;
    setTimeout(() => process.exit(EXIT_FAILED), STOP_TIMEOUT_MS).unref();
    await app.stop();
    process.exit(status);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));
  process.on('SIGHUP', () => void app.reload());
  void app.failed.then(() => stop(EXIT_FAILED));
}
