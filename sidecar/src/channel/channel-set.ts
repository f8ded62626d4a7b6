/** Opens a channel for each integration of the Alertmanager file; credentials from files are read here. */
import { readFile } from 'node:fs/promises';
import type { Integration, WebhookConfig } from '@tapewatch/contract';
import { TapewatchError } from '../errors.ts';
import type { Channel, Logger } from '../ports.ts';
import { alertmanagerBody } from './alertmanager-body.ts';
import { openBroadcast, type BroadcastChannel } from './broadcast.ts';
import type { ChannelOptions } from './channel-options.ts';
import { EmailChannel } from './email.ts';
import { LogChannel } from './log.ts';
import type { NotificationOptions } from './notification-options.ts';
import { WebhookChannel, WebhookClient } from './webhook.ts';

interface ChannelSetDeps {
  readonly log: Logger;
  readonly externalUrl: string;
  /** Channels that get every alert. */
  readonly notifications?: NotificationOptions;
}

export class ChannelSet {
  readonly broadcast: readonly BroadcastChannel[];
  readonly #client: WebhookClient;
  readonly #log: Logger;
  readonly #externalUrl: string;

  /** `externalUrl`: where a reader of the notification can look further. */
  constructor(options: ChannelOptions, { log, externalUrl, notifications }: ChannelSetDeps) {
    this.#client = new WebhookClient(options);
    this.broadcast = notifications === undefined ? [] : openBroadcast(notifications, this.#client);
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
    for (const { channel } of this.broadcast) if (channel instanceof EmailChannel) channel.close();
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
    const externalUrl = this.#externalUrl;
    return new WebhookChannel(this.#client, {
      kind: 'webhook',
      url,
      body: (notification) => alertmanagerBody(notification, { maxAlerts, externalUrl }),
      ...(authorization === undefined ? {} : { authorization }),
    });
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
