import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Sample } from '@tapewatch/core';
import type { Channel, TransitionRow } from '../ports.ts';
import { compileRegex } from '../regex.ts';
import { alertingOptions } from './alerting-options.ts';
import { type Alerting, type BroadcastChannel, startAlerting } from './start-alerting.ts';
import { suppressionOptions } from './suppression-options.ts';
import {
  ManualProgress,
  NOTHING_LATE,
  RecordingChannel,
  RecordingLog,
  ScriptedEngine,
  VirtualClock,
  settle,
} from './testing/virtual-world.ts';

const SLOW = 'order_ack_seconds > 0.1';
const RULES = `
groups:
  - name: desk
    interval: 30s
    rules:
      - alert: SlowVenue
        expr: ${SLOW}
        labels: { severity: CRITICAL }
        annotations: { summary: "{{ $labels.venue }} takes {{ $value | humanizeDuration }}" }
      - alert: SlowForLong
        expr: ${SLOW}
        for: 5s
      - record: desk:ack:max
        expr: max(order_ack_seconds)
`;
const ROUTES = `
route: { receiver: desk, group_interval: 1s }
receivers: [{ name: desk, log_configs: [{}] }]
`;

class World {
  readonly clock = new VirtualClock();
  readonly engine = new ScriptedEngine();
  readonly progress = new ManualProgress();
  readonly log = new RecordingLog();
  readonly channel = new RecordingChannel();
  readonly stored: TransitionRow[] = [];
  /** What the store knows from earlier runs. */
  history: readonly TransitionRow[] = [];
  readonly recorded: Sample[] = [];
  readonly notified: string[] = [];
  readonly evaluated: string[] = [];
  suppression: object = { cooldown_warning: 0, cooldown_critical: 0, deduplication_window: 0 };
  notificationsEnabled = true;
  broadcast: readonly BroadcastChannel[] = [];
  sourcesOpen: Promise<unknown> = Promise.resolve();
  explain: (labels: object, span: object) => Promise<Record<string, string>> = async () => ({});
  store: (rows: readonly TransitionRow[]) => Promise<void> = async (rows) => void this.stored.push(...rows);

  constructor(readonly folder: string) {}

  start(openAlerts: readonly TransitionRow[] = [], over: object = {}): Promise<Alerting> {
    const options = alertingOptions.parse({
      ruleFiles: [path.join(this.folder, '*.yaml')],
      alertmanagerFile: path.join(this.folder, 'alertmanager.yml'),
      startDelayMs: 0,
      ...over,
    });
    const { clock, engine, progress, log } = this;
    return startAlerting(
      {
        engine,
        progress,
        clock,
        log,
        compileRegex,
        reader: { transitions: async () => [...this.history], select: async () => [] },
        late: NOTHING_LATE,
        explain: (labels, span) => this.explain(labels.toRecord(), span),
        telemetry: {
          ruleEvaluated: (group, _seconds, outcome) => void this.evaluated.push(`${group} ${outcome}`),
          notified: (receiver, outcome) => void this.notified.push(`${receiver} ${outcome}`),
          level: () => undefined,
        },
        storeTransitions: (rows) => this.store(rows),
        recordSamples: (samples) => void this.recorded.push(...samples),
        openChannels: async () => new Map<string, Channel>([['desk/log/0', this.channel]]),
        sourcesOpen: this.sourcesOpen,
        broadcast: this.broadcast,
        random: () => 0,
      },
      {
        ...options,
        suppression: suppressionOptions.parse(this.suppression),
        notificationsEnabled: this.notificationsEnabled,
      },
      openAlerts,
    );
  }

  /** Starts and lets the first evaluations pass, so that news is acted on at once. */
  async begin(openAlerts: readonly TransitionRow[] = [], over: object = {}): Promise<Alerting> {
    const started = await this.start(openAlerts, over);
    await this.clock.advance(1_000);
    return started;
  }

  changes(): string[] {
    return this.stored.map(({ rule, labels, from, to }) => `${rule}/${labels.get('venue')} ${from}>${to}`);
  }

