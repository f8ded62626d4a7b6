/** Entry of the demo: options, the NATS binary, Ctrl-C, then the check or the demo for people. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runCheck } from './check.ts';
import { runDemo } from './demo.ts';
import { parseDemoOptions, type DemoOptions } from './options.ts';

async function main(): Promise<number> {
  const root = process.env['TAPEWATCH_ROOT'] ?? process.cwd();
  const say = (line: string): void => console.log(line);
  let options: DemoOptions;
  try {
    options = parseDemoOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
  const { natsUrl, natsBinary } = chooseNats(options, root);
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => ending.abort());
  const context = { root, natsBinary, natsUrl, say, signal: ending.signal };
  return options.check ? runCheck(options, context) : runDemo(options, context);
}

/** A check wants a server of its own, empty and reachable through its proxy; NATS_URL is its last resort. */
function chooseNats(options: DemoOptions, root: string): { natsUrl: string; natsBinary: string } {
  const natsUrl = process.env['NATS_URL'] ?? '';
  if (natsUrl !== '' && !options.check) return { natsUrl, natsBinary: '' };
  try {
    return { natsUrl: '', natsBinary: installNats(root) };
  } catch (error) {
    if (natsUrl === '' || options.break !== undefined) throw error;
    return { natsUrl, natsBinary: '' };
  }
}

/** The installer prints its progress and, as the last line, the path. */
function installNats(root: string): string {
  const installer = join(root, 'tools/install-nats.mjs');
  const { status, stdout } = spawnSync(process.execPath, [installer], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = stdout.trimEnd().split('\n');
  const path = lines.pop() ?? '';
  for (const line of lines) console.log(line);
  if (status !== 0) throw new Error('nats-server could not be installed (see above)');
  return path;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
