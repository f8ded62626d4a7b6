/** Rules of every severity, from their news to the history and the channel: what each is called there, and how often it is told. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SEVERITIES, type AlertObject } from '@tapewatch/contract';
import { colorOf, textOf } from '../channel/message-text.ts';
import type { Channel } from '../ports.ts';
import { compileRegex } from '../regex.ts';
import { alertingOptions } from './alerting-options.ts';
import { startAlerting, type Alerting } from './start-alerting.ts';
import { suppressionOptions } from './suppression-options.ts';
import {
  ManualProgress,
  NOTHING_LATE,
  RecordingChannel,
  RecordingLog,
  ScriptedEngine,
  settle,
  VirtualClock,
} from './testing/virtual-world.ts';

const ROUTES =
  'route: { receiver: desk, group_interval: 1s, group_by: [alertname] }\nreceivers: [{ name: desk, log_configs: [{}] }]\n';
const ALL = Infinity;

let folder: string;
let clock: VirtualClock;
let engine: ScriptedEngine;
let progress: ManualProgress;
let channel: RecordingChannel;
let published: AlertObject[];
let evaluations: number;
let alerting: Alerting | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tapewatch-severity-'));
  await writeFile(path.join(folder, 'alertmanager.yml'), ROUTES);
  [clock, engine, progress, channel] = [
    new VirtualClock(),
    new ScriptedEngine(),
    new ManualProgress(),
    new RecordingChannel(),
  ];
  [published, evaluations] = [[], 0];
});
afterEach(async () => {
  const closing = alerting?.close();
  await clock.advance(5_000);
  await closing;
  await rm(folder, { recursive: true });
});

/** `metric_<name>` is what a rule reads. */
async function begin(rules: readonly { name: string; severity: string; cooldown?: string }[]): Promise<Alerting> {
  const documents = rules.map(({ name, severity, cooldown }) => ({
    ...{ alert: name, expr: `metric_${name} > 0`, labels: { severity } },
    ...(cooldown === undefined ? {} : { tapewatch: { cooldown } }),
  }));
  await writeFile(path.join(folder, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'g', rules: documents }] }));
  const ruleFiles = [path.join(folder, 'rules.yaml')];
  const alertmanagerFile = path.join(folder, 'alertmanager.yml');
  const started = await startAlerting(
    {
      ...{ clock, engine, progress, compileRegex, log: new RecordingLog(), explain: async () => ({}) },
      ...{ broadcast: [], sourcesOpen: Promise.resolve(), random: () => 0, late: NOTHING_LATE },
      reader: { transitions: async () => [], select: async () => [] },
      telemetry: { ruleEvaluated: () => void evaluations++, notified: () => undefined, level: () => undefined },
      storeTransitions: async () => undefined,
      recordSamples: () => undefined,
      openChannels: async (integrations) => new Map(integrations.map(({ id }): [string, Channel] => [id, channel])),
      publish: (alert) => published.push(alert),
    },
    {
      ...alertingOptions.parse({ ruleFiles, alertmanagerFile, startDelayMs: 0 }),
      ...{ suppression: suppressionOptions.parse({}), notificationsEnabled: true },
    },
    [],
  );
  await clock.advance(1_000);
  return started;
}

async function news(name: string, value: number | undefined): Promise<void> {
  engine.answers.set(`metric_${name} > 0`, value === undefined ? {} : { XNAS: value });
  progress.advance(`metric_${name}`);
  await settle();
}

it('raises every severity, filters by it, and tells it to the channel as it is (proves: LIF-01, LIF-02)', async () => {
  alerting = await begin(SEVERITIES.map((severity) => ({ name: severity, severity })));
  for (const severity of SEVERITIES) await news(severity, 1);
  // INFO, WARNING, CRITICAL, EMERGENCY of one system and INFO, WARNING, ERROR, CRITICAL of another.
  expect([...SEVERITIES]).toEqual(['INFO', 'WARNING', 'ERROR', 'CRITICAL', 'EMERGENCY']);
  for (const severity of SEVERITIES) {
    const found = alerting.history({ severity, limit: ALL });
    expect(found.map(({ labels, severity: told }) => [labels['alertname'], told])).toEqual([
      [severity, severity.toLowerCase()],
    ]);
  }
  expect(alerting.history({ limit: ALL })).toHaveLength(SEVERITIES.length);
  // A level of its own each: none is told as another.
  const texts = channel.sent.map((notification) => textOf(notification));
  expect(texts.map(({ severity }) => severity)).toEqual([...SEVERITIES]);
  expect(new Set(texts.map((text) => colorOf(text))).size).toBe(SEVERITIES.length);
});

it('a breach that lasts is told once, and again only after the cooldown of its rule (proves: RUL-46)', async () => {
  alerting = await begin([
    { name: 'A', severity: 'WARNING', cooldown: '20s' },
    { name: 'B', severity: 'WARNING' },
  ]);
  const told = (name: string): number =>
    channel.sent.filter(({ status, groupLabels }) => status === 'firing' && groupLabels['alertname'] === name).length;
  const before = evaluations;
  for (let second = 0; second < 30; second++) {
    await news('A', 1 + second);
    await clock.advance(1_000);
  }
  expect(evaluations - before).toBeGreaterThanOrEqual(30);
  expect(told('A')).toBe(1);
  /** Ends and begins again; how long until that is told. */
  const secondsUntilTold = async (name: string): Promise<number> => {
    const known = told(name);
    await news(name, undefined);
    await clock.advance(1_000);
    await news(name, 1);
    let seconds = 1;
    for (; told(name) === known && seconds < 1_000; seconds++) await clock.advance(1_000);
    return seconds;
  };
  // Its cooldown of 20 s has passed.
  expect(await secondsUntilTold('A')).toBeLessThan(5);
  expect(await secondsUntilTold('A')).toBeGreaterThan(15);
  await news('B', 1);
  expect(told('B')).toBe(1);
  // No cooldown of its own: that of its severity, 300 s.
  expect(await secondsUntilTold('B')).toBeGreaterThan(290);
});

it('publishes beginnings and ends, whatever is held back', async () => {
  alerting = await begin([{ name: 'A', severity: 'WARNING' }]);
  await news('A', 7);
  await news('A', undefined);
  await clock.advance(1_000);
  await news('A', 8);
  expect(channel.sent.filter(({ status }) => status === 'firing')).toHaveLength(1);
  expect(
    published.map(({ status, metric, threshold, current_value: value }) => [status, metric, threshold, value]),
  ).toEqual([
    ['firing', 'metric_A', 0, 7],
    ['resolved', 'metric_A', 0, 7],
    ['firing', 'metric_A', 0, 8],
  ]);
  expect(published[1]?.alert_id).toBe(published[0]?.alert_id);
  expect(published[2]?.alert_id).not.toBe(published[0]?.alert_id);
});
