/**
 * `tapewatch serve`: runs until SIGTERM or SIGINT (a second one ends it at once, by that signal); SIGHUP reloads rules and routes.
 * When the store gave up the process ends with a status that makes its supervisor start it again.
 */
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { startApp } from '../app.ts';
import { loadConfig } from '../config.ts';

const EXIT_FAILED = 1;
/** Longer than the store's last commit and the sources' drain take; a supervisor kills after its own grace. */
const STOP_TIMEOUT_MS = 15_000;

/**
 * How far the heap may grow between two full collections, in percent of what lives. V8 counts the buffers that pass
 * through (30 to 60 MB a second at 300,000 samples a second) as growth, and would collect a heap of 65 MB twice a second
 * in vain: 15 to 20 % of the CPU time of the ingest (4,000,000 samples: 4 collections in place of 6 to 17).
 */
const HEAP_GROWING_PERCENT = 200;

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('take telemetry in, decide alerts, answer Grafana and HTTP')
    .option('-c, --config <file>', 'configuration file (YAML); default: TAPEWATCH_CONFIG, else only the environment')
    .addHelpText(
      'after',
      '\nSIGTERM, SIGINT  store and acknowledge what has arrived, then end; a second one, or 15 s: end as if killed' +
        '\nSIGHUP           read rules and routes anew' +
        '\nstatus           0 ended in order; 1 not everything was stored, or the store failed; 2 the configuration is' +
        '\n                 refused; 143, 130 told twice; 137 not done after 15 s',
    )
    .action(async ({ config }: { config?: string }) => serve(config));
}

async function serve(file: string | undefined): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const app = await startApp(loadConfig({ file, environment: process.env }));
  let [told, stopping, status] = [false, false, 0];
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(giveUp, STOP_TIMEOUT_MS).unref();
    await app.stop();
    process.exit(status);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (told) endAtOnce(signal);
      told = true;
      void stop();
    });
  }
  process.on('SIGHUP', () => void app.reload());
  void app.failed.then(() => {
    status = EXIT_FAILED;
    void stop();
  });
}

function giveUp(): void {
  console.error(
    `tapewatch: not everything was written and closed within ${STOP_TIMEOUT_MS / 1_000} s; it ends all the same. ` +
      'JetStream delivers again what was not acknowledged; look at the disk of store.path before the next start',
  );
  // Not by SIGTERM, which a supervisor takes for an end in order and would not start it again.
  endAtOnce('SIGKILL');
}

/**
 * By the signal itself. `process.exit` would first end the store's thread: that waits for a disk that does not answer,
 * or aborts (status 134) when an answer of the engine comes meanwhile.
 */
function endAtOnce(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Reached as the first process of a container only, which the kernel keeps from signals of its own, but for a fault.
  process.abort();
}
