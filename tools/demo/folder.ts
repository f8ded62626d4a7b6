/** Where the demo keeps things: everything below `.tapewatch/`, which git ignores. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface DemoFolder {
  readonly path: string;
  readonly natsData: string;
  readonly store: string;
  readonly ledger: string;
  readonly routes: string;
  readonly socket: string;
  log(name: string): string;
  remove(): void;
}

export function openFolder(path: string, { reset }: { readonly reset: boolean }): DemoFolder {
  if (reset) rmSync(path, { recursive: true, force: true });
  mkdirSync(join(path, 'log'), { recursive: true });
  return {
    path,
    natsData: join(path, 'nats'),
    store: join(path, 'tapewatch.duckdb'),
    ledger: join(path, 'ledger.ndjson'),
    routes: join(path, 'alertmanager.yaml'),
    socket: join(path, 'grafana.sock'),
    log: (name) => join(path, 'log', `${name}.log`),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
