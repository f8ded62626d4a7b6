/**
 * Every name of REQUIREMENTS.md 15, a row each: what its default does at the place where it is used, and what another
 * value does there. Nothing is only parsed: each row watches the part that the setting is for.
 */
import http from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { loadConfig, type Config } from './config.ts';
import { ENV_NAMES } from './env-names.ts';
import {
  arrived,
  attempts,
  cacheSeconds,
  closers,
  compressed,
  daysKept,
  desk,
  evaluationSeconds,
  fileOf,
  healthCheck,
  heldSeconds,
  loopSeconds,
  port,
  pulled,
  queriesAtOnce,
  queryTimeoutSeconds,
  scrapeSeconds,
  secondsUntilGivenUp,
  sent,
} from './testing/places-of-use.ts';

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  jest.useRealTimers();
});

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly yaml?: string;
}

function configOf({ env = {}, yaml }: Given): Config {
  return loadConfig({ file: yaml === undefined ? undefined : fileOf('tapewatch.yaml', yaml), environment: env });
}

// --- Receivers -----------------------------------------------------------------------------------------------------

let base: string;
let smtpPort: number;
let freePorts: number[];
let chat: http.Server;
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData(stream, { envelope: { mailFrom, rcptTo } }, done) {
    stream.resume();
    arrived.push(
      `mail from ${(mailFrom as { address: string }).address} to ${rcptTo.map(({ address }) => address).join()}`,
    );
    stream.on('end', () => done());
  },
});

async function portOf(
  server: { address(): AddressInfo | string | null },
  listen: (done: () => void) => void,
): Promise<number> {
  await new Promise<void>((done) => listen(done));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  chat = http.createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { chat_id: id } = JSON.parse(text) as { chat_id?: string };
      arrived.push(request.url + (id === undefined ? '' : ` to ${id}`));
      response.end('ok');
    });
  });
  base = `http://127.0.0.1:${await portOf(chat, (done) => chat.listen(0, '127.0.0.1', done))}`;
  smtpPort = await portOf(smtp.server, (done) => smtp.listen(0, '127.0.0.1', done));
  const probes = [createServer(), createServer()];
  freePorts = await Promise.all(probes.map((probe) => portOf(probe, (done) => probe.listen(0, '127.0.0.1', done))));
  await Promise.all(probes.map((probe) => new Promise((done) => probe.close(done))));
});
afterAll(async () => {
  await new Promise((done) => chat.close(done));
  await new Promise<void>((done) => smtp.close(() => done()));
});

// --- The table -----------------------------------------------------------------------------------------------------

interface Row {
  readonly name: string;
  readonly proves: string;
  readonly given: () => Given;
  /** Beside what is given, in both runs. */
  readonly always?: () => Given;
  readonly use: (config: Config) => unknown;
  readonly standard: unknown;
  readonly changed: () => unknown;
}

function row(
  name: string,
  proves: string,
  rest: Omit<Row, 'name' | 'proves' | 'changed' | 'given'> & { given: (() => Given) | string; changed: unknown },
): Row {
  const { given, changed } = rest;
  return {
    name,
    proves,
    ...rest,
    given:
      typeof given === 'string' ? () => (/^[A-Z_]+$/.test(name) ? { env: { [name]: given } } : { yaml: given }) : given,
    changed: () => (typeof changed === 'function' ? (changed as () => unknown)() : changed),
  };
}

/** A channel that is configured but for the one setting of the row. */
const mail = (over: Record<string, string> = {}) => ({
  env: {
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(smtpPort),
    EMAIL_FROM: 'a@x.example',
    EMAIL_TO: 'b@x.example',
    TAPEWATCH_NOTIFICATIONS_EMAIL_REQUIRE_TLS: 'false',
    ...over,
  },
});
const telegram = (over: Record<string, string> = {}) => ({
  env: { TELEGRAM_BOT_TOKEN: '1:t', TELEGRAM_CHAT_ID: '7', TAPEWATCH_NOTIFICATIONS_TELEGRAM_API_URL: base, ...over },
});
const slack = () => ({ env: { SLACK_WEBHOOK: `${base}/services/T/B/x` } });
const MAIL = ['mail from a@x.example to b@x.example'];
const SLACK = ['/services/T/B/x'];
const TELEGRAM = ['/bot1:t/sendMessage to 7'];
const none: readonly string[] = [];

