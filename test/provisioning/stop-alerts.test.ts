/** A stop of trading is told at once: the provisioned triggers along the provisioned routes, on a clock that stands still. */
import { join } from 'node:path';
import { compileMatchers, nanos, type SelectRequest, type SeriesData } from '@tapewatch/core';
import { alertingOptions } from '../../sidecar/src/alerting/alerting-options.ts';
import { startAlerting, type Alerting } from '../../sidecar/src/alerting/start-alerting.ts';
import { suppressionOptions } from '../../sidecar/src/alerting/suppression-options.ts';
import {
  ManualProgress,
  NOTHING_LATE,
  RecordingChannel,
  RecordingLog,
  settle,
  VirtualClock,
} from '../../sidecar/src/alerting/testing/virtual-world.ts';
import { ListingDeriver } from '../../sidecar/src/pipeline/testing/listing-deriver.ts';
import type { Channel, StoreReader } from '../../sidecar/src/ports.ts';
import { createPromqlEngine } from '../../sidecar/src/query/promql-engine.ts';
import { compileRegex } from '../../sidecar/src/regex.ts';
import { businessEventOf } from '../../sidecar/src/store/store.fixture.ts';

const FOLDER = join(__dirname, '../../provisioning/tapewatch');

let alerting: Alerting | undefined;
let clock: VirtualClock;
let channel: RecordingChannel;
let progress: ManualProgress;
let data: SeriesData[];

beforeEach(async () => {
  [clock, channel, progress, data] = [new VirtualClock(), new RecordingChannel(), new ManualProgress(), []];
  const reader = {
    select: ({ matchers, startMs, endMs }: SelectRequest) => {
      const matches = compileMatchers(matchers, compileRegex);
      const within = ({ timesMs }: SeriesData): boolean =>
        Array.from(timesMs).some((ms) => ms >= startMs && ms <= endMs);
      return Promise.resolve(data.filter((one) => matches(one.labels) && within(one)));
    },
    transitions: () => Promise.resolve([]),
  };
  alerting = await startAlerting(
    {
      ...{ progress, clock, compileRegex, reader, engine: createPromqlEngine(reader as unknown as StoreReader) },
      ...{ log: new RecordingLog(), explain: async () => ({}), broadcast: [], random: () => 0 },
      late: NOTHING_LATE,
      telemetry: { ruleEvaluated: () => undefined, notified: () => undefined, level: () => undefined },
      storeTransitions: async () => undefined,
      recordSamples: () => undefined,
      openChannels: async (integrations) => new Map(integrations.map(({ id }): [string, Channel] => [id, channel])),
      sourcesOpen: Promise.resolve(),
    },
    {
      ...alertingOptions.parse({
        ruleFiles: [join(FOLDER, 'rules/triggers.yaml')],
        alertmanagerFile: join(FOLDER, 'alertmanager.yaml'),
        startDelayMs: 0,
      }),
      suppression: suppressionOptions.parse({}),
      notificationsEnabled: true,
    },
    [],
  );
  await clock.advance(2_000);
});

afterEach(async () => {
  const closing = alerting?.close();
  await clock.advance(5_000);
  await closing;
});

/** The event as the pipeline counts it, and the news of it. */
async function publish(eventType: string): Promise<void> {
  const event = { ...businessEventOf(clock.now()), serviceName: 'risk', eventType };
  for (const { labels, value } of new ListingDeriver().derive(event, nanos(clock.now())))
    data.push({ labels, timesMs: [Number(clock.now() / 1_000_000n)], values: [value] });
  progress.advance('business_events_total');
  await settle();
}

const told = (): unknown[] =>
  channel.sent.map(({ status, groupLabels, alerts }) => [
    status,
    groupLabels['alertname'],
    alerts[0]?.labels['severity'],
  ]);

it.each([
  ['RUL-37', 'circuit_breaker_tripped', 'CircuitBreakerTripped'],
  ['RUL-38', 'kill_switch_activated', 'KillSwitchActivated'],
])('(proves: %s) %s is sent as CRITICAL at once, to every channel of its route', async (_row, eventType, alert) => {
  const before = clock.now();
  await publish(eventType);
  expect(told()).toEqual([
    ['firing', alert, 'CRITICAL'],
    ['firing', alert, 'CRITICAL'],
  ]);
  expect(clock.now()).toBe(before);
});

it('an event of another type sends nothing', async () => {
  await publish('deployed');
  expect(told()).toEqual([]);
});
