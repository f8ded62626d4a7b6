/** Slack, Discord, Telegram and mail: what they are sent, to servers of the documented shape, and what is refused. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Channel, Notification } from '../ports.ts';
import { openBroadcast } from './broadcast.ts';
import { channelContract, FAULTS, NOTIFICATION, type FaultName } from './channel.contract.ts';
import { channelOptions } from './channel-options.ts';
import { discordBody, slackBody, telegramBody } from './chat-body.ts';
import { notificationOptions } from './notification-options.ts';
import { WebhookClient } from './webhook.ts';

const received: { url: string; body: Record<string, unknown> }[] = [];
let fault: FaultName = 'ok';
let base: string;
let server: http.Server;
const clientWith = (timeoutMs: number): WebhookClient =>
  new WebhookClient(channelOptions.parse({ allowPrivate: ['127.0.0.1'], timeoutMs }));
/** On a busy machine an answer may take seconds; only what is to time out has a short time. */
const [client, hasty] = [clientWith(20_000), clientWith(400)];

beforeAll(async () => {
  server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      received.push({ url: request.url ?? '', body: JSON.parse(text) });
      const { sent, retryAfterMs } = FAULTS[fault] as { sent: boolean; retryAfterMs?: number };
      if (fault === 'hang') return;
      if (fault === 'close') return void response.socket?.destroy();
      const status = { error500: 500, busy429: 429, notFound: 404, redirect: 302 }[fault as string] ?? 200;
      if (retryAfterMs !== undefined) response.setHeader('retry-after', retryAfterMs / 1000);
      response.writeHead(sent ? 200 : status);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await client.close();
  await hasty.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  received.length = 0;
  fault = 'ok';
});

function open(settings: object, using = client): Channel[] {
  return openBroadcast(notificationOptions.parse(settings), using).map(({ channel }) => channel);
}

const CHAT = {
  slack: () => ({ slack: { webhook_url: `${base}/slack` } }),
  discord: () => ({ discord: { webhook_url: `${base}/discord` } }),
  telegram: () => ({ telegram: { bot_token: '1:secret', chat_id: -42, api_url: base } }),
} as const;

for (const [kind, settings] of Object.entries(CHAT)) {
  const faults = ['ok', 'error500', 'busy429', 'notFound', 'redirect', 'hang', 'close'] as const;
  const openWith = async (name: FaultName): Promise<Channel> => {
    fault = name;
    return open(settings(), name === 'hang' ? hasty : client)[0] as Channel;
  };
  channelContract(kind, openWith, faults);
}

