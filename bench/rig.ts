/**
 * The rig of a benchmark: a real nats-server and the built sidecar on free ports, in a temporary folder.
 * `TAPEWATCH_SIDECAR` names another `main.cjs` than that of `sidecar/dist`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { shippedEnvironment } from '../test/fault/shipped-environment.ts';

const READY_TIMEOUT_MS = 20_000;
/** Of the log, what is shown when a start fails. */
const LOG_CHARACTERS = 2_000;

export interface Rig {
  readonly nats: string;
  readonly http: string;
  readonly natsPid: number;
  readonly sidecarPid: number;
  stop(): Promise<void>;
}

export interface RigOptions {
  /** Sections of the sidecar's configuration that differ from the rig's own. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Content of a rule file. */
  readonly rules?: string;
}

export async function startRig({ config = {}, rules }: RigOptions = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-bench-'));
  const [natsPort, httpPort] = [await freePort(), await freePort()];
  const nats = start('nats-server', ['-a', '127.0.0.1', '-p', `${natsPort}`, '-js', '-sd', join(folder, 'js')], folder);
  const document = {
    nats: { servers: [`nats://127.0.0.1:${natsPort}`] },
    store: { kind: 'duckdb', path: join(folder, 'bench.duckdb') },
    http: { listen: `127.0.0.1:${httpPort}` },
    grafana: { listen: `unix:${join(folder, 'grafana.sock')}` },
    monitoring: { prometheus_port: 0 },
    log: { level: 'warn' },
    ...(rules === undefined ? {} : { alerting: { ruleFiles: [join(folder, 'rules.yaml')] } }),
    ...config,
  };
  if (rules !== undefined) writeFileSync(join(folder, 'rules.yaml'), rules);
  const file = join(folder, 'tapewatch.yaml');
  writeFileSync(file, JSON.stringify(document));
  const main = resolve(process.env['TAPEWATCH_SIDECAR'] ?? 'sidecar/dist/main.cjs');
  const sidecar = start(process.execPath, [main, 'serve', '--config', file], folder, shippedEnvironment());
  const http = `http://127.0.0.1:${httpPort}`;
  const stop = async (): Promise<void> => {
    await end(sidecar);
    await end(nats);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(`${http}/readyz`, sidecar, join(folder, 'log'));
  } catch (error) {
    await stop();
    throw error;
  }
  const pids = { natsPid: nats.pid as number, sidecarPid: sidecar.pid as number };
  return { nats: `nats://127.0.0.1:${natsPort}`, http, ...pids, stop };
}

/** Value of an instant query that yields one number; 0 when it yields nothing. */
export async function scalar(http: string, query: string): Promise<number> {
  const response = await fetch(`${http}/api/v1/query?query=${encodeURIComponent(query)}`);
  const body = (await response.json()) as { data?: { result?: { value?: [number, string] }[] }; error?: string };
  if (!response.ok) throw new Error(`${query}: ${body.error ?? response.status}`);
  return Number(body.data?.result?.[0]?.value?.[1] ?? 0);
}

function start(
  command: string,
  args: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a');
  return spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...environment } });
}

async function ready(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) break;
    const ok = await fetch(url)
      .then((response) => response.ok)
      .catch(() => false);
    if (ok) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  // The file goes with the rig.
  throw new Error(`the sidecar did not become ready:\n${readFileSync(logFile, 'utf8').slice(-LOG_CHARACTERS)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
