/**
 * `tapewatch doctor`: tries what the sidecar needs and says for each thing what was found and what to do. Asks a running
 * sidecar over HTTP and never opens its store.
 */
import { constants } from 'node:fs';
import { access, mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { jetstreamManager } from '@nats-io/jetstream';
import { loadConfig, type Config } from '../config.ts';
import { inspectConsumer } from '../ingest/inspect-consumer.ts';
import { NatsLink } from '../ingest/nats-link.ts';
import { configuredParts } from './configured.ts';

const MIN_FREE_BYTES = 1_073_741_824;
const HTTP_TIMEOUT_MS = 3_000;
const MAX_CLOCK_OFFSET_MS = 1_000;

interface Finding {
  readonly name: string;
  readonly state: 'good' | 'bad' | 'note';
  readonly detail: string;
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('try NATS, JetStream, the store, the running sidecar, Grafana and the clock')
    .option('-c, --config <file>', 'configuration file (YAML); default: TAPEWATCH_CONFIG')
    .option('--grafana <url>', 'address of Grafana', 'http://127.0.0.1:3000')
    .action(async ({ config: file, grafana }: { config?: string; grafana: string }) => {
      const config = loadConfig({ file, environment: process.env });
      const findings = (
        await Promise.all([checkNats(config), checkStore(config), checkSidecar(config), checkGrafana(grafana)])
      ).flat();
      for (const { name, detail } of configuredParts(config)) findings.push({ name, state: 'note', detail });
      for (const { name, state, detail } of findings) console.log(`${state.padEnd(5)} ${name}: ${detail}`);
      if (findings.some(({ state }) => state === 'bad')) process.exitCode = 1;
    });
}

async function checkNats({ nats, streams }: Config): Promise<Finding[]> {
  const link = new NatsLink({ ...nats, waitForServer: false }, () => undefined);
  try {
    const connection = await link.open();
    const roundTripMs = await connection.rtt();
    const server = `${link.status().server} (${connection.info?.version ?? 'unknown version'})`;
    const found: Finding[] = [{ name: 'NATS', state: 'good', detail: `${server}, round trip ${roundTripMs} ms` }];
    const durable = streams.filter(({ delivery }) => delivery === 'jetstream');
    if (durable.length > 0) {
      const { streams: count } = await (await jetstreamManager(connection)).getAccountInfo();
      found.push({ name: 'JetStream', state: 'good', detail: `enabled, ${count} streams` });
    }
    for (const stream of durable)
      found.push({ name: `stream ${stream.name}`, state: 'good', detail: await inspectConsumer(connection, stream) });
    return found;
  } catch (error) {
    return [{ name: 'NATS', state: 'bad', detail: textOf(error) }];
  } finally {
    await link.drain();
  }
}

async function checkStore({ store }: Config): Promise<Finding[]> {
  if (store.kind === 'memory') {
    return [{ name: 'store', state: 'note', detail: 'in memory: nothing survives a restart' }];
  }
  const folder = dirname(store.path);
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const detail = `${store.path}, ${(free / 2 ** 30).toFixed(1)} GiB free`;
    return [{ name: 'store', state: free < MIN_FREE_BYTES ? 'bad' : 'good', detail }];
  } catch (error) {
    return [{ name: 'store', state: 'bad', detail: `${folder} cannot be written: ${textOf(error)}` }];
  }
}

async function checkSidecar({ http }: Config): Promise<Finding[]> {
  const url = `http://${http.listen}/readyz`;
  const asked = Date.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
    const text = (await response.text()).slice(0, 300);
    const sidecar: Finding = { name: 'sidecar', state: response.ok ? 'good' : 'bad', detail: `${url}: ${text}` };
    return [sidecar, checkClock(response.headers.get('date'), asked)];
  } catch {
    return [{ name: 'sidecar', state: 'note', detail: `none answers at ${url}; start it with tapewatch serve` }];
  }
}

/** HTTP dates have whole seconds, so only a larger offset means anything. */
function checkClock(date: string | null, askedMs: number): Finding {
  if (date === null) return { name: 'clock', state: 'note', detail: 'the sidecar sends no date to compare with' };
  const offsetMs = Math.abs(Date.parse(date) - askedMs);
  const state = offsetMs > MAX_CLOCK_OFFSET_MS + 1_000 ? 'bad' : 'good';
  return { name: 'clock', state, detail: `within ${Math.ceil(offsetMs / 1_000)} s of the sidecar's` };
}

async function checkGrafana(url: string): Promise<Finding[]> {
  try {
    const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
    const { version } = (await response.json()) as { version?: string };
    return [{ name: 'Grafana', state: 'good', detail: `${url}, version ${version ?? 'unknown'}` }];
  } catch {
    return [{ name: 'Grafana', state: 'note', detail: `none answers at ${url} (--grafana)` }];
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
