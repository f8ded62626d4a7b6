/** @jest-environment node */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

const SCRIPT = join(__dirname, 'locator.sh');
/** Checks are a second apart; a few of them must pass before silence means something. */
const SEVERAL_CHECKS_MS = 3_500;
const SHELLS = ['sh', ...(process.platform === 'linux' ? ['busybox sh'] : [])];

interface Locator {
  readonly child: ChildProcess;
  readonly handshake: Promise<string>;
  readonly exit: Promise<number | null>;
}

let folder: string;
let started: Locator[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'locator-'));
  started = [];
});

afterEach(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.map(({ exit }) => exit));
  rmSync(folder, { recursive: true });
});

function start(environment: Readonly<Record<string, string>>, command: readonly string[] = ['sh', SCRIPT]): Locator {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(-1));
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const handshake = new Promise<string>((resolve) => lines.once('line', resolve));
  // A shell that could not be started leaves its pipe open.
  child.once('error', () => child.stdout?.destroy());
  const locator = { child, handshake, exit };
  started.push(locator);
  return locator;
}

const socketPath = () => join(folder, 'grafana.sock');
const writeId = (id: string) => writeFileSync(`${socketPath()}.id`, `${id}\n`);
const stillRuns = ({ exit }: Locator, ms: number) => Promise.race([exit.then(() => false), wait(ms, true)]);

describe('locator', () => {
  it('prints the handshake at once, with the sidecar down', async () => {
    const locator = start({ GF_PLUGIN_SOCKET: socketPath() });
    expect(await Promise.race([locator.handshake, wait(1_000, 'nothing within 1 s')])).toBe(
      `1|2|unix|${socketPath()}|grpc`,
    );
  });

  it('prints the same with the sidecar up, and the address when one is set', async () => {
    writeId('a');
    expect(await start({ GF_PLUGIN_SOCKET: socketPath() }).handshake).toBe(`1|2|unix|${socketPath()}|grpc`);
    expect(await start({ GF_PLUGIN_ADDRESS: '127.0.0.1:9000' }).handshake).toBe('1|2|tcp|127.0.0.1:9000|grpc');
    expect(await start({}).handshake).toBe('1|2|unix|/run/tapewatch/grafana.sock|grpc');
  });

  it('exits once when the id changes, and the next one stays', async () => {
    writeId('a');
    const first = start({ GF_PLUGIN_SOCKET: socketPath() });
    await first.handshake;
    expect(await stillRuns(first, 1_500)).toBe(true);
    writeId('b');
    expect(await first.exit).toBe(0);
    const second = start({ GF_PLUGIN_SOCKET: socketPath() });
    expect(await stillRuns(second, SEVERAL_CHECKS_MS)).toBe(true);
  });

  it('stays while the id stays, even when the file goes away and comes back unchanged', async () => {
    writeId('a');
    const locator = start({ GF_PLUGIN_SOCKET: socketPath() });
    expect(await stillRuns(locator, 1_500)).toBe(true);
    unlinkSync(`${socketPath()}.id`);
    expect(await stillRuns(locator, 1_500)).toBe(true);
    writeId('a');
    expect(await stillRuns(locator, 1_500)).toBe(true);
  });

  it('takes an id that appears soon after the start; exits when it appears late', async () => {
    const early = start({ GF_PLUGIN_SOCKET: socketPath() });
    await early.handshake;
    writeId('a');
    expect(await stillRuns(early, SEVERAL_CHECKS_MS)).toBe(true);
    unlinkSync(`${socketPath()}.id`);
    const late = start({ GF_PLUGIN_SOCKET: socketPath() });
    expect(await stillRuns(late, 5_000)).toBe(true);
    writeId('a');
    expect(await late.exit).toBe(0);
  });

  it('exits when Grafana died', async () => {
    const script = `"$0" "$1" & echo "$!"; read -r line`;
    const parent = spawn('sh', ['-c', script, 'sh', SCRIPT], {
      env: { PATH: process.env['PATH'] ?? '', GF_PLUGIN_SOCKET: socketPath() },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: parent.stdout as NodeJS.ReadableStream });
    // The handshake shows that the locator runs and knows its parent.
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        seen.push(line);
        if (seen.length === 2) resolve();
      });
    });
    const pid = Number(seen.find((line) => /^\d+$/.test(line)));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    const deadline = Date.now() + 10_000;
    while (isAlive(pid) && Date.now() < deadline) await wait(100);
    expect(isAlive(pid)).toBe(false);
    lines.close();
    parent.stdin?.destroy();
    parent.stdout?.destroy();
  });

  it.each(SHELLS)('runs in %s', async (shell) => {
    const command = [...shell.split(' '), SCRIPT];
    const locator = start({ GF_PLUGIN_SOCKET: socketPath() }, command);
    const printed = await Promise.race([locator.handshake, locator.exit]);
    if (printed === -1) return console.warn(`skipped: ${shell} is not on this machine`);
    expect(printed).toBe(`1|2|unix|${socketPath()}|grpc`);
    expect(await stillRuns(locator, 1_500)).toBe(true);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
