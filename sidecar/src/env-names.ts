/**
 * Environment names that other systems gave these settings (REQUIREMENTS.md 15), beside our own `TAPEWATCH_` ones. Each
 * sets one or more paths of the document. Where it and our own name are both set and disagree, that is a problem: one of
 * the two would be ignored. With `_FILE` appended the value is read from that file. An empty value means not set.
 */
import { parseDurationMs } from '@tapewatch/core';

export interface EnvName {
  readonly variable: string;
  /** Every path of the document that the value sets. */
  readonly paths: readonly string[];
  /** What a path gets, undefined to leave it as it is; throws what is wrong with the text. */
  readonly read: (text: string, path: string) => unknown;
  /** As documented; what the settings are without the variable. */
  readonly standard: string;
  readonly meaning: string;
}

const RETENTION = 'store.retention';
const EVENT_TABLES = [
  ...['orders', 'fills', 'quotes', 'marketTrades', 'bookLevels', 'positions', 'signals', 'cashFlows', 'fxRates'],
  ...['exchangeStatus', 'spans', 'healthResults', 'events', 'deadLetters', 'transitions'],
];
const HOURS_A_DAY = 24;
/** Finer levels are kept for less than detail is; only a shorter retention cuts them. */
const FINER_LEVELS: Readonly<Record<string, number>> = {
  [`${RETENTION}.samplesHours`]: HOURS_A_DAY,
  [`${RETENTION}.secondWindowsHours`]: 7 * HOURS_A_DAY,
};

export const ENV_NAMES: readonly EnvName[] = [
  {
    variable: 'MONITORING_SCRAPE_INTERVAL',
    paths: ['scrape.interval'],
    read: (text) => (/^\d+$/.test(text) ? `${text}s` : text),
    standard: '15s',
    meaning: 'period of scraping, where a scrape job has none of its own',
  },
  {
    variable: 'MONITORING_RETENTION_DAYS',
    paths: [
      ...['tenSecondWindows', ...EVENT_TABLES].map((table) => `${RETENTION}.${table}Hours`),
      ...Object.keys(FINER_LEVELS),
    ],
    read: (text, path) => {
      const hours = number(text) * HOURS_A_DAY;
      return hours < (FINER_LEVELS[path] ?? Infinity) ? hours : undefined;
    },
    standard: '365',
    meaning: 'how long detail (10 s windows, events) is kept; finer levels for no longer than that',
  },
  {
    variable: 'MONITORING_BATCH_SIZE',
    paths: ['nats.pullBatch', 'pipeline.maxBatchRows'],
    read: number,
    standard: '1000',
    meaning: 'messages asked for at once from JetStream; when set, also the rows that make a write due (else 50,000)',
  },
  {
    variable: 'MONITORING_COMPRESSION_ENABLED',
    paths: ['store.compression', 'http.compression'],
    read: boolean,
    standard: 'true',
    meaning: 'compression of what is stored and of HTTP answers',
  },
  {
    variable: 'ALERT_EVALUATION_INTERVAL',
    paths: ['alerting.evaluationIntervalMs'],
    read: milliseconds,
    standard: '30s',
    meaning: 'evaluation of rule groups that name no interval, when no news comes',
  },
  {
    variable: 'ALERT_NOTIFICATION_TIMEOUT',
    paths: ['alerting.notification.overallTimeoutMs'],
    read: milliseconds,
    standard: '30s',
    meaning: 'a notification is given up after this, attempts and waits together',
  },
  {
    variable: 'ALERT_MAX_RETRIES',
    paths: ['alerting.notification.maxAttempts'],
    read: number,
    standard: '3',
    meaning: 'attempts at a notification, the first included',
  },
  {
    variable: 'ALERT_DEDUPLICATION_WINDOW',
    paths: ['alerts.deduplication_window'],
    read: (text) => milliseconds(text) / 1000,
    standard: '300s',
    meaning: 'an alert that begins again within it is held back',
  },
  {
    variable: 'MONITORING_QUERY_TIMEOUT',
    paths: ['query.timeoutMs', 'http.queryTimeoutMs'],
    read: milliseconds,
    standard: '30s',
    meaning: 'a query is cancelled after this',
  },
  {
    variable: 'MONITORING_CACHE_TTL',
    paths: ['query.cacheTtlMs'],
    read: milliseconds,
    standard: '300s',
    meaning: 'longest life of a cached answer',
  },
  {
    variable: 'MONITORING_MAX_CONCURRENT_QUERIES',
    paths: ['query.maxConcurrent'],
    read: number,
    standard: '50',
    meaning: 'queries at once; the next one waits',
  },
  plain('NOTIFICATIONS_ENABLED', 'notifications.enabled', {
    read: boolean,
    standard: 'true',
    meaning: 'false: nothing is sent, by no channel',
  }),
  plain('ALERTS_SLACK_ENABLED', 'notifications.slack.enabled', { read: boolean, meaning: 'switches Slack' }),
  plain('SLACK_WEBHOOK', 'notifications.slack.webhook_url', { meaning: 'https address of the incoming webhook' }),
  plain('ALERTS_EMAIL_ENABLED', 'notifications.email.enabled', { read: boolean, meaning: 'switches e-mail' }),
  plain('SMTP_HOST', 'notifications.email.smtp_server', { meaning: 'mail server, such as smtp.gmail.com' }),
  plain('SMTP_PORT', 'notifications.email.smtp_port', { read: number, standard: '587', meaning: 'its port' }),
  plain('SMTP_USER', 'notifications.email.user', { meaning: 'login of the mail server' }),
  plain('SMTP_PASSWORD', 'notifications.email.password', { meaning: 'its password' }),
  plain('EMAIL_FROM', 'notifications.email.from', { meaning: 'sender' }),
  plain('EMAIL_TO', 'notifications.email.to', { read: list, meaning: 'receivers, separated by commas' }),
  plain('ALERTS_TELEGRAM_ENABLED', 'notifications.telegram.enabled', { read: boolean, meaning: 'switches Telegram' }),
  plain('TELEGRAM_BOT_TOKEN', 'notifications.telegram.bot_token', { meaning: 'token of the bot' }),
  plain('TELEGRAM_CHAT_ID', 'notifications.telegram.chat_id', { meaning: 'chat that the bot writes to' }),
];

function plain(
  variable: string,
  path: string,
  { read = (text) => text, standard = '', meaning }: Partial<Pick<EnvName, 'read' | 'standard'>> & { meaning: string },
): EnvName {
  return { variable, paths: [path], read, standard, meaning };
}

/** `15s`, `5m`; a bare number means seconds. */
function milliseconds(text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDurationMs(text);
  if (ms === undefined) throw new Error(`"${text}" is not a duration; write such as 30s or 5m`);
  return ms;
}

function number(text: string): number {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  throw new Error(`"${text}" is not a number`);
}

function boolean(text: string): boolean {
  const word = text.toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw new Error(`"${text}" is not true or false`);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
