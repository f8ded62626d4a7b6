/**
 * Exact shares under declared limits, from the message to the answer: split over instances, partly late. The limits divide
 * buckets, so the histogram itself can only bound the shares.
 */
import { seededRandom } from '../../bench/samples.ts';
import { until } from './panel.ts';
import { startRunningApp, type RunningApp } from './running-app.ts';

const LIMITS = [0.01, 0.05];
const OBSERVATIONS = 2_000;

let running: RunningApp;
const values: number[] = [];

async function ask(query: string): Promise<number> {
  const answer = await fetch(`${running.app.httpAddress}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1]);
}

beforeAll(async () => {
  running = await startRunningApp(() => ({ pipeline: { sloLimits: { wait_seconds: LIMITS } } }));
  const random = seededRandom(17);
  const nowMs = Date.now();
  const batch = Array.from({ length: OBSERVATIONS }, (_, i) => {
    // Some lie exactly on a limit, which counts as within.
    const value = i % 100 === 0 ? (LIMITS[i % 2] as number) : 0.08 * random() ** 2;
    values.push(value);
    // Each tenth came a minute late.
    const time = nowMs - 2_000 - (i % 10 === 0 ? 60_000 : 0) - (i % 7) * 100;
    return { name: 'wait_seconds', type: 'observation', value, time, labels: { instance: `i${i % 5}` } };
  });
  for (let at = 0; at < batch.length; at += 100) {
    running.publisher.publish('tw.metrics.desk', JSON.stringify(batch.slice(at, at + 100)));
  }
  await running.publisher.flush();
  await until(async () => (await ask('sum(histogram_count(wait_seconds))')) === OBSERVATIONS);
});
afterAll(() => running.stop());

it.each(LIMITS)(
  'the share at or below %d is exact over all instances, where the buckets only bound it',
  async (limit) => {
    const exact = values.filter((value) => value <= limit).length / OBSERVATIONS;
    const series = `wait_seconds_within{limit="${limit}"}`;
    await until(async () => (await ask(`sum(histogram_count(${series}))`)) === OBSERVATIONS);
    expect(await ask(`histogram_avg(sum(${series}))`)).toBe(exact);
    const [least, most] = [
      await ask(`histogram_fraction_min(-Inf, ${limit}, sum(wait_seconds))`),
      await ask(`histogram_fraction_max(-Inf, ${limit}, sum(wait_seconds))`),
    ];
    expect(least).toBeLessThanOrEqual(exact);
    expect(most).toBeGreaterThanOrEqual(exact);
  },
);
