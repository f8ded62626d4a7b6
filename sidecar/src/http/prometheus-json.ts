/**
 * Query results as Prometheus's JSON. Source: prometheus/prometheus, web/api/v1/json_codec.go and
 * util/jsonutil/marshal.go: times in seconds as numbers, values as text, buckets with the rule of their ends.
 */
import type {
  Bucket,
  ExponentialHistogram,
  Labels,
  MatrixSeries,
  Point,
  QueryResult,
  VectorSample,
} from '@tapewatch/core';

type HistogramJson = { count: string; sum: string; buckets?: [number, string, string, string][] };
type Timed<T> = [seconds: number, value: T];

/** Upper bound inclusive; lower bound inclusive; both inclusive. */
const OPEN_LEFT = 0;
const OPEN_RIGHT = 1;
const CLOSED = 3;

/** Longest text that is kept, characters; larger answers are hardly asked for twice. */
const MAX_KEPT_TEXT = 1_048_576;
/**
 * Texts of ranges by their series, for as long as somebody (the cache of answers) holds those: the viewers of a board ask
 * for the same ranges, and writing numbers is most of the work of an answer that is known.
 */
const texts = new WeakMap<readonly MatrixSeries[], string>();

/** Go's FormatFloat, `f` for ordinary sizes and `e` for the extremes. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  return text.includes('e') ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text;
}

/**
 * The members of `data`, as text: an answer can hold a million points, so it is written series by series, and `pause` is
 * awaited between them. Series past `limit` (0: none) are cut, with a warning, as Prometheus does.
 */
export async function resultText(result: QueryResult, limit: number, pause: () => Promise<void>) {
  const { warnings, infos } = result;
  const text = (value: unknown): string => `"resultType":"${result.type}","result":${JSON.stringify(value)}`;
  if (result.type === 'scalar') {
    return { data: text(timed(result.timeMs, formatValue(result.value))), warnings, infos };
  }
  if (result.type === 'string') return { data: text(timed(result.timeMs, result.value)), warnings, infos };
  const length = result.type === 'vector' ? result.samples.length : result.series.length;
  const kept = limit > 0 ? Math.min(limit, length) : length;
  const known = result.type === 'matrix' && kept === length ? texts.get(result.series) : undefined;
  if (known !== undefined) return { data: known, warnings, infos };
  const parts: string[] = [];
  for (let i = 0; i < kept; i++) {
    parts.push(
      result.type === 'vector'
        ? JSON.stringify(sampleJson(result.samples[i] as VectorSample))
        : seriesText(result.series[i] as MatrixSeries),
    );
    await pause();
  }
  const data = `"resultType":"${result.type}","result":[${parts.join(',')}]`;
  if (result.type === 'matrix' && kept === length && data.length <= MAX_KEPT_TEXT) texts.set(result.series, data);
  return { data, infos, warnings: kept < length ? [...warnings, 'results truncated due to limit'] : warnings };
}

function sampleJson({ labels, ...point }: Point & { readonly labels: Labels }) {
  const metric = labels.toRecord();
  const { histogram, timeMs, value } = point;
  if (histogram !== undefined) return { metric, histogram: timed(timeMs, histogramJson(histogram)) };
  return { metric, value: timed(timeMs, formatValue(value)) };
}

/** Written at once instead of as arrays of arrays first: a point is two numbers, which need no escaping. */
function seriesText({ labels, points }: { readonly labels: Labels; readonly points: readonly Point[] }): string {
  let values = '';
  const histograms: Timed<HistogramJson>[] = [];
  for (const { timeMs, value, histogram } of points) {
    if (histogram === undefined) values += `${values === '' ? '' : ','}[${timeMs / 1000},"${formatValue(value)}"]`;
    else histograms.push(timed(timeMs, histogramJson(histogram)));
  }
  const metric = `"metric":${JSON.stringify(labels.toRecord())}`;
  const floats = values !== '' || histograms.length === 0 ? `,"values":[${values}]` : '';
  const buckets = histograms.length > 0 ? `,"histograms":${JSON.stringify(histograms)}` : '';
  return `{${metric}${floats}${buckets}}`;
}

function timed<T>(timeMs: number, value: T): Timed<T> {
  return [timeMs / 1000, value];
}

function histogramJson(histogram: ExponentialHistogram): HistogramJson {
  const buckets = [...histogram.buckets()].map(bucketJson);
  return {
    count: formatValue(histogram.count),
    sum: formatValue(histogram.sum),
    ...(buckets.length > 0 ? { buckets } : {}),
  };
}

function bucketJson({ lower, upper, count }: Bucket): [number, string, string, string] {
  const rule = lower === -upper ? CLOSED : lower < 0 ? OPEN_RIGHT : OPEN_LEFT;
  return [rule, formatValue(lower), formatValue(upper), formatValue(count)];
}
