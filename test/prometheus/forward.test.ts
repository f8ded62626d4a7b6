/** What the sidecar gathers from NATS and from this machine, pushed to a real Prometheus that scrapes nobody. */
import { until } from '../acceptance/panel.ts';
import { startRunningApp, type RunningApp } from '../acceptance/running-app.ts';
import { installedPrometheus, PrometheusServer } from './prometheus-server.ts';

const START_TIMEOUT_MS = 60_000;
const withPrometheus = installedPrometheus() !== undefined || process.env['CI'] === 'true' ? describe : describe.skip;
if (withPrometheus === describe.skip) console.warn('skipped: no prometheus on PATH (with CI=true this fails)');

withPrometheus('a Prometheus that is pushed to', () => {
  let prometheus: PrometheusServer;
  let running: RunningApp;

  beforeAll(async () => {
    prometheus = await PrometheusServer.start([]);
    running = await startRunningApp(() => ({
      monitoring: { prometheus_port: 0, websocket_port: 0, metrics_interval_seconds: 1 },
      forward: {
        remoteWrite: [{ url: `${prometheus.url}/api/v1/write`, labels: { site: 'ny' } }],
        interval_seconds: 1,
      },
    }));
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await running.stop();
    await prometheus.stop();
  });

  async function found(query: string): Promise<readonly { value: readonly [number, string] }[]> {
    const { data } = await prometheus.ask('query', { query });
    return (data?.result ?? []) as readonly { value: readonly [number, string] }[];
  }

  it(
    'has the same series as the sidecar: of services, of the machine, and its own (proves: ING-12)',
    async () => {
      const say = (value: number): void =>
        running.publisher.publish(
          'tw.metrics.desk',
          JSON.stringify({ name: 'resting_orders', type: 'gauge', value, labels: { venue: 'XNAS' } }),
        );
      say(41);
      await until(async () => (await found('resting_orders{venue="XNAS", site="ny"}'))[0]?.value[1] === '41');
      say(42);
      await until(async () => (await found('resting_orders{venue="XNAS", site="ny"}'))[0]?.value[1] === '42');
      // One series, told at both moments.
      expect(await found('changes(resting_orders[5m])')).toEqual([
        expect.objectContaining({ value: [expect.any(Number), '1'] }),
      ]);
      await until(async () => (await found('cpu_usage_percent')).length === 1);
      await until(async () => (await found('count({__name__=~"tapewatch_.+"}) > 20')).length === 1);
    },
    START_TIMEOUT_MS,
  );
});
