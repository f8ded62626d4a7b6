/** Opens a channel for each integration of the Alertmanager file; credentials from files are read here. */
import { readFile } from 'node:fs/promises';
import type { Integration, WebhookConfig } from '@tapewatch/contract';
import { TapewatchError } from '../errors.ts';
import type { Channel, Logger } from '../ports.ts';
import type { ChannelOptions } from './channel-options.ts';
import { LogChannel } from './log.ts';
import { WebhookChannel, WebhookClient } from './webhook.ts';

export class ChannelSet {
  readonly #client: WebhookClient;
  readonly #log: Logger;
  readonly #externalUrl: string;

  /** `externalUrl`: where a reader of the notification can look further. */
  constructor(options: ChannelOptions, { log, externalUrl }: { log: Logger; externalUrl: string }) {
    this.#client = new WebhookClient(options);
    this.#log = log;
    this.#externalUrl = externalUrl;
  }

  /** By the integration's id. Throws `config.invalid` when credentials cannot be read. May be called again on reload. */
  async open(integrations: readonly Integration[]): Promise<ReadonlyMap<string, Channel>> {
    const channels = new Map<string, Channel>();
    for (const integration of integrations) channels.set(integration.id, await this.#openOne(integration));
    return channels;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #openOne(integration: Integration): Promise<Channel> {
    if (integration.kind === 'log') return new LogChannel(this.#log);
    const { url, max_alerts: maxAlerts } = integration.config;
    if (url.startsWith('http:')) {
      this.#log.warn(
        { receiver: integration.receiver },
        'A webhook uses plain http: alerts travel readable. Use https.',
      );
    }
    const authorization = await authorizationOf(integration.id, integration.config);
    const target = {
      url,
      maxAlerts,
      externalUrl: this.#externalUrl,
      ...(authorization === undefined ? {} : { authorization }),
    };
    return new WebhookChannel(this.#client, target);
  }
}

async function authorizationOf(
  id: string,
  { http_config: { authorization } }: WebhookConfig,
): Promise<string | undefined> {
  if (authorization === undefined) return undefined;
  const { type, credentials, credentials_file: file } = authorization;
  const secret = credentials ?? (await readSecret(id, file ?? ''));
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new TapewatchError(
      'config.invalid',
      `the credentials of "${id}" have characters that a header cannot carry; use printable ASCII without spaces`,
    );
  }
  return `${type} ${secret}`;
}

async function readSecret(id: string, file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TapewatchError('config.invalid', `the credentials file of "${id}" cannot be read (${reason})`, { cause });
  }
}
