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

export function openBroadcast(options: NotificationOptions, client: WebhookClient): readonly BroadcastChannel[] {
  const { discord, slack, email, telegram } = options;
  const channels: BroadcastChannel[] = [];
  const add = (channel: Channel): number => channels.push({ id: `notifications/${channel.kind}`, channel });
  const on = (enabled: boolean | undefined): boolean => enabled !== false;
  if (on(discord.enabled) && discord.webhook_url !== undefined) {
    add(new WebhookChannel(client, { kind: 'discord', url: discord.webhook_url, body: discordBody }));
  }
  if (on(slack.enabled) && slack.webhook_url !== undefined) {
    add(new WebhookChannel(client, { kind: 'slack', url: slack.webhook_url, body: slackBody }));
  }
  if (on(telegram.enabled) && telegram.bot_token !== undefined && telegram.chat_id !== undefined) {
    const { api_url: api, bot_token: token, chat_id: chat } = telegram;
    const url = `${api.replace(/\/$/, '')}/bot${token}/sendMessage`;
    add(
      new WebhookChannel(client, { kind: 'telegram', url, body: (notification) => telegramBody(notification, chat) }),
    );
  }
  if (on(email.enabled) && email.smtp_server !== undefined && email.from !== undefined && email.to.length > 0) {
    add(
      new EmailChannel({
        host: email.smtp_server,
        port: email.smtp_port,
        requireTls: email.require_tls,
        ...(email.user === undefined ? {} : { user: email.user }),
        ...(email.password === undefined ? {} : { password: email.password }),
        from: email.from,
        to: email.to,
        timeoutMs: client.timeoutMs,
      }),
    );
  }
  return channels;
}
