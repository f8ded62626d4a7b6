/** From settings to the running server: tokens from the configuration and from files, or none at all when switched off. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TapewatchError } from '../errors.ts';
import type { GrafanaSettings } from './grafana-options.ts';
import { startGrafanaServer, type GrafanaServer, type GrafanaServerDeps, type GrafanaServerOptions } from './server.ts';

/** Undefined when `enabled` is false. Throws `config.invalid` or `listen.refused`. */
export async function openGrafana(
  deps: GrafanaServerDeps,
  settings: GrafanaSettings & Pick<GrafanaServerOptions, 'queryTimeoutMs'>,
): Promise<GrafanaServer | undefined> {
  if (!settings.enabled) return undefined;
  const { listen, socketGroup, tls, queryTimeoutMs } = settings;
  if (listen.startsWith('unix:')) await mkdir(dirname(listen.slice('unix:'.length)), { recursive: true });
  const tokenHashes = [...settings.tokens, ...(await Promise.all(settings.tokenFiles.map(hashOfFile)))];
  return startGrafanaServer(deps, {
    listen,
    tokenHashes,
    ...(queryTimeoutMs === undefined ? {} : { queryTimeoutMs }),
    ...(socketGroup === undefined ? {} : { socketGroup }),
    ...(tls === undefined ? {} : { tls }),
  });
}

async function hashOfFile(path: string, index: number): Promise<string> {
  const token = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TapewatchError('config.invalid', `grafana.tokenFiles.${index}: ${path} cannot be read`, { cause });
  });
  if (token.trim() === '') throw new TapewatchError('config.invalid', `grafana.tokenFiles.${index}: ${path} is empty`);
  return createHash('sha256').update(token.trim()).digest('hex');
}
