/** Loops on a virtual clock: their periods, what a slow or failing run does, and what they tell of themselves. */
import { RecordingLog, settle, VirtualClock } from '../alerting/testing/virtual-world.ts';
import { createTelemetry } from '../telemetry/metrics.ts';
import { createCollection } from '../collect/collector.ts';
import { configSchema } from '../config.ts';
import { startLoops } from './loops.ts';

const clock = new VirtualClock();
const log = new RecordingLog();

it('runs each loop with its own period, and shows both in the log and in the metrics', async () => {
  const telemetry = createTelemetry('test');
  const times: Record<string, number[]> = { metrics: [], health: [], alerts: [], broadcast: [] };
  const start = clock.now();
  const loop = (name: string, intervalSeconds: number) => ({
    name,
    intervalSeconds,
    run: () => void times[name]?.push(Number(clock.now() - start) / 1e9),
  });
  const loops = startLoops({ clock, log, telemetry: telemetry.loops }, [
    loop('metrics', 15),
    loop('health', 30),
    loop('alerts', 10),
    loop('broadcast', 30),
  ]);
  await clock.advance(60_000);
  await loops.close();
  await clock.advance(60_000);
  expect(times).toEqual({
    metrics: [15, 30, 45, 60],
    health: [30, 60],
    alerts: [10, 20, 30, 40, 50, 60],
    broadcast: [30, 60],
  });
  const text = await telemetry.text();
  telemetry.close();
  expect(text).toContain('tapewatch_loop_interval_seconds{loop="metrics"} 15');
  expect(text).toContain('tapewatch_loop_interval_seconds{loop="broadcast"} 30');
  expect(text).toContain('tapewatch_loop_runs_total{loop="alerts",outcome="ok"} 6');
  expect(text).toContain('tapewatch_loop_duration_seconds_count{loop="health"} 2');
  expect(log.lines).toContain('info A loop was started. {"loop":"health","intervalSeconds":30}');
});

it('goes on after a failure, and counts a turn as skipped while the run before is not done', async () => {
  const told: string[] = [];
  const telemetry = {
    started: () => undefined,
    health: () => undefined,
    ran: (_loop: string, _seconds: number, outcome: string) => void told.push(outcome),
  };
  let release: () => void = () => undefined;
  const runs: (() => Promise<void>)[] = [
    () => Promise.reject(new Error('no')),
    () => new Promise((resolve) => (release = resolve)),
    () => Promise.resolve(),
  ];
  const run = (): Promise<void> => (runs.shift() ?? (() => Promise.resolve()))();
  const loops = startLoops({ clock, log, telemetry }, [{ name: 'x', intervalSeconds: 1, run }]);
  await clock.advance(3_000);
  expect(told).toEqual(['failed', 'skipped']);
  release();
  await settle();
  await clock.advance(1_000);
  expect(told).toEqual(['failed', 'skipped', 'ok', 'ok']);
  await loops.close();
});

it('collects a critical metric every 15 seconds unless told otherwise (proves: ING-14)', async () => {
  const seconds: number[] = [];
  const figure = { name: 'cpu_usage_percent', kind: 'gauge', unit: 'percent', help: '', labels: {}, value: 1 } as const;
  const run = createCollection(
    { clock, log, record: (samples) => void seconds.push(...samples.map(({ timeNanos }) => Number(timeNanos) / 1e9)) },
    [{ group: 'system', collect: async () => [figure] }],
  );
  const telemetry = createTelemetry('test');
  const { metrics_interval_seconds: intervalSeconds } = configSchema.parse({}).monitoring;
  const loops = startLoops({ clock, log, telemetry: telemetry.loops }, [{ name: 'metrics', intervalSeconds, run }]);
  await clock.advance(60_000);
  await loops.close();
  telemetry.close();
  expect(seconds).toHaveLength(4);
  expect(seconds.slice(1).map((at, i) => at - (seconds[i] as number))).toEqual([15, 15, 15]);
});
