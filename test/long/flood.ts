/** A load near the list's words, through JetStream, by a process of its own: more than a ledger could keep; counts judge it. */
import { reportOf } from '../../bench/program-report.ts';
import type { PublishPlan, PublishReport } from '../../bench/publisher.ts';
import { until } from '../../tools/demo/process.ts';
import type { World } from '../fault/world.ts';

export const FLOOD_NAME = 'FLOOD';

/** Of the sidecar: it must know the stream. */
export const FLOOD_STREAM = {
  ...{ name: 'flood', subject: 'fl.>', payload: 'metric', delivery: 'jetstream' },
  jetstream: { stream: FLOOD_NAME, ensureStream: { subjects: ['fl.>'] } },
};

export function publishFlood(
  world: World,
  plan: Pick<PublishPlan, 'codec' | 'rate' | 'seconds'>,
): Promise<PublishReport> {
  return reportOf<PublishReport>('bench/publisher.ts', {
    ...{ server: world.natsUrl, subject: 'fl.flood', series: 1_000 },
    ...plan,
  });
}

/** A lost one shows, and one that counts twice. */
export async function expectObservations(world: World, published: number): Promise<void> {
  let counted = NaN;
  const ask = async (): Promise<true | undefined> => {
    counted = await world.answers.scalar('sum(histogram_count(bench_latency_seconds))');
    return counted === published || undefined;
  };
  await until(ask, { what: 'every observation is counted', timeoutMs: 120_000, everyMs: 500 }).catch(() => undefined);
  expect(counted).toBe(published);
}
