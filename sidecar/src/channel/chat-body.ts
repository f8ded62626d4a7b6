/**
 * The bodies that chat services document: Slack's incoming webhook (text and attachments with blocks), Discord's webhook
 * (content and embeds), Telegram's sendMessage (MarkdownV2). Each escapes what its markup would take for its own, so that
 * a label can neither mention a channel nor forge a link. Sources: api.slack.com "Formatting text", discord.com
 * "Execute Webhook", core.telegram.org "sendMessage".
 */
import type { Notification } from '../ports.ts';
import { colorOf, textOf, type AlertText } from './message-text.ts';

const SLACK_TEXT_MAX = 2_900;
const DISCORD_FIELDS_MAX = 25;
const DISCORD_FIELD_MAX = 200;
const DISCORD_TEXT_MAX = 1_000;
/** Of all embeds of a message together the service takes 6,000. */
const DISCORD_SIZE_MAX = 5_500;
const TELEGRAM_TEXT_MAX = 4_000;

export function slackBody(notification: Notification) {
  const text = textOf(notification);
  const section = (markdown: string) => ({
    type: 'section',
    text: { type: 'mrkdwn', text: markdown.slice(0, SLACK_TEXT_MAX) },
  });
  const blocks = text.alerts.map(({ title, summary, facts }) =>
    section([`*${slack(title)}*`, slack(summary), factsLine(facts, slack)].filter((line) => line !== '').join('\n')),
  );
  const more = text.more === 0 ? [] : [section(`and ${text.more} more`)];
  return {
    text: slack(text.headline),
    attachments: [{ color: colorOf(text), fallback: slack(text.headline), blocks: [...blocks, ...more] }],
  };
}

/** Slack takes these three as markup; everything else is shown as it is. */
function slack(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

export function discordBody(notification: Notification) {
  const text = textOf(notification);
  const embeds: DiscordEmbed[] = [];
  let room = DISCORD_SIZE_MAX;
  for (const alert of text.alerts) {
    const embed = discordEmbed(alert, room);
    if (embed === undefined) break;
    room -= sizeOf(embed);
    embeds.push(embed);
  }
  const more = text.more + text.alerts.length - embeds.length;
  return {
    content: discord(text.headline) + (more === 0 ? '' : ` (${more} more not listed)`),
    // Nobody is called by what a label says.
    allowed_mentions: { parse: [] },
    embeds,
  };
}

interface DiscordEmbed {
  readonly title: string;
  readonly description: string;
  readonly color: number;
  readonly timestamp: string;
  readonly fields: { readonly name: string; readonly value: string; readonly inline: true }[];
}

/** Undefined when not even its headline fits; facts that do not fit are left out, the last ones first. */
function discordEmbed(alert: AlertText, room: number): DiscordEmbed | undefined {
  const embed: DiscordEmbed = {
    title: discord(alert.title).slice(0, DISCORD_FIELD_MAX),
    description: discord(alert.summary).slice(0, DISCORD_TEXT_MAX),
    color: Number.parseInt(colorOf(alert).slice(1), 16),
    timestamp: alert.startsAt,
    fields: alert.facts.slice(0, DISCORD_FIELDS_MAX).map(([name, value]) => ({
      name: discord(name).slice(0, DISCORD_FIELD_MAX),
      value: discord(value).slice(0, DISCORD_FIELD_MAX) || '-',
      inline: true,
    })),
  };
  while (sizeOf(embed) > room && embed.fields.length > 0) embed.fields.pop();
  return sizeOf(embed) > room ? undefined : embed;
}

function sizeOf({ title, description, fields }: DiscordEmbed): number {
  return fields.reduce((sum, { name, value }) => sum + name.length + value.length, title.length + description.length);
}

function discord(text: string): string {
  return text.replace(/[\\*_~`|>[\]()#-]/g, '\\$&');
}

export function telegramBody(notification: Notification, chatId: string) {
  const text = textOf(notification);
  let message = `*${telegram(text.headline)}*`;
  let left = text.more;
  for (const alert of text.alerts) {
    const part = `\n\n${telegramAlert(alert)}`;
    if (message.length + part.length > TELEGRAM_TEXT_MAX) left += 1;
    else message += part;
  }
  if (left > 0) message += `\n\n${telegram(`and ${left} more`)}`;
  return { chat_id: chatId, text: message, parse_mode: 'MarkdownV2', link_preview_options: { is_disabled: true } };
}

function telegramAlert({ title, summary, facts }: AlertText): string {
  return [`*${telegram(title)}*`, telegram(summary), factsLine(facts, telegram)]
    .filter((line) => line !== '')
    .join('\n');
}

/** Every character that MarkdownV2 reserves. */
function telegram(text: string): string {
  return text.replace(/[_*[\]()~`>#+\-=|{}.!\\]/g, '\\$&');
}

function factsLine(facts: AlertText['facts'], escape: (text: string) => string): string {
  return facts.map(([name, value]) => escape(`${name}: ${value}`)).join('\n');
}
