/**
 * After a restart: cumulative histograms go on from what is stored, raw rows that no sealed window contains yet
 * go back into the open ones, and derived counters continue where they stood.
 */
import {
  ExponentialHistogram,
  METRIC_NAME,
  msFromNanos,
  nanosFromMs,
  type Labels,
  type TradingEvent,
} from '@tapewatch/core';
import type { ColumnBatch, Recovery, Store } from '../ports.ts';
import { putStaleMarker } from '../stale-marker.ts';
import { Deriver } from './derive.ts';
import type { CounterMark } from './derived-cells.ts';
import type { Pipeline } from './pipeline.ts';

const COUNTER_NAMES: ReadonlySet<string> = new Set(Deriver.counterNames);
/** How far back the total of a derived counter is looked for, and how finely. A longer silence starts it at zero. */
const SEED_RANGES = [
  { rangeMs: 15 * 60_000, resolutionMs: 1 },
  { rangeMs: 24 * 3_600_000, resolutionMs: 60_000 },
] as const;

/** Events of so long a time, and so many of each table, are known again after a restart. */
const REMEMBER_NANOS = 3_600_000_000_000n;
const MAX_REMEMBERED = 200_000;
/** What durable logs deliver again. */
const REMEMBERED = ['orders', 'fills', 'signals', 'cash_flows', 'positions', 'fx_rates'] as const;

export interface RecoverOptions {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly nowNanos: bigint;
  /** Up to where each stream's windows are in the totals. */
  readonly sealed: Recovery['sealed'];
  /** Takes in raw rows that no sealed window contains. */
  readonly replay: (rows: Pick<ColumnBatch, 'samples' | 'histograms'>) => void;
  /** Sets the cumulative histogram that a series of the head starts from. */
  readonly setHeadTotal: (seriesId: number, histogram: ExponentialHistogram) => void;
}

export interface Recovered {
  readonly replayedSamples: number;
  readonly distributions: number;
  readonly counters: number;
}

export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { pipeline, store, setHeadTotal } = options;
  const totals = await store.distributionTotals();
  for (const { seriesId, histogram } of totals) {
    pipeline.registry.admitLayout(seriesId, histogram.customBounds === undefined ? 'exponential' : 'custom');
    setHeadTotal(seriesId, ExponentialHistogram.decode(histogram));
  }
  const replayedSamples = await replayRaw(options);
  await rememberEvents(options);
  const marks: Marks = new Map();
  await findCounters(options, marks);
  for (const [labels, mark] of marks) pipeline.deriver.seed(labels, mark);
  return { replayedSamples, distributions: totals.length, counters: marks.size };
}

/** So that an event that is published again after a restart raises no derived counter a second time. */
async function rememberEvents({ pipeline, store, nowNanos }: RecoverOptions): Promise<void> {
  const filter = { startNanos: nowNanos - REMEMBER_NANOS, endNanos: nowNanos + 1n, limit: MAX_REMEMBERED };
  for (const table of REMEMBERED) {
    const newest: readonly TradingEvent[] = await store.events(table, { ...filter, newestFirst: true });
    for (const event of newest.toReversed()) pipeline.recentEvents.add(event);
  }
}

async function replayRaw({ pipeline, store, sealed, replay }: RecoverOptions): Promise<number> {
  let replayed = 0;
  for (const { stream, untilNanos } of sealed) {
    const slices = await store.rawSince(stream, untilNanos);
    for (const { seriesId, histogram } of slices) {
      const series = pipeline.registry.byId(seriesId);
      if (series?.kind !== 'distribution') continue;
      pipeline.registry.admitLayout(seriesId, histogram?.customBounds === undefined ? 'exponential' : 'custom');
    }
    const samples = slices.filter(({ histogram }) => histogram === undefined);
    const values = Float64Array.from(samples, ({ value }) => value);
    samples.forEach(({ stale }, i) => {
      if (stale === true) putStaleMarker(values, i);
    });
    replay({
      samples: {
        seriesIds: Uint32Array.from(samples, ({ seriesId }) => seriesId),
        seconds: Uint32Array.from(samples, ({ timeNanos }) => Number(timeNanos / 1_000_000_000n)),
        nanos: Uint32Array.from(samples, ({ timeNanos }) => Number(timeNanos % 1_000_000_000n)),
        values,
      },
      histograms: slices.flatMap(({ seriesId, timeNanos, histogram }) =>
        histogram === undefined ? [] : [{ seriesId, ...stampOf(timeNanos), histogram }],
      ),
    });
    replayed += slices.length;
  }
  return replayed;
}

function stampOf(timeNanos: bigint): { seconds: number; nanos: number } {
  return { seconds: Number(timeNanos / 1_000_000_000n), nanos: Number(timeNanos % 1_000_000_000n) };
}

/** Where derived counters stand. */
type Marks = Map<Labels, CounterMark>;

/**
 * A counter never falls, so its largest total is where it stood: in the raw samples of the last minutes or, only for
 * names with a counter that was silent in them, in the windows of a day.
 */
async function findCounters({ pipeline, store, nowNanos }: RecoverOptions, marks: Marks): Promise<void> {
  const endMs = msFromNanos(nowNanos) + 1;
  const counters = new Map<string, Labels>();
  for (const { labels } of pipeline.registry.all())
    if (COUNTER_NAMES.has(labels.metricName)) counters.set(labels.key, labels);
  for (const { rangeMs, resolutionMs } of SEED_RANGES) {
    const missing = [...counters.values()].filter((labels) => !marks.has(labels));
    const names = new Set(missing.map(({ metricName }) => metricName));
    if (names.size === 0) return;
    const matchers = [{ name: METRIC_NAME, operator: '=~' as const, value: [...names].join('|') }];
    for (const found of await store.select({ matchers, startMs: endMs - rangeMs, endMs, resolutionMs })) {
      const labels = counters.get(found.labels.key);
      if (labels === undefined) continue;
      // Reads are in whole milliseconds, rounded down; the next sample may not lie before the one that was read.
      const timeNanos = nanosFromMs((found.timesMs[found.timesMs.length - 1] ?? 0) + 1);
      for (const total of Array.from(found.values)) raise(marks, labels, { total, timeNanos });
    }
  }
}

function raise(marks: Marks, labels: Labels, { total, timeNanos }: CounterMark): void {
  const known = marks.get(labels);
  if (!Number.isFinite(total)) return;
  if (known === undefined) marks.set(labels, { total, timeNanos });
  else if (total > known.total || timeNanos > known.timeNanos) {
    marks.set(labels, {
      total: Math.max(total, known.total),
      timeNanos: timeNanos > known.timeNanos ? timeNanos : known.timeNanos,
    });
  }
}
