/**
 * OTLP metrics into the sink (OpenTelemetry specification, "Prometheus and OpenMetrics compatibility"): gauges; monotonic
 * sums are counters, others gauges, deltas are added up; explicit histograms become the classic `_bucket`, `_sum` and
 * `_count`; exponential ones stay what they are, as deltas; summaries become `{quantile}`, `_sum` and `_count`.
 */
import { Fault, shown } from '../problem.ts';
import type { OutletSeries, SeriesOutlet } from '../series-outlet.ts';
import { histogramFromWire } from '../wire-histogram.ts';
import type { OtlpResource } from './model.ts';
import { putExemplars } from './exemplar.ts';
import { identityLabels, labelsOf, metricNameOf, targetAttributes } from './name.ts';
import { boundText, nanosText, readTime, type Place } from './place.ts';

const NO_RECORDED_VALUE = 1;
const DELTA = 1;
const BUCKETS_MAX = 8_192;
const EXPLICIT_BOUNDS_MAX = 1_024;
const SCALE_MIN = -4;
const SCALE_MAX = 20;

export function putResources(resources: readonly OtlpResource[], outlet: SeriesOutlet): void {
  for (const resource of resources) {
    const identity = identityLabels(resource.attributes);
    let points = 0;
    for (const metric of resource.metrics) {
      const name = metricNameOf(metric);
      for (const point of metric.points) {
        const labels = labelsOf(point.attributes, identity);
        const fault = readTime(point.time, outlet) ?? putPoint({ metric, name, labels, point }, outlet);
        if (fault !== undefined) outlet.refuse(fault, `${metric.name} ${JSON.stringify(labels).slice(0, 900)}`);
        else if (point.exemplars !== undefined) putExemplars({ metric, name, labels, point }, outlet);
        points++;
      }
      if (metric.kind === undefined) {
        outlet.refuse(new Fault('schema', `metric ${shown(metric.name)} has no data that is read here`), metric.name);
      }
    }
    if (points > 0) putTarget(resource, identity, outlet);
  }
}

/** What a resource says of itself, as a gauge of 1 at the last stamp, where it identifies a target. */
function putTarget(resource: OtlpResource, identity: Readonly<Record<string, string>>, outlet: SeriesOutlet): void {
  const rest = targetAttributes(resource.attributes);
  if (rest.length === 0 || Object.keys(identity).length === 0) return;
  const fault = outlet.number({ name: 'target_info', labels: labelsOf(rest, identity), kind: 'gauge' }, 1);
  if (fault !== undefined) outlet.refuse(fault, 'target_info');
}

function putPoint(place: Place, outlet: SeriesOutlet): Fault | undefined {
  switch (place.metric.kind) {
    case 'gauge':
    case 'sum':
      return putNumber(place, outlet);
    case 'histogram':
      return putExplicit(place, outlet);
    case 'exponential':
      return putExponential(place, outlet);
    case 'summary':
      return putSummary(place, outlet);
    case undefined:
      return undefined;
  }
}

function putNumber({ metric, name, labels, point }: Place, outlet: SeriesOutlet): Fault | undefined {
  const { kind, monotonic, temporality, unit, description } = metric;
  const series: OutletSeries = {
    name,
    labels,
    kind: kind === 'sum' && monotonic ? 'counter' : 'gauge',
    unit,
    help: description,
  };
  if ((point.flags & NO_RECORDED_VALUE) !== 0) return outlet.stale(series);
  if (point.value === undefined) return new Fault('schema', `${shown(metric.name)}: a data point has no value`);
  const isDelta = kind === 'sum' && temporality === DELTA;
  return isDelta ? outlet.delta(series, point.value) : outlet.number(series, point.value);
}

/** Totals as they are, deltas added up; always as counters. */
function putCount(series: Omit<OutletSeries, 'kind'>, value: number, { metric, point }: Place, outlet: SeriesOutlet) {
  const counter = { ...series, kind: 'counter' } as const;
  if ((point.flags & NO_RECORDED_VALUE) !== 0) return outlet.stale(counter);
  return metric.kind === 'histogram' && metric.temporality === DELTA
    ? outlet.delta(counter, value)
    : outlet.number(counter, value);
}

