/** Where the demo keeps things: everything below `.tapewatch/`, which git ignores. */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
    socket: socketPath(path),
    log: (name) => join(path, 'log', `${name}.log`),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** A unix socket's path has about a hundred bytes (sun_path): a deep folder makes way for the temporary one. */
const SOCKET_PATH_BYTES = 100;

function socketPath(folder: string): string {
  const path = join(folder, 'grafana.sock');
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES ? path : join(tmpdir(), `tapewatch-${process.pid}.sock`);
}