describe('chat', () => {
  const send = async (settings: object): Promise<void> => {
    for (const channel of open(settings)) await channel.send(NOTIFICATION, new AbortController().signal);
  };

  it('posts to Slack an attachment with a colour and a block for each alert (proves: CHN-03)', async () => {
    await send(CHAT.slack());
    const [{ url, body }] = received as [(typeof received)[number]];
    expect(url).toBe('/slack');
    expect(body['text']).toBe('[FIRING 1] SlowVenue');
    const [attachment] = body['attachments'] as [{ color: string; blocks: { type: string; text: { text: string } }[] }];
    expect(attachment.color).toBe('#c4162a');
    expect(attachment.blocks).toHaveLength(2);
    expect(attachment.blocks[0]?.text.text).toContain('venue: XNAS');
    // What a label says can mention nobody.
    expect(attachment.blocks[0]?.text.text).toContain('&lt;!channel&gt;');
    expect(JSON.stringify(body)).not.toContain('<!channel>');
  });

  it('posts to Discord an embed with colour and fields, and lets nobody be mentioned (proves: CHN-02)', async () => {
    await send(CHAT.discord());
    const { content, allowed_mentions, embeds } = received[0]?.body as ReturnType<typeof discordBody>;
    expect(content).toBe('\\[FIRING 1\\] SlowVenue');
    expect(allowed_mentions).toEqual({ parse: [] });
    expect(embeds.map(({ color, timestamp }) => [color, timestamp])).toEqual([
      [0xc4162a, '2027-01-15T08:00:00.123456789Z'],
      [0x56a64b, '2027-01-15T08:00:00.123456789Z'],
    ]);
    expect(embeds[0]?.fields).toContainEqual({ name: 'venue', value: 'XNAS', inline: true });
  });

  it('posts to Telegram MarkdownV2 with every reserved sign escaped (proves: CHN-05)', async () => {
    await send(CHAT.telegram());
    expect(received[0]?.url).toBe('/bot1:secret/sendMessage');
    expect(received[0]?.body).toMatchObject({ chat_id: '-42', parse_mode: 'MarkdownV2' });
    const text = received[0]?.body['text'] as string;
    expect(text).toContain('*\\[FIRING 1\\] SlowVenue*');
    expect(text).toContain('value: 0\\.25');
    expect(text.replace(/\\./g, '').replace(/\*/g, '')).not.toMatch(/[_[\]()~`>#+\-=|{}.!]/);
  });

  it.each(Object.keys(CHAT) as (keyof typeof CHAT)[])(
    'tells %s what happened, how bad it is and what to do (proves: LIF-20)',
    async (kind) => {
      const alert = NOTIFICATION.alerts[0] as Notification['alerts'][number];
      const annotations = {
        summary: 'p99 at XNAS is 250 ms',
        suggested_actions: 'look at the gateway',
        runbook_url: 'https://desk.example/runbooks/slow',
      };
      const [channel] = open(CHAT[kind]());
      await channel?.send({ ...NOTIFICATION, alerts: [{ ...alert, annotations }] }, new AbortController().signal);
      // Telegram escapes signs by a backslash.
      const said = JSON.stringify(received[0]?.body).replaceAll('\\', '');
      for (const text of ['SlowVenue', 'CRITICAL', ...Object.values(annotations)]) expect(said).toContain(text);
    },
  );

  it('stays within the services’ bounds, and says how many are not listed', () => {
    const alert = NOTIFICATION.alerts[0] as Notification['alerts'][number];
    const many = {
      ...NOTIFICATION,
      alerts: Array.from({ length: 300 }, () => ({ ...alert, annotations: { summary: '.'.repeat(5_000) } })),
    };
    expect(telegramBody(many, '1').text.length).toBeLessThanOrEqual(4_096);
    expect(telegramBody(many, '1').text).toMatch(/and \d+ more$/);
    expect(slackBody(many).attachments[0]?.blocks).toHaveLength(11);
    expect(slackBody(many).attachments[0]?.blocks.at(-1)?.text.text).toBe('and 290 more');
    const { content, embeds } = discordBody(many);
    expect(embeds.length).toBeGreaterThan(3);
    expect(content).toContain(`(${300 - embeds.length} more not listed)`);
    const texts = embeds.flatMap(({ title, description, fields }) => [
      title,
      description,
      ...fields.map(({ name, value }) => name + value),
    ]);
    expect(texts.join('').length).toBeLessThanOrEqual(6_000);
  });

  it('opens what is configured and not switched off, nothing else (proves: CHN-13)', () => {
    const kinds = (settings: object): string[] => open(settings).map(({ kind }) => kind);
    const all = { ...CHAT.slack(), ...CHAT.discord(), ...CHAT.telegram() };
    expect(kinds({})).toEqual([]);
    expect(kinds(all)).toEqual(['discord', 'slack', 'telegram']);
    expect(kinds({ ...all, slack: { ...all.slack, enabled: false } })).toEqual(['discord', 'telegram']);
    expect(() => notificationOptions.parse({ slack: { enabled: true } })).toThrow(
      /switched on, but has no webhook_url/,
    );
  });
});

describe('mail', () => {
  interface Mail {
    readonly from: string;
    readonly to: string[];
    readonly user: string;
    readonly text: string;
  }
  const mails: Mail[] = [];
  const servers: SMTPServer[] = [];
  let user = '';

  async function startServer(over: SMTPServerOptions = {}): Promise<number> {
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        user = username ?? '';
        done(password === 'right' ? null : new Error('wrong password'), { user: username ?? '' });
      },
      onData(stream, session, done) {
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: (mailFrom as { address: string }).address,
            to: rcptTo.map(({ address }) => address),
            user,
            text,
          });
          done();
        });
      },
      ...over,
    });
    servers.push(smtp);
    smtp.on('error', () => undefined);
    return new Promise((resolve) => {
      smtp.listen(0, '127.0.0.1', () => resolve((smtp.server.address() as AddressInfo).port));
    });
  }

  const channel = (port: number, over: object = {}, using = client): Channel => {
    const email = {
      smtp_server: '127.0.0.1',
      smtp_port: port,
      from: 'tapewatch@desk.example',
      to: ['oncall@desk.example'],
      require_tls: false,
    };
    return open({ email: { ...email, ...over } }, using)[0] as Channel;
  };
  const send = (target: Channel) => target.send(NOTIFICATION, new AbortController().signal);

  beforeEach(() => {
    mails.length = 0;
    user = '';
  });
  afterAll(async () => {
    await Promise.all(servers.map((smtp) => new Promise<void>((resolve) => smtp.close(() => resolve()))));
  });

  it('arrives as text and HTML, with login, sender and receivers as configured (proves: CHN-04)', async () => {
    const port = await startServer();
    const to = ['oncall@desk.example', 'head@desk.example'];
    expect(await send(channel(port, { user: 'desk', password: 'right', to }))).toMatchObject({ sent: true });
    expect(mails).toMatchObject([{ from: 'tapewatch@desk.example', to, user: 'desk' }]);
    const { text } = mails[0] as Mail;
    expect(text).toContain('Subject: [FIRING 1] SlowVenue');
    expect(text).toContain('Message-ID: <aa-bb-0@tapewatch>');
    expect(text).toContain('Content-Type: text/plain');
    expect(text).toContain('Content-Type: text/html');
    expect(text).not.toContain('<!channel>\r\nX-Evil');
    expect(text).not.toMatch(/^X-Evil/m);
  });

  it('is final when the login or the receiver is refused, and worth another try when the server is busy or away', async () => {
    const port = await startServer();
    expect(await send(channel(port, { user: 'desk', password: 'wrong' }))).toMatchObject({
      sent: false,
      retryable: false,
    });
    const refusing = (responseCode: number): SMTPServerOptions => ({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no'), { responseCode })),
    });
    expect(await send(channel(await startServer(refusing(550))))).toMatchObject({ sent: false, retryable: false });
    expect(await send(channel(await startServer(refusing(451))))).toMatchObject({ sent: false, retryable: true });
    expect(await send(channel(1))).toMatchObject({ sent: false, retryable: true });
  });

  it('is not sent readable over the network, unless that is allowed', async () => {
    const port = await startServer();
    expect(await send(channel(port, { require_tls: true }))).toMatchObject({ sent: false });
    expect(mails).toEqual([]);
  });

  it('is given up when the server does not answer in time', async () => {
    const port = await startServer({ onData: () => undefined });
    expect(await send(channel(port, {}, hasty))).toMatchObject({
      sent: false,
      retryable: true,
      detail: 'no answer within 400 ms',
    });
  });
});