  async news(answer: Record<string, number> | Error): Promise<void> {
    this.engine.answers.set(SLOW, answer);
    this.progress.advance('order_ack_seconds');
    await settle();
  }
}

let world: World;
let alerting: Alerting | undefined;

beforeEach(async () => {
  world = new World(await mkdtemp(path.join(os.tmpdir(), 'tapewatch-rules-')));
  await writeFile(path.join(world.folder, 'desk.yaml'), RULES);
  await writeFile(path.join(world.folder, 'alertmanager.yml'), ROUTES);
});

afterEach(async () => {
  const closing = alerting?.close();
  await world.clock.advance(5_000);
  await closing;
  alerting = undefined;
  await rm(world.folder, { recursive: true });
});

describe('rules on live news', () => {
  it('evaluates when an input has news, stores the transition, then notifies with the value in the text (proves: LIF-15)', async () => {
    alerting = await world.begin();
    const storedWhenSent: number[] = [];
    world.store = async (rows) => {
      expect(world.channel.sent).toHaveLength(0);
      world.stored.push(...rows);
      storedWhenSent.push(world.stored.length);
    };
    await world.news({ XNAS: 0.25 });
    expect(world.changes()).toEqual(
      expect.arrayContaining(['SlowVenue/XNAS inactive>firing', 'SlowForLong/XNAS inactive>pending']),
    );
    expect(storedWhenSent.length).toBeGreaterThan(0);
    expect(world.channel.sent).toEqual([
      expect.objectContaining({
        receiver: 'desk',
        status: 'firing',
        groupLabels: { alertname: 'SlowVenue' },
        commonAnnotations: {
          summary: 'XNAS takes 250ms',
          correlation_id: expect.stringMatching(/^incident_20270115_[0-9a-f]{8}$/),
        },
      }),
    ]);
  });

  describe('what an alert says of itself', () => {
    const EXPLAINED = RULES.replace(
      'labels: { severity: CRITICAL }',
      'labels: { severity: CRITICAL }\n        tapewatch: { explain_over: 2m }',
    );
    const idsOf = (rule: string): (string | undefined)[] =>
      world.stored.filter((row) => row.rule === rule).map(({ annotations }) => annotations['correlation_id']);

    it('keeps one correlation id from firing to its end, over a restart, and another one the next time', async () => {
      alerting = await world.begin();
      await world.news({ XNAS: 0.25 });
      const [first] = idsOf('SlowVenue');
      expect(first).toMatch(/^incident_20270115_[0-9a-f]{8}$/);
      expect(alerting.groups()[0]?.rules[0]?.alerts[0]?.annotations['correlation_id']).toBe(first);
      const open = world.stored.filter(({ rule, to }) => rule === 'SlowVenue' && to === 'firing');
      await alerting.close();
      alerting = await world.begin(open);
      await world.news({});
      await world.clock.advance(1_000);
      await world.news({ XNAS: 0.3 });
      const ids = idsOf('SlowVenue');
      expect(ids.slice(0, 2)).toEqual([first, first]);
      expect(ids[2]).toMatch(/^incident_/);
      expect(ids[2]).not.toBe(first);
    });

    it('tells what is behind it, in the notification, the store and the list, when its rule asks for that', async () => {
      await writeFile(path.join(world.folder, 'desk.yaml'), EXPLAINED);
      const asked: object[] = [];
      world.explain = async (labels, span) => {
        asked.push({ labels, span });
        return { slow_hop: 'gateway', correlation_id: 'order-7' };
      };
      alerting = await world.begin();
      const endMs = Number(world.clock.now() / 1_000_000n);
      await world.news({ XNAS: 0.25 });
      await world.clock.advance(1_000);
      await world.news({ XNAS: 0.35 });
      expect(asked).toEqual([
        {
          labels: { alertname: 'SlowVenue', severity: 'CRITICAL', venue: 'XNAS' },
          span: { startMs: endMs - 120_000, endMs },
        },
      ]);
      const told = { slow_hop: 'gateway', correlation_id: 'order-7' };
      expect(world.channel.sent[0]?.alerts[0]?.annotations).toEqual({ summary: 'XNAS takes 250ms', ...told });
      expect(world.stored.find(({ rule }) => rule === 'SlowVenue')?.annotations).toMatchObject(told);
      expect(alerting.groups()[0]?.rules[0]?.alerts[0]?.annotations).toEqual({ summary: 'XNAS takes 350ms', ...told });
    });

    it('is told all the same when the explanation fails or does not come, with the reason', async () => {
      await writeFile(path.join(world.folder, 'desk.yaml'), EXPLAINED);
      alerting = await world.begin();
      world.explain = () => Promise.reject(new Error('the store is away'));
      await world.news({ XNAS: 0.25 });
      world.explain = () => new Promise(() => undefined);
      await world.clock.advance(1_000);
      await world.news({ XNAS: 0.25, XLON: 0.25 });
      expect(world.channel.sent).toHaveLength(1);
      await world.clock.advance(5_000);
      const texts = world.stored
        .filter(({ rule }) => rule === 'SlowVenue')
        .map(({ annotations }) => annotations['explanation']);
      expect(texts).toEqual([
        'could not be explained: the store is away',
        'could not be explained: the explanation took longer than 2000 ms',
      ]);
      expect(idsOf('SlowVenue').every((id) => id?.startsWith('incident_'))).toBe(true);
    });

    it('explains three of many that begin at once', async () => {
      await writeFile(path.join(world.folder, 'desk.yaml'), EXPLAINED);
      alerting = await world.begin();
      world.explain = async () => ({ explanation: 'found' });
      await world.news({ A: 1, B: 1, C: 1, D: 1 });
      const texts = world.stored
        .filter(({ rule }) => rule === 'SlowVenue')
        .map(({ annotations }) => annotations['explanation']);
      expect(texts).toEqual(['found', 'found', 'found', expect.stringContaining('more alerts of this rule')]);
    });
  });

  it('leaves rules alone whose inputs have no news, and spaces two evaluations of one rule', async () => {
    alerting = await world.begin();
    world.engine.asked.length = 0;
    world.progress.advance('quotes_total');
    await settle();
    expect(world.engine.asked).toEqual([]);
    for (let i = 0; i < 50; i += 1) {
      world.progress.advance('order_ack_seconds');
      await world.clock.advance(10);
    }
    const count = world.engine.asked.filter((expr) => expr === SLOW).length;
    expect(count).toBeGreaterThanOrEqual(2 * 4);
    expect(count).toBeLessThanOrEqual(2 * 6);
  });

  it('fires after `for` without news, by the interval, and resolves once with a notification (proves: LIF-13)', async () => {
    await writeFile(path.join(world.folder, 'desk.yaml'), RULES.replace('30s', '1s'));
    alerting = await world.begin();
    await world.news({ XNAS: 0.25 });
    await world.clock.advance(4_000);
    expect(world.changes()).not.toContain('SlowForLong/XNAS pending>firing');
    await world.clock.advance(2_000);
    expect(world.changes()).toContain('SlowForLong/XNAS pending>firing');
    await world.news({});
    await world.clock.advance(3_000);
    expect(world.changes().filter((change) => change.endsWith('firing>inactive'))).toHaveLength(2);
    const resolved = world.channel.sent.filter(({ status }) => status === 'resolved');
    expect(resolved.map(({ groupLabels }) => groupLabels['alertname']).sort()).toEqual(['SlowForLong', 'SlowVenue']);
    expect(resolved[0]?.alerts[0]?.endsAtNanos).not.toBeNull();
  });

  it('keeps the state when an evaluation fails, and says so', async () => {
    alerting = await world.begin();
    await world.news({ XNAS: 0.25 });
    await world.clock.advance(1_000);
    await world.news(new Error('the store is away'));
    const rule = alerting.groups()[0]?.rules[0];
    expect(rule).toMatchObject({ health: 'err', lastError: 'the store is away', state: 'firing' });
    expect(world.changes()).not.toContain('SlowVenue/XNAS firing>inactive');
    expect(world.evaluated).toContain('desk failed');
    await world.clock.advance(1_000);
    await world.news({ XNAS: 0.25 });
    expect(alerting.groups()[0]?.rules[0]).toMatchObject({ health: 'ok', lastError: '' });
  });

  it('gives up an evaluation that never ends, and one that yields too much', async () => {
    alerting = await world.start([], { maxAlertsPerRule: 2 });
    world.engine.query = () => new Promise(() => undefined);
    world.progress.advance('order_ack_seconds');
    await world.clock.advance(11_000);
    expect(alerting.groups()[0]?.rules[0]?.lastError).toMatch(/took longer than 10000 ms/);
    world.engine.query = ScriptedEngine.prototype.query;
    await world.news({ A: 1, B: 1, C: 1 });
    // Its mean time is half a second by now, of which news may cause a tenth of a second each second.
    await world.clock.advance(6_000);
    expect(alerting.groups()[0]?.rules[0]?.lastError).toMatch(/3 results, more than the limit of 2/);
  });

  it('hands the samples of a recording rule on', async () => {
    world.engine.answers.set('max(order_ack_seconds)', {
      type: 'scalar',
      timeMs: 0,
      value: 7,
      warnings: [],
      infos: [],
    });
    alerting = await world.start();
    await settle();
    expect(world.recorded.map(({ labels, kind }) => `${kind} ${labels.toString()}`)).toEqual(['gauge desk:ack:max']);
  });
});