function putExplicit(place: Place, outlet: SeriesOutlet): Fault | undefined {
  const { metric, name, labels, point } = place;
  const { bucketCounts, explicitBounds } = point;
  const bounds = bucketCounts.length === 0 ? [] : explicitBounds;
  if (bounds.length > EXPLICIT_BOUNDS_MAX || (bucketCounts.length > 0 && bucketCounts.length !== bounds.length + 1)) {
    return new Fault(
      'schema',
      `${shown(metric.name)}: ${bucketCounts.length} bucket counts for ${bounds.length} bounds; expected one more, at most ${EXPLICIT_BOUNDS_MAX}`,
    );
  }
  const help = metric.description;
  let cumulative = 0;
  for (const [index, bound] of bounds.entries()) {
    if (!(bound > (bounds[index - 1] ?? -Infinity))) {
      return new Fault('schema', `${shown(metric.name)}: bounds must ascend, got ${bound}`);
    }
    cumulative += bucketCounts[index] as number;
    const bucket = {
      name: `${name}_bucket`,
      labels: { ...labels, le: boundText(bound) },
      help,
    };
    const fault = putCount(bucket, cumulative, place, outlet);
    if (fault !== undefined) return fault;
  }
  const total = { name: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, help };
  return putCount(total, point.count, place, outlet) ?? putSumAndCount(place, outlet);
}

function putSumAndCount(place: Place, outlet: SeriesOutlet): Fault | undefined {
  const { metric, name, labels, point } = place;
  const help = metric.description;
  const sum = point.sum;
  const fault =
    sum === undefined
      ? undefined
      : putCount({ name: `${name}_sum`, labels, unit: metric.unit, help }, sum, place, outlet);
  return fault ?? putCount({ name: `${name}_count`, labels, help }, point.count, place, outlet);
}

function putSummary(place: Place, outlet: SeriesOutlet): Fault | undefined {
  const { metric, name, labels, point } = place;
  const help = metric.description;
  if (point.quantiles.length > EXPLICIT_BOUNDS_MAX) {
    return new Fault('schema', `${shown(metric.name)}: more than ${EXPLICIT_BOUNDS_MAX} quantiles`);
  }
  for (const { quantile, value } of point.quantiles) {
    const series = {
      name,
      labels: { ...labels, quantile: String(quantile) },
      kind: 'gauge',
      unit: metric.unit,
      help,
    } as const;
    const isStale = (point.flags & NO_RECORDED_VALUE) !== 0;
    const fault = isStale ? outlet.stale(series) : outlet.number(series, value);
    if (fault !== undefined) return fault;
  }
  return putSumAndCount(place, outlet);
}

function putExponential({ metric, name, labels, point }: Place, outlet: SeriesOutlet): Fault | undefined {
  const { scale, zeroCount, positive, negative, sum = 0, min, max, zeroThreshold } = point;
  const series: OutletSeries = { name, labels, kind: 'histogram', unit: metric.unit, help: metric.description };
  if ((point.flags & NO_RECORDED_VALUE) !== 0) return outlet.stale(series);
  if (!(Number.isInteger(scale) && scale >= SCALE_MIN && scale <= SCALE_MAX)) {
    return new Fault(
      'schema',
      `${shown(metric.name)}: scale ${scale} is not a whole number from ${SCALE_MIN} to ${SCALE_MAX}`,
    );
  }
  for (const buckets of [positive, negative]) {
    if (buckets === undefined) continue;
    if (
      buckets.bucketCounts.length > BUCKETS_MAX ||
      !Number.isInteger(buckets.offset) ||
      !buckets.bucketCounts.every(isCount)
    ) {
      return new Fault(
        'schema',
        `${shown(metric.name)}: buckets must be at most ${BUCKETS_MAX} counts behind a whole offset`,
      );
    }
  }
  if (!isCount(zeroCount) || !Number.isFinite(sum)) {
    return new Fault('schema', `${shown(metric.name)}: zero count ${zeroCount} or sum ${sum} is not a finite number`);
  }
  const sides = {
    ...(positive === undefined ? {} : { positive: { offset: positive.offset, bucket_counts: positive.bucketCounts } }),
    ...(negative === undefined ? {} : { negative: { offset: negative.offset, bucket_counts: negative.bucketCounts } }),
  };
  const isDelta = metric.temporality === DELTA;
  const histogram = histogramFromWire({
    scale,
    zero_count: zeroCount,
    sum,
    ...sides,
    // Zero means that the sender gave none.
    ...(zeroThreshold === undefined || !(zeroThreshold > 0) ? {} : { zero_threshold: zeroThreshold }),
    ...(isDelta && isFinite(min) ? { min } : {}),
    ...(isDelta && isFinite(max) ? { max } : {}),
  });
  if (histogram instanceof Fault) return histogram;
  if (isDelta) return outlet.histogram(series, histogram);
  const text = nanosText(point.start);
  return outlet.histogramTotal(series, histogram, { text, nanos: /^\d{1,19}$/.test(text) ? BigInt(text) : 0n });
}

function isCount(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function isFinite(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}
