/** Starts the sidecar's Grafana server in this process over the fixed desk, and speaks to it as Grafana does. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginContext } from '../../sidecar/src/grafana/message.ts';
import {
  startGrafanaServer,
  type GrafanaServer,
  type GrafanaServerDeps,
  type GrafanaServerOptions,
} from '../../sidecar/src/grafana/server.ts';
import type { Clock } from '../../sidecar/src/ports.ts';
import { fakeQueryService, fakeReader } from './fake-desk.ts';
import { connectAsGrafana, type GrafanaConnection } from './grafana-client.ts';

export const TOKEN = 'correct horse';
export const TOKEN_HASH = `sha256:${createHash('sha256').update(TOKEN).digest('hex')}`;

/** The machine's clock; the tests of live points are about real time. */
export const systemClock: Clock = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  every: (ms, callback) => {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
};

export function fakeDeps(overrides: Partial<GrafanaServerDeps> = {}): GrafanaServerDeps {
  return {
    queryService: fakeQueryService(),
    reader: fakeReader,
    clock: systemClock,
    metadata: {
      metrics: () => [{ name: 'queue_bytes', kind: 'gauge', unit: 'bytes', help: 'Bytes that wait.' }],
      functions: () => [{ name: 'rate', signature: 'rate(v range-vector)', help: 'Per-second increase.' }],
      matchers: (selector) => [{ name: '__name__', operator: '=', value: selector }],
      problems: (expr) => [{ severity: 'error', message: `wrong: ${expr}`, from: 0, to: 1 }],
    },
    health: () =>
      Promise.resolve({
        version: '0.1.0',
        source: { connected: true, server: 'nats://localhost:4222', detail: 'connected' },
        store: { ok: true, detail: 'duckdb, 1 MiB' },
      }),
    metrics: () => Promise.resolve('# HELP up Up.\n# TYPE up gauge\nup 1\n'),
    version: '0.1.0',
    logger: { warn: () => undefined },
    ...overrides,
  };
}

export interface World extends Omit<GrafanaConnection, 'close'> {
  readonly server: GrafanaServer;
  readonly folder: string;
  readonly socket: string;
  close(): Promise<void>;
}

export async function startWorld(
  overrides: Partial<GrafanaServerDeps> = {},
  options: Partial<GrafanaServerOptions> = {},
): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'grafana-'));
  const socket = join(folder, 'grafana.sock');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const starting = startGrafanaServer(fakeDeps(overrides), { listen: `unix:${socket}`, ...options });
  starting.catch(remove);
  const server = await starting;
  const connection = connectAsGrafana(server.address);
  return {
    server,
    folder,
    socket,
    ...connection,
    close: async () => {
      connection.close();
      await server.close();
      remove();
    },
  };
}

export function contextWith(token?: string, jsonData: object = {}): PluginContext {
  return {
    orgId: 1,
    user: { login: 'ada', role: 'Viewer' },
    dataSourceInstanceSettings: {
      uid: 'tapewatch',
      name: 'Tapewatch',
      jsonData: Buffer.from(JSON.stringify(jsonData)),
      decryptedSecureJsonData: token === undefined ? {} : { token },
    },
  };
}
