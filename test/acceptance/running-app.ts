/**
 * A sidecar in this process beside a real nats-server, in a folder of its own, with a publisher and a connection as Grafana's:
 * what a promise to users is tried on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type App, startApp } from '../../sidecar/src/app.ts';
import { configSchema } from '../../sidecar/src/config.ts';
import { NatsServer } from '../../sidecar/src/ingest/testing/nats-server.ts';
import { connectAsGrafana, type GrafanaConnection } from '../protocol/grafana-client.ts';
import { until } from './panel.ts';

export interface RunningApp {
  readonly app: App;
  readonly publisher: NatsConnection;
  readonly grafana: GrafanaConnection;
  readonly stop: () => Promise<void>;
}

/**
 * Ready when it resolves; when it cannot, what was begun is ended. `settings` are sections of the configuration, besides or in
 * place of those that every such test has.
 */
export async function startRunningApp(settings: (folder: string) => object): Promise<RunningApp> {
  const closers: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return { ...(await begin(settings, closers)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function begin(
  settings: (folder: string) => object,
  closers: (() => unknown)[],
): Promise<Omit<RunningApp, 'stop'>> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-acceptance-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const nats = await NatsServer.start();
  closers.push(() => nats.stop());
  const publisher = await connect({ servers: nats.url });
  closers.push(() => publisher.close());
  const app = await startApp(
    configSchema.parse({
      nats: { servers: [nats.url] },
      store: { kind: 'memory' },
      http: { listen: '127.0.0.1:0' },
      grafana: { listen: `unix:${join(folder, 'grafana.sock')}` },
      monitoring: { prometheus_port: 0, websocket_port: 0 },
      log: { level: 'silent' },
      ...settings(folder),
    }),
  );
  closers.push(() => app.stop());
  const grafana = connectAsGrafana(app.grafanaAddress as string);
  closers.push(() => grafana.close());
  await until(async () => (await fetch(`${app.httpAddress}/readyz`)).status === 200);
  return { app, publisher, grafana };
}

/** Events in DuckDB, and SQL over them that a busy machine does not cut off. */
export function storedEvents(folder: string): object {
  return { store: { kind: 'duckdb', path: join(folder, 'store.duckdb') }, query: { sql: { timeoutMs: 60_000 } } };
}
