/**
 * After a restart: raw samples that no sealed window contains go back into the open windows, cumulative histograms go
 * on from what is stored, and derived counters continue where they stood.
 */
import { ExponentialHistogram, METRIC_NAME, msFromNanos } from '@tapewatch/core';
import type { Store } from '../ports.ts';
import { Deriver } from './derive.ts';
import type { Pipeline } from './pipeline.ts';

/** How far back the last value of a derived counter is looked for. */
const SEED_RANGE_MS = 24 * 3_600_000;

export interface RecoverOptions {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly streams: readonly string[];
  readonly nowNanos: bigint;
  /** Sets the cumulative histogram that a series of the head starts from. */
  readonly setHeadBase: (seriesId: number, histogram: ExponentialHistogram) => void;
}

export interface Recovered {
  readonly replayedSamples: number;
  readonly distributions: number;
  readonly counters: number;
}

export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { pipeline, store, setHeadBase } = options;
  const totals = await store.distributionTotals();
  for (const { seriesId, histogram } of totals) setHeadBase(seriesId, ExponentialHistogram.decode(histogram));
  const replayedSamples = await replayRaw(options);
  const counters = await seedCounters(pipeline, store, msFromNanos(options.nowNanos));
  return { replayedSamples, distributions: totals.length, counters };
}

async function replayRaw({ pipeline, store, streams }: RecoverOptions): Promise<number> {
  let replayed = 0;
  for (const stream of streams) {
    for (const { seriesId, timeNanos, value, histogram } of await store.rawSince(stream, pipeline.replayFrom(stream))) {
      const kind = pipeline.registry.byId(seriesId)?.kind;
      if (kind === undefined) continue;
      const input = { seriesId, kind, timeNanos, value };
      pipeline.restore(
        stream,
        histogram === undefined ? input : { ...input, histogram: ExponentialHistogram.decode(histogram) },
      );
      replayed++;
    }
  }
  return replayed;
}

async function seedCounters(pipeline: Pipeline, store: Store, nowMs: number): Promise<number> {
  const series = await store.select({
    matchers: [{ name: METRIC_NAME, operator: '=~', value: Deriver.counterNames.join('|') }],
    startMs: nowMs - SEED_RANGE_MS,
    endMs: nowMs,
    resolutionMs: 1,
  });
  for (const { labels, values } of series) {
    const last = values.at(-1);
    if (last !== undefined && Number.isFinite(last)) pipeline.deriver.seed(labels, last);
  }
  return series.length;
}
