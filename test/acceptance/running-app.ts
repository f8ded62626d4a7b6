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

/** Ready when it resolves. `settings` are sections of the configuration, besides or in place of those that every such test has. */
export async function startRunningApp(settings: (folder: string) => object): Promise<RunningApp> {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-acceptance-'));
  const nats = await NatsServer.start();
  const publisher = await connect({ servers: nats.url });
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
  const grafana = connectAsGrafana(app.grafanaAddress as string);
  await until(async () => (await fetch(`${app.httpAddress}/readyz`)).status === 200);
  const stop = async (): Promise<void> => {
    grafana.close();
    await app.stop();
    await publisher.close();
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { app, publisher, grafana, stop };
}

/** Events in DuckDB, and SQL over them that a busy machine does not cut off. */
export function storedEvents(folder: string): object {
  return { store: { kind: 'duckdb', path: join(folder, 'store.duckdb') }, query: { sql: { timeoutMs: 60_000 } } };
}