describe('when things fail', () => {
  it('notifies although the store is slow, and the transition is stored once, later', async () => {
    alerting = await world.start();
    await settle();
    const answers: (() => void)[] = [];
    world.store = (rows) =>
      new Promise((resolve) => {
        answers.push(() => {
          world.stored.push(...rows);
          resolve();
        });
      });
    await world.news({ XNAS: 0.25 });
    expect(world.channel.sent).toHaveLength(0);
    await world.clock.advance(1_000);
    expect(world.channel.sent).toHaveLength(1);
    expect(world.stored).toEqual([]);
    for (const answer of answers) answer();
    world.store = async (rows) => void world.stored.push(...rows);
    await world.clock.advance(6_000);
    expect(world.changes().filter((change) => change === 'SlowVenue/XNAS inactive>firing')).toHaveLength(1);
  });

  it('tries again what the store refused', async () => {
    alerting = await world.start();
    await settle();
    world.store = async () => Promise.reject(new Error('disk full'));
    await world.news({ XNAS: 0.25 });
    await world.clock.advance(1_000);
    expect(world.channel.sent).toHaveLength(1);
    world.store = async (rows) => void world.stored.push(...rows);
    await world.clock.advance(6_000);
    expect(world.changes().filter((change) => change === 'SlowVenue/XNAS inactive>firing')).toHaveLength(1);
  });

  it('tries a notification three times with growing pauses, then again with the group (proves: LIF-23)', async () => {
    alerting = await world.begin([], { notification: { maxAttempts: 3 } });
    const fail = { sent: false, retryable: true, detail: '503' } as const;
    world.channel.receipts.push(fail, fail, fail);
    await world.news({ XNAS: 0.25 });
    expect(world.channel.sent).toHaveLength(1);
    await world.clock.advance(300);
    expect(world.channel.sent).toHaveLength(2);
    await world.clock.advance(600);
    expect(world.channel.sent).toHaveLength(3);
    expect(world.notified).toEqual(['desk retried', 'desk retried', 'desk failed']);
    await world.clock.advance(1_500);
    expect(world.channel.sent).toHaveLength(4);
    expect(world.notified.at(-1)).toBe('desk sent');
    expect(new Set(world.channel.sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });

  it('tries three times within 30 s by default, and the log shows each retry and the timeout (proves: LIF-22)', async () => {
    alerting = await world.begin();
    const logged = (sentence: string): string[] => world.log.lines.filter((line) => line.includes(sentence));
    const fail = { sent: false, retryable: true, detail: '503' } as const;
    world.channel.receipts.push(fail, fail, fail);
    await world.news({ XNAS: 0.25 });
    await world.clock.advance(1_200);
    expect(world.channel.sent).toHaveLength(3);
    expect(logged('A notification is tried again.')).toEqual([
      expect.stringContaining('"attempts":1,"maxAttempts":3'),
      expect.stringContaining('"attempts":2,"maxAttempts":3'),
    ]);
    expect(logged('A notification failed')).toEqual([expect.stringContaining('"detail":"503"')]);
    const begun = world.clock.now();
    let endedNanos: bigint | undefined;
    world.channel.send = (_notification, signal: AbortSignal = new AbortController().signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          endedNanos = world.clock.now();
          resolve({ sent: false, retryable: true, detail: 'aborted' });
        }),
      );
    await world.clock.advance(29_000);
    expect(endedNanos).toBeUndefined();
    await world.clock.advance(5_000);
    expect(Number((endedNanos ?? 0n) - begun) / 1e9).toBeGreaterThanOrEqual(30);
    expect(logged('A notification failed')[1]).toContain('given up after 30000 ms: aborted');
  });

  it('does not repeat what is final, and gives up a channel that hangs', async () => {
    alerting = await world.begin([], { notification: { overallTimeoutMs: 2_000 } });
    world.channel.receipts.push({ sent: false, retryable: false, detail: '404' });
    await world.news({ XNAS: 0.25 });
    await world.clock.advance(500);
    expect(world.channel.sent).toHaveLength(1);
    let aborted = false;
    world.channel.send = (_notification, signal: AbortSignal = new AbortController().signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve({ sent: false, retryable: true, detail: 'aborted' });
        }),
      );
    await world.clock.advance(4_000);
    expect(aborted).toBe(true);
  });
});