const ROWS: readonly Row[] = [
  row('MONITORING_SCRAPE_INTERVAL', 'CFG-01', { given: '5s', use: scrapeSeconds, standard: 15, changed: 5 }),
  row('MONITORING_RETENTION_DAYS', 'CFG-02', {
    given: '3',
    use: daysKept,
    standard: { detail: 365, seconds: 7, fills: 365 },
    changed: { detail: 3, seconds: 3, fills: 3 },
  }),
  row('MONITORING_BATCH_SIZE', 'CFG-03', {
    given: '250',
    use: pulled,
    standard: [1_000, 50_000],
    changed: [250, 250],
  }),
  row('MONITORING_COMPRESSION_ENABLED', 'CFG-04', {
    given: 'false',
    use: compressed,
    standard: ['auto', 'gzip'],
    changed: ['uncompressed', 'plain'],
  }),
  row('ALERT_EVALUATION_INTERVAL', 'CFG-05', { given: '20s', use: evaluationSeconds, standard: 30, changed: 20 }),
  row('ALERT_NOTIFICATION_TIMEOUT', 'CFG-06', { given: '5s', use: secondsUntilGivenUp, standard: 30, changed: 5 }),
  row('ALERT_MAX_RETRIES', 'CFG-07', { given: '5', use: attempts, standard: 3, changed: 5 }),
  row('ALERT_DEDUPLICATION_WINDOW', 'CFG-08', { given: '40s', use: heldSeconds('INFO'), standard: 300, changed: 40 }),
  row('MONITORING_QUERY_TIMEOUT', 'CFG-09', { given: '4s', use: queryTimeoutSeconds, standard: 30, changed: 4 }),
  row('MONITORING_CACHE_TTL', 'CFG-10, STO-16', { given: '60s', use: cacheSeconds, standard: 300, changed: 60 }),
  row('MONITORING_MAX_CONCURRENT_QUERIES', 'CFG-11', { given: '7', use: queriesAtOnce, standard: 50, changed: 7 }),
  row('NOTIFICATIONS_ENABLED', 'CFG-14, CHN-10', {
    given: 'false',
    use: heldSeconds('EMERGENCY'),
    standard: 0,
    changed: NaN,
  }),
  row('ALERTS_SLACK_ENABLED', 'CFG-15', { given: 'false', always: slack, use: sent, standard: SLACK, changed: none }),
  row('SLACK_WEBHOOK', 'CFG-16', { given: slack, use: sent, standard: none, changed: SLACK }),
  row('ALERTS_EMAIL_ENABLED', 'CFG-17', { given: 'false', always: mail, use: sent, standard: MAIL, changed: none }),
  row('SMTP_HOST', 'CFG-18', { given: mail, use: sent, standard: none, changed: MAIL }),
  row('SMTP_PORT', 'CFG-19', {
    given: () => mail(),
    always: () => ({}),
    use: (config) =>
      config.notifications.email.smtp_server === undefined ? config.notifications.email.smtp_port : sent(config),
    standard: 587,
    changed: MAIL,
  }),
  row('EMAIL_FROM', 'CFG-20', {
    given: 'c@x.example',
    always: mail,
    use: sent,
    standard: MAIL,
    changed: ['mail from c@x.example to b@x.example'],
  }),
  row('EMAIL_TO', 'CFG-21', {
    given: 'd@x.example',
    always: mail,
    use: sent,
    standard: MAIL,
    changed: ['mail from a@x.example to d@x.example'],
  }),
  row('ALERTS_TELEGRAM_ENABLED', 'CFG-22', {
    given: 'false',
    always: telegram,
    use: sent,
    standard: TELEGRAM,
    changed: none,
  }),
  row('TELEGRAM_BOT_TOKEN', 'CFG-23', {
    given: '2:u',
    always: telegram,
    use: sent,
    standard: TELEGRAM,
    changed: ['/bot2:u/sendMessage to 7'],
  }),
  row('TELEGRAM_CHAT_ID', 'CFG-24', {
    given: '-100',
    always: telegram,
    use: sent,
    standard: TELEGRAM,
    changed: ['/bot1:t/sendMessage to -100'],
  }),
  row('monitoring.prometheus_port', 'CFG-25', {
    given: () => ({ yaml: `monitoring: { prometheus_port: ${freePorts[0]} }` }),
    use: port('exposition'),
    standard: 8_000,
    changed: () => freePorts[0],
  }),
  row('monitoring.metrics_interval_seconds', 'CFG-26', {
    given: 'monitoring: { metrics_interval_seconds: 5 }',
    use: loopSeconds('metrics'),
    standard: 15,
    changed: 5,
  }),
  row('monitoring.health_check_interval_seconds', 'CFG-27', {
    given: 'monitoring: { health_check_interval_seconds: 60 }',
    use: loopSeconds('health'),
    standard: 30,
    changed: 60,
  }),
  row('monitoring.alert_check_interval_seconds', 'CFG-28', {
    given: 'monitoring: { alert_check_interval_seconds: 2 }',
    use: loopSeconds('alerts'),
    standard: 10,
    changed: 2,
  }),
  row('alerts.cooldown_warning', 'CFG-29', {
    given: 'alerts: { cooldown_warning: 20 }',
    use: heldSeconds('WARNING'),
    standard: 300,
    changed: 20,
  }),
  row('alerts.cooldown_critical', 'CFG-30', {
    given: 'alerts: { cooldown_critical: 5 }',
    use: heldSeconds('CRITICAL'),
    standard: 60,
    changed: 5,
  }),
  row('notifications.discord.webhook_url', 'CFG-31', {
    given: () => ({ yaml: `notifications: { discord: { webhook_url: "${base}/api/webhooks/1/x" } }` }),
    use: sent,
    standard: none,
    changed: ['/api/webhooks/1/x'],
  }),
  row('notifications.slack.webhook_url', 'CFG-31', {
    given: () => ({ yaml: `notifications: { slack: { webhook_url: "${base}/services/T/B/x" } }` }),
    use: sent,
    standard: none,
    changed: SLACK,
  }),
  row('notifications.email.enabled', 'CFG-31', {
    given: 'notifications: { email: { enabled: false } }',
    always: mail,
    use: sent,
    standard: MAIL,
    changed: none,
  }),
  row('notifications.email.smtp_server', 'CHN-09', {
    given: 'notifications: { email: { smtp_server: 127.0.0.1 } }',
    always: () => mail({ SMTP_HOST: '' }),
    use: sent,
    standard: none,
    changed: MAIL,
  }),
  ...(
    [
      ['exchange_connectivity', 30],
      ['neo4j_connectivity', 60],
      ['api_rate_limit', 10],
      ['system_resources', 60],
      ['disk_space', 300],
      ['agent_health', 60],
      ['portfolio_health', 30],
      ['database_locks', 60],
    ] as const
  ).flatMap(([name, seconds]) => [
    row(`health_checks.${name}.enabled`, 'CFG-32', {
      given: `health_checks: { ${name}: { enabled: false } }`,
      use: healthCheck(name),
      standard: [true, seconds],
      changed: [false, seconds],
    }),
    row(`health_checks.${name}.interval_seconds`, 'CFG-32', {
      given: `health_checks: { ${name}: { interval_seconds: 7 } }`,
      use: healthCheck(name),
      standard: [true, seconds],
      changed: [true, 7],
    }),
  ]),
  row('initial_equity', 'CFG-33', {
    given: 'initial_equity: 500',
    use: desk,
    standard: { start: 10_000, window: 100, winRate: 90 },
    changed: { start: 500, window: 100, winRate: 90 },
  }),
  row('rolling_window', 'CFG-34', {
    given: 'rolling_window: 20',
    use: desk,
    standard: { start: 10_000, window: 100, winRate: 90 },
    changed: { start: 10_000, window: 20, winRate: 50 },
  }),
  row('monitoring.websocket_port', 'CFG-35', {
    given: () => ({ yaml: `monitoring: { websocket_port: ${freePorts[1]} }` }),
    use: port('live'),
    standard: 8_765,
    changed: () => freePorts[1],
  }),
];

