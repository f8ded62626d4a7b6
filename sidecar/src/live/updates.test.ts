/** What live clients are told, and when: on a virtual clock. */
import { Labels, nanos, type Fill } from '@tapewatch/core';
import { ManualProgress, RecordingLog, VirtualClock } from '../alerting/testing/virtual-world.ts';
import { startUpdates, type Updates } from './updates.ts';

const clock = new VirtualClock();
const progress = new ManualProgress();
let told: { type: string; data: unknown }[];
let listening: boolean;
let read: string[][];
let fills: Fill[];
let trades: string[] | undefined;
let updates: Updates;

beforeEach(() => {
  told = [];
  read = [];
  fills = [];
  trades = undefined;
  listening = true;
  updates = startUpdates({
    clock,
    log: new RecordingLog(),
    progress,
    reader: {
      events: async (_table: unknown, { startNanos, endNanos }: { startNanos: bigint; endNanos: bigint }) =>
        fills.filter(({ timeNanos }) => timeNanos >= startNanos && timeNanos < endNanos) as never,
    },
    broadcast: (update) => void told.push(update),
    listening: () => listening,
    async latest(names) {
      read.push([...names]);
      return names.map((name) => ({ name, type: 'gauge', unit: '', samples: [{ name, labels: {}, value: 1 }] }));
    },
    onTrade: () => (trades === undefined ? undefined : ({ id }) => void trades?.push(id)),
    status: async () => ({ level: 'HEALTHY' }),
  });
});
afterEach(() => updates.close());

it('tells what changed with its latest values, at most once a second, and nothing while nothing changes', async () => {
  progress.advance('order_ack_seconds');
  progress.advance('fills_total', 'order_ack_seconds');
  await clock.advance(5_000);
  expect(read).toEqual([['fills_total', 'order_ack_seconds']]);
  expect(told.map(({ type }) => type)).toEqual(['metrics_update']);
});

it('reads nothing while nobody listens', async () => {
  listening = false;
  progress.advance('fills_total');
  await clock.advance(5_000);
  expect([read, told]).toEqual([[], []]);
});

it('tells many metrics over several seconds', async () => {
  progress.advance(...Array.from({ length: 450 }, (_, i) => `m${i}`));
  await clock.advance(5_000);
  expect(read.map((names) => names.length)).toEqual([200, 200, 50]);
});

it('tells each trade once to who wants to hear of it', async () => {
  const fill = (id: string): Fill => ({ id, timeNanos: nanos(clock.now()) }) as Fill;
  trades = [];
  await clock.advance(10);
  fills.push(fill('a'));
  progress.advance('fills_total');
  await clock.advance(1_000);
  fills.push(fill('b'), fill('c'));
  progress.advance('fills_total');
  await clock.advance(3_000);
  expect(trades).toEqual(['a', 'b', 'c']);
});

it('sends a heartbeat and the status when the loop of broadcasts runs, and alerts and health at once', async () => {
  await updates.heartbeat();
  updates.health({ check: 'nats', level: 'CRITICAL' });
  updates.alert({
    labels: Labels.from({ alertname: 'A' }),
    annotations: {},
    from: 'inactive',
    to: 'firing',
    reason: 'above',
    value: 2,
    timeNanos: nanos(1_000_000n),
    activeAtNanos: nanos(0n),
  });
  expect(told).toMatchObject([
    { type: 'heartbeat', data: { beat: 1 } },
    { type: 'status', data: { level: 'HEALTHY' } },
    { type: 'health_update', data: { check: 'nats', level: 'CRITICAL' } },
    { type: 'alert_update', data: { labels: { alertname: 'A' }, to: 'firing', value: 2, timeMs: 1 } },
  ]);
});