describe('restart and reload', () => {
  it('evaluates nothing before the sources are open and had their moment, also after a reload', async () => {
    let open: () => void = () => undefined;
    world.sourcesOpen = new Promise<void>((resolve) => (open = resolve));
    alerting = await world.start([], { startDelayMs: 2_000, startWaitMaxMs: 60_000 });
    await world.clock.advance(30_000);
    world.progress.advance('order_ack_seconds');
    await alerting.reload();
    await world.clock.advance(1_000);
    open();
    await world.clock.advance(1_900);
    expect(world.evaluated).toEqual([]);
    await world.clock.advance(200);
    expect(new Set(world.evaluated)).toEqual(new Set(['desk ok']));
  });

  it('does not wait longer than it may for sources that stay away', async () => {
    world.sourcesOpen = new Promise(() => undefined);
    alerting = await world.start([], { startWaitMaxMs: 5_000 });
    await world.clock.advance(4_900);
    expect(world.evaluated).toEqual([]);
    await world.clock.advance(200);
    expect(world.evaluated).not.toEqual([]);
  });

  it('goes on from what was stored: same since-time, no second firing, told again with the same key', async () => {
    alerting = await world.begin();
    await world.news({ XNAS: 0.25 });
    const [first] = world.channel.sent;
    const open = world.stored.filter(({ to }) => to !== 'inactive');
    await alerting.close();
    const again = new World(world.folder);
    again.engine.answers.set(SLOW, { XNAS: 0.3 });
    alerting = await again.start(open);
    await again.clock.advance(1_000);
    expect(again.channel.sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual([first?.idempotencyKey]);
    expect(again.changes()).not.toContain('SlowVenue/XNAS inactive>firing');
    expect(alerting.groups()[0]?.rules[0]?.alerts[0]?.activeAtNanos).toBe(first?.alerts[0]?.startsAtNanos);
    const closing = alerting.close();
    await again.clock.advance(5_000);
    await closing;
    alerting = undefined;
  });

  it('tells an end again that the last run may not have told any more, with the same key', async () => {
    alerting = await world.begin();
    await world.news({ XNAS: 0.25 });
    await world.clock.advance(2_000);
    await world.news({});
    await world.clock.advance(2_000);
    expect(world.channel.sent.map(({ status }) => status)).toEqual(['firing', 'resolved']);
    const again = new World(world.folder);
    again.history = world.stored;
    const second = await again.start();
    await settle();
    expect(again.channel.sent.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      world.channel.sent[1]?.idempotencyKey,
    ]);
    await second.close();
  });

  it('keeps the state of rules that stay, ends those that go, and refuses a bad file as a whole', async () => {
    alerting = await world.begin();
    await world.news({ XNAS: 0.25 });
    const file = path.join(world.folder, 'desk.yaml');
    await writeFile(file, RULES.replace('for: 5s', 'fro: 5s').replace(SLOW, 'order_ack_seconds >'));
    await expect(alerting.reload()).rejects.toMatchObject({
      code: 'rule.invalid',
      message: expect.stringMatching(/desk.yaml:7: .*expr.*\n(.*\n)*.*the key "fro" is not known/),
    });
    expect(alerting.groups()[0]?.rules).toHaveLength(3);
    await writeFile(file, RULES.replace('SlowForLong', 'Renamed'));
    await alerting.reload();
    expect(alerting.groups()[0]?.rules[0]).toMatchObject({ name: 'SlowVenue', state: 'firing' });
    expect(world.changes()).toContain('SlowForLong/XNAS pending>inactive');
    expect(world.channel.sent).toHaveLength(1);
    await writeFile(path.join(world.folder, 'alertmanager.yml'), 'route: { receiver: nobody }\nreceivers: []\n');
    await expect(alerting.reload()).rejects.toMatchObject({ code: 'config.invalid' });
  });

  it('sends one alert to every channel that gets all, beside its route, and to none when switched off (proves: CHN-11, CHN-14)', async () => {
    // Of a kind that the sidecar does not have: what it can do is all that is asked of a channel.
    const [slack, mail] = [new RecordingChannel(), new RecordingChannel()];
    world.broadcast = [
      { id: 'notifications/slack', channel: slack },
      { id: 'notifications/email', channel: mail },
    ];
    alerting = await world.begin();
    await world.news({ XNAS: 0.25 });
    for (const { sent } of [slack, mail, world.channel]) {
      expect(sent.map(({ alerts }) => alerts.map(({ labels }) => labels['venue']))).toEqual([['XNAS']]);
    }
    // Each has its own receipt: one that fails is tried again alone.
    expect(new Set([slack, mail].map(({ sent }) => sent[0]?.idempotencyKey)).size).toBe(2);
    await alerting.close();
    const silent = new World(world.folder);
    silent.broadcast = world.broadcast;
    silent.notificationsEnabled = false;
    alerting = await silent.begin();
    await silent.news({ XNAS: 0.25 });
    expect(silent.changes()).toContain('SlowVenue/XNAS inactive>firing');
    expect([slack.sent.length, mail.sent.length, silent.channel.sent.length]).toEqual([1, 1, 0]);
  });

  it('evaluates alerting rules when the loop of alerts asks, news or not (proves: ING-30)', async () => {
    alerting = await world.begin();
    const evaluations = world.evaluated.length;
    world.engine.answers.set(SLOW, { XNAS: 0.25 });
    alerting.check();
    await settle();
    // The two alerting rules of the group, which is due after 30 s, and not the recording rule.
    expect(world.evaluated.length - evaluations).toBe(2);
    expect(world.changes()).toContain('SlowVenue/XNAS inactive>firing');
    await world.clock.advance(1_000);
    world.engine.answers.set(SLOW, {});
    alerting.check();
    await settle();
    expect(world.changes()).toContain('SlowVenue/XNAS firing>inactive');
  });

  it('closes open alerts whose rule is gone, and tells a missing file', async () => {
    alerting = await world.begin();
    await world.news({ XNAS: 0.25 });
    const open = [...world.stored];
    await alerting.close();
    await writeFile(path.join(world.folder, 'desk.yaml'), 'groups: []');
    const again = new World(world.folder);
    alerting = await again.start(open);
    await settle();
    expect(again.changes()).toEqual(expect.arrayContaining(['SlowVenue/XNAS firing>inactive']));
    expect(again.channel.sent.map(({ status }) => status)).toEqual(['resolved']);
    await expect(again.start([], { ruleFiles: ['nowhere/*.yaml', 'missing.yaml'] })).rejects.toThrow(
      /no file matches.*\n.*missing.yaml: cannot be read/,
    );
    await alerting.close();
    alerting = undefined;
  });
});