describe('every documented setting changes what it is for', () => {
  it.each(ROWS.map((each) => [each.name, each.proves, each] as const))(
    '%s (proves: %s)',
    async (_name, _proves, { given, always, use, standard, changed }) => {
      const common = always?.() ?? {};
      expect(await use(configOf(common))).toEqual(standard);
      for (const close of closers.splice(0).reverse()) await close();
      jest.useRealTimers();
      const own = given();
      expect(await use(configOf({ ...own, env: { ...common.env, ...own.env } }))).toEqual(changed());
    },
  );

  it('ingests 1,000 at once with compression, unless the two settings say otherwise (proves: ING-15)', async () => {
    const both = { MONITORING_BATCH_SIZE: '250', MONITORING_COMPRESSION_ENABLED: 'false' };
    const [usual, changed] = [configOf({}), configOf({ env: both })];
    expect([pulled(usual), await compressed(usual)]).toEqual([
      [1_000, 50_000],
      ['auto', 'gzip'],
    ]);
    expect([pulled(changed), await compressed(changed)]).toEqual([
      [250, 250],
      ['uncompressed', 'plain'],
    ]);
  });

  it('has a row for every environment name of the sources', () => {
    const names = new Set(ROWS.map(({ name }) => name));
    const ours = new Set(['SMTP_USER', 'SMTP_PASSWORD']);
    expect(
      ENV_NAMES.map(({ variable }) => variable).filter((variable) => !names.has(variable) && !ours.has(variable)),
    ).toEqual([]);
  });
});
