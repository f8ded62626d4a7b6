/**
 * The channels of the configuration's `notifications` block: each that is configured and not switched off gets every
 * alert, beside the receivers of the routes (CHN-11, CHN-13).
 */
import type { Channel } from '../ports.ts';
import { discordBody, slackBody, telegramBody } from './chat-body.ts';
import { EmailChannel } from './email.ts';
import type { NotificationOptions } from './notification-options.ts';
import { WebhookChannel, type WebhookClient } from './webhook.ts';

export interface BroadcastChannel {
  readonly id: string;
  readonly channel: Channel;
}

type Kind = 'discord' | 'slack' | 'telegram' | 'email';

/** Those that are configured and not switched off. */
export function broadcastKinds({ discord, slack, email, telegram }: NotificationOptions): readonly Kind[] {
  const isReady: Readonly<Record<Kind, boolean>> = {
    discord: discord.enabled !== false && discord.webhook_url !== undefined,
    slack: slack.enabled !== false && slack.webhook_url !== undefined,
    telegram: telegram.enabled !== false && telegram.bot_token !== undefined && telegram.chat_id !== undefined,
    email:
      email.enabled !== false && email.smtp_server !== undefined && email.from !== undefined && email.to.length > 0,
  };
  return (['discord', 'slack', 'telegram', 'email'] as const).filter((kind) => isReady[kind]);
}

export function openBroadcast(options: NotificationOptions, client: WebhookClient): readonly BroadcastChannel[] {
  return broadcastKinds(options).map((kind) => ({ id: `notifications/${kind}`, channel: open(kind, options, client) }));
}

function open(kind: Kind, { discord, slack, email, telegram }: NotificationOptions, client: WebhookClient): Channel {
  if (kind === 'discord') {
    return new WebhookChannel(client, { kind, url: discord.webhook_url ?? '', body: discordBody });
  }
  if (kind === 'slack') return new WebhookChannel(client, { kind, url: slack.webhook_url ?? '', body: slackBody });
  if (kind === 'telegram') {
    const { api_url: api, bot_token: token = '', chat_id: chat = '' } = telegram;
    const url = `${api.replace(/\/$/, '')}/bot${token}/sendMessage`;
    return new WebhookChannel(client, { kind, url, body: (notification) => telegramBody(notification, chat) });
  }
  return new EmailChannel({
    host: email.smtp_server ?? '',
    port: email.smtp_port,
    requireTls: email.require_tls,
    ...(email.user === undefined ? {} : { user: email.user }),
    ...(email.password === undefined ? {} : { password: email.password }),
    from: email.from ?? '',
    to: email.to,
    timeoutMs: client.timeoutMs,
  });
}
