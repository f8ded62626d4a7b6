/**
 * A protobuf page to samples. A histogram that has native buckets comes as one distribution; its classic buckets come
 * beside it only when the job says so (`always_scrape_classic_histograms`), as in Prometheus.
 */
import { METRIC_NAME, type ExponentialHistogram, type LabelPair, type MetricKind } from '@tapewatch/core';
import { canonicalBound } from './exposition/family.ts';
import { readFamilies, type WireFamily, type WireHistogram, type WireMetric } from './exposition/metric-family.ts';
import type { Stamp } from './exposition/number-text.ts';
import type { PageExemplar } from './exposition/text-parser.ts';
import { isNative, nativeHistogram } from './native-histogram.ts';
import type { PageCollector, Pause } from './page-reader.ts';

/** Metrics read at a stretch. */
const PORTION = 1_024;

interface Context {
  readonly collector: PageCollector;
  readonly pause: Pause;
  readonly classicHistograms: boolean;
}

/** Throws `ScrapeFault` or `ExpositionError`. */
export async function readProtobufPage(body: Uint8Array, context: Context): Promise<void> {
  let count = 0;
  for (const family of readFamilies(body)) {
    for (const metric of family.metrics) {
      if (++count % PORTION === 0) await context.pause();
      addMetric(new MetricWriter(family, metric, context.collector), family, metric, context);
    }
  }
}

function addMetric(to: MetricWriter, { type }: WireFamily, metric: WireMetric, { classicHistograms }: Context): void {
  const { histogram } = metric;
  if (type === 'summary') {
    to.add('_count', 'counter', metric.count);
    to.add('_sum', 'counter', metric.sum);
    for (const { quantile, value } of metric.quantiles) to.add('', 'gauge', value, { bound: ['quantile', quantile] });
  } else if (histogram !== undefined) {
    // A gauge histogram is no sum of increases, which is what a distribution stores.
    const native = type === 'histogram' && isNative(histogram);
    if (native) to.addHistogram(nativeHistogram(metric, histogram), exemplarsOf(histogram));
    const hasClassic = histogram.buckets.length > 0;
    if (!native || (classicHistograms && hasClassic))
      addClassic(to, type === 'histogram' ? 'counter' : 'gauge', metric, histogram);
  } else to.add('', type === 'counter' ? 'counter' : 'gauge', metric.value, { exemplar: metric.exemplar });
}

/** Of the native buckets; where there are none, of the classic ones beside them. */
function exemplarsOf({ exemplars, buckets }: WireHistogram): PageExemplar[] {
  return exemplars.length > 0 ? exemplars : buckets.flatMap(({ exemplar = [] }) => exemplar);
}

function addClassic(to: MetricWriter, kind: MetricKind, metric: WireMetric, histogram: WireHistogram): void {
  const count = histogram.countFloat > 0 ? histogram.countFloat : metric.count;
  to.add('_count', kind, count);
  to.add('_sum', kind, metric.sum);
  for (const bucket of histogram.buckets) {
    const { exemplar, upperBound } = bucket;
    const value = bucket.countFloat > 0 ? bucket.countFloat : bucket.count;
    to.add('_bucket', kind, value, { bound: ['le', upperBound], exemplar });
  }
  if (histogram.buckets.at(-1)?.upperBound !== Infinity) to.add('_bucket', kind, count, { bound: ['le', Infinity] });
}

interface SampleExtra {
  readonly bound?: readonly [label: string, bound: number];
  readonly exemplar?: PageExemplar | undefined;
}

/** Samples of one metric: its labels and stamp are theirs. */
class MetricWriter {
  readonly #family: WireFamily;
  readonly #labels: readonly LabelPair[];
  readonly #stamp: Stamp | undefined;
  readonly #collector: PageCollector;
  /** What tells this metric from the others of its family. */
  readonly #identity: string;

  constructor(family: WireFamily, { labels, timestampMs }: WireMetric, collector: PageCollector) {
    this.#family = family;
    this.#labels = labels;
    this.#collector = collector;
    this.#identity = JSON.stringify([family.name, labels]);
    const seconds = Math.floor(timestampMs / 1_000);
    this.#stamp = timestampMs === 0 ? undefined : { seconds, nanos: (timestampMs - seconds * 1_000) * 1_000_000 };
  }

  add(suffix: string, kind: MetricKind, value: number, { bound, exemplar }: SampleExtra = {}): void {
    const extra: LabelPair[] = bound === undefined ? [] : [[bound[0], boundText(bound[1])]];
    this.#write({ suffix, kind, extra }, { value }, exemplar === undefined ? undefined : [exemplar]);
  }

  addHistogram(histogram: ExponentialHistogram, exemplars: readonly PageExemplar[]): void {
    this.#write({ suffix: '', kind: 'histogram', extra: [] }, { value: NaN, histogram }, exemplars);
  }

  #write(
    { suffix, kind, extra }: { suffix: string; kind: MetricKind; extra: readonly LabelPair[] },
    point: { readonly value: number; readonly histogram?: ExponentialHistogram },
    exemplars?: readonly PageExemplar[],
  ): void {
    const { name, unit, help } = this.#family;
    const describe = () => ({
      pairs: [[METRIC_NAME, name + suffix] as const, ...this.#labels, ...extra],
      kind,
      unit,
      help,
    });
    const text = `${this.#identity}${suffix}${extra[0]?.[1] ?? ''}`;
    this.#collector.add(text, describe, { ...point, stamp: this.#stamp }, exemplars);
  }
}

function boundText(bound: number): string {
  return canonicalBound(
    Number.isNaN(bound) ? 'NaN' : bound === Infinity ? '+Inf' : bound === -Infinity ? '-Inf' : String(bound),
  );
}
