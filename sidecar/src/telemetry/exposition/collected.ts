/**
 * What was collected, as families: the latest value of each series, and for a distribution a summary with the p50, p95
 * and p99 of the last five minutes beside its whole count and sum. Metrics come in order of name until the bound on
 * samples is reached; how many series were left out is told. One metric is read at a time, so that a scrape never holds
 * the whole store in memory.
 */
import {
  METRIC_NAME,
  quantile,
  subtractHistograms,
  wasReset,
  type ExponentialHistogram,
  type Labels,
  type Matcher,
  type SeriesData,
  type SeriesKind,
} from '@tapewatch/core';
import type { StoreReader } from '../../ports.ts';
import type { ExposedSample, MetricFamily } from './family.ts';

/** A series that has been silent for longer is not shown; quantiles are of this span. */
export const SHOWN_MS = 300_000;
/** Only the newest value counts, so the coarsest level will do. */
const RESOLUTION_MS = 10_000;
const QUANTILES = [0.5, 0.95, 0.99] as const;
/** Quantiles, sum and count. */
const SUMMARY_SAMPLES = QUANTILES.length + 2;

export interface MetricHead {
  readonly name: string;
  readonly kind: SeriesKind;
  readonly unit: string;
  readonly help: string;
}

export interface CollectedRequest {
  readonly nowMs: number;
  /** Samples shown at most. */
  readonly maxSeries: number;
  /** Which of the series; default: all. */
  readonly matches?: (labels: Labels) => boolean;
  readonly withTimes?: boolean;
}

export interface Collected {
  readonly families: readonly MetricFamily[];
  /** Samples that the bound left out, of the metrics that were looked at; and metrics not looked at. */
  readonly leftOut: number;
}

export async function collectedFamilies(
  reader: Pick<StoreReader, 'select'>,
  metrics: readonly MetricHead[],
  { nowMs, maxSeries, matches = () => true, withTimes = false }: CollectedRequest,
): Promise<Collected> {
  const families: MetricFamily[] = [];
  let room = maxSeries;
  let leftOut = 0;
  for (const metric of metrics) {
    if (room <= 0) {
      leftOut += 1;
      continue;
    }
    const byName: Matcher = { name: METRIC_NAME, operator: '=', value: metric.name };
    const found = await reader.select({
      matchers: [byName],
      startMs: nowMs - SHOWN_MS,
      endMs: nowMs,
      resolutionMs: RESOLUTION_MS,
    });
    const series = found.filter(({ labels, timesMs }) => timesMs.length > 0 && matches(labels));
    const each = metric.kind === 'distribution' ? SUMMARY_SAMPLES : 1;
    const shown = series.slice(0, Math.floor(room / each));
    leftOut += (series.length - shown.length) * each;
    room -= shown.length * each;
    if (shown.length === 0) continue;
    families.push({
      name: metric.name,
      type: metric.kind === 'distribution' ? 'summary' : metric.kind,
      unit: metric.unit,
      help: metric.help,
      samples: shown.flatMap((data) => samplesOf(metric, data, withTimes)),
    });
  }
  return { families, leftOut };
}

function samplesOf({ name, kind }: MetricHead, data: SeriesData, withTimes: boolean): ExposedSample[] {
  const { [METRIC_NAME]: _, ...labels } = data.labels.toRecord();
  const last = data.timesMs.length - 1;
  const stamp = withTimes ? { timeMs: data.timesMs[last] as number } : {};
  const sample = (suffix: string, value: number, own: Record<string, string> = {}): ExposedSample => ({
    name: name + suffix,
    labels: { ...labels, ...own },
    value,
    ...stamp,
  });
  if (kind !== 'distribution') return [sample('', data.values[last] as number)];
  const whole = data.histograms?.[last];
  if (whole === undefined) return [];
  const recent = recentPart(data.histograms ?? [], whole);
  return [
    ...QUANTILES.map((q) => sample('', quantile(q, recent), { quantile: String(q) })),
    sample('_sum', whole.sum),
    sample('_count', whole.count),
  ];
}

/** What came in since the first point of the span. */
function recentPart(
  points: readonly (ExponentialHistogram | undefined)[],
  whole: ExponentialHistogram,
): ExponentialHistogram {
  const first = points.find((point) => point !== undefined);
  return first === undefined || first === whole || wasReset(first, whole) ? whole : subtractHistograms(whole, first);
}
