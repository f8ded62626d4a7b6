/**
 * Channels that get every alert, beside the receivers of the Alertmanager file, and the switch that silences all of
 * them. Keys as in REQUIREMENTS.md 7 and 15 (CHN-09, CHN-10). A channel is on when it is configured, unless `enabled`
 * says no; one that is switched on without its address is an error, because its alerts would go nowhere.
 */
import { z } from 'zod';

const secret = z.string().min(1).meta({ secret: true });
/** Readable only on its way within this machine. */
const HTTPS = /^https:\/\/.|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/;
const webhook = z
  .url({ error: 'must be an https address' })
  .regex(HTTPS, 'must be an https address')
  .meta({ secret: true })
  .optional();
const enabled = z.boolean().optional().describe('default: on when configured');

const email = z.strictObject({
  enabled,
  smtp_server: z.string().min(1).optional().describe('such as smtp.gmail.com'),
  smtp_port: z.number().int().min(1).max(65_535).default(587).describe('465: TLS from the first byte, else STARTTLS'),
  require_tls: z.boolean().default(true).describe('refuse to send readable mail; false only within a machine'),
  user: z.string().min(1).optional(),
  password: secret.optional(),
  from: z.string().min(3).optional(),
  to: z.array(z.string().min(3)).max(100).default([]),
});

const telegram = z.strictObject({
  enabled,
  bot_token: secret.optional(),
  chat_id: z.union([z.string().min(1), z.number().transform(String)]).optional(),
  api_url: z
    .url()
    .regex(HTTPS, 'must be an https address')
    .default('https://api.telegram.org')
    .describe('of the Bot API; another for a server of your own'),
});

export const notificationOptions = z
  .strictObject({
    enabled: z.boolean().default(true).describe('false: nothing is sent, by no channel'),
    discord: z.strictObject({ enabled, webhook_url: webhook }).prefault({}),
    slack: z.strictObject({ enabled, webhook_url: webhook }).prefault({}),
    email: email.prefault({}),
    telegram: telegram.prefault({}),
  })
  .prefault({})
  .superRefine(({ discord, slack, email, telegram }, context) => {
    const need = (channel: string, on: boolean | undefined, fields: Readonly<Record<string, unknown>>): void => {
      const missing = Object.keys(fields).filter((key) => fields[key] === undefined);
      if (on !== true || missing.length === 0) return;
      const message = `is switched on, but has no ${missing.join(', ')}; set it or switch the channel off`;
      context.addIssue({ code: 'custom', path: [channel, missing[0] as string], message });
    };
    need('discord', discord.enabled, { webhook_url: discord.webhook_url });
    need('slack', slack.enabled, { webhook_url: slack.webhook_url });
    need('email', email.enabled, { smtp_server: email.smtp_server, from: email.from, to: email.to[0] });
    need('telegram', telegram.enabled, { bot_token: telegram.bot_token, chat_id: telegram.chat_id });
    if ((email.user === undefined) !== (email.password === undefined)) {
      context.addIssue({ code: 'custom', path: ['email', 'password'], message: 'user and password go together' });
    }
  });

export type NotificationOptions = z.output<typeof notificationOptions>;
