/**
 * Messages made once and sent many times: only their stamps are written anew, in place, so that a publisher in one thread
 * reaches a million samples a second, whatever a format costs to encode. Values are seeded; each series has as many of
 * them as there are variants.
 */
import { writeRequest, writeRequest2 } from '../sidecar/src/codec/testing/remote-write.ts';
import { arrowBatch } from './arrow-batch.ts';
import { msgpackBatch } from './message/msgpack-batch.ts';
import { otlpBatch, otlpJsonBatch } from './message/otlp-batch.ts';
import { scatteredStamps } from './message/snappy-stamps.ts';
import { PLACEHOLDER, PLACEHOLDER_MS, placeholderOf, placesOf, type Stamped, type StampForm } from './message/stamp.ts';
import { benchSeries, latency, seededRandom, type BenchSeries } from './samples.ts';

interface Format {
  /** Of the messages' headers; empty where the first byte tells the codec, or the stream's setting must. */
  readonly contentType: string;
  /** The stream's setting `codec`, where no header tells it. */
  readonly setting?: 'otlp';
  readonly form: StampForm;
  readonly isSnappy?: boolean;
  readonly encode: (items: readonly Item[]) => Buffer;
}

export interface Item {
  readonly series: BenchSeries;
  readonly value: number;
}

export interface Template extends Stamped {
  readonly samples: number;
  readonly observations: number;
}

/** Values of each series; enough that histograms are not of a few buckets only. */
const VARIANTS = 20;

const PROTO = 'application/x-protobuf;proto=';
const TEXT = { contentType: '', form: 'digits' } as const;
const JSON_LIST: Format = { ...TEXT, encode: (items) => Buffer.from(`[${items.map(json).join(',')}]`) };
const NDJSON: Format = { ...TEXT, encode: (items) => Buffer.from(items.map(json).join('\n')) };
const LINE: Format = { ...TEXT, encode: (items) => Buffer.from(items.map(line).join('\n')) };
const ARROW: Format = {
  contentType: 'application/vnd.apache.arrow.stream',
  form: 'int64',
  encode: (items) => arrowBatch(items, BigInt(PLACEHOLDER)),
};
const MSGPACK: Format = { contentType: 'application/msgpack', form: 'bigEndian', encode: msgpackBatch };
/** No header tells OTLP in JSON from other JSON. */
const OTLP_JSON: Format = { ...TEXT, setting: 'otlp', encode: otlpJsonBatch };
const OTLP: Format = {
  contentType: `${PROTO}opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest`,
  form: 'int64',
  encode: otlpBatch,
};
const SNAPPY = { form: 'varintMs', isSnappy: true } as const;
const REMOTE_WRITE: Format = {
  ...SNAPPY,
  contentType: `${PROTO}prometheus.WriteRequest`,
  encode: (items) => writeRequest(items.map(remoteSeries)),
};
const REMOTE_WRITE_2: Format = {
  ...SNAPPY,
  contentType: `${PROTO}io.prometheus.write.v2.Request`,
  encode: (items) => writeRequest2(items.map(remoteSeries)),
};

/** By codec and samples a message. */
const ENCODERS = {
  'json-single': [NDJSON, 1],
  'json-batch-100': [JSON_LIST, 100],
  'ndjson-batch-100': [NDJSON, 100],
  'line-single': [LINE, 1],
  'line-batch-100': [LINE, 100],
  'line-batch-1000': [LINE, 1_000],
  'arrow-batch-100': [ARROW, 100],
  'arrow-batch-1000': [ARROW, 1_000],
  'msgpack-batch-100': [MSGPACK, 100],
  'msgpack-batch-1000': [MSGPACK, 1_000],
  'otlp-json-batch-100': [OTLP_JSON, 100],
  'otlp-batch-100': [OTLP, 100],
  'otlp-batch-1000': [OTLP, 1_000],
  'remote-write-batch-100': [REMOTE_WRITE, 100],
  'remote-write-batch-1000': [REMOTE_WRITE, 1_000],
  'remote-write-2-batch-100': [REMOTE_WRITE_2, 100],
  'remote-write-2-batch-1000': [REMOTE_WRITE_2, 1_000],
} as const satisfies Record<string, readonly [Format, number]>;

export type BenchCodec = keyof typeof ENCODERS;

export const BENCH_CODECS = Object.keys(ENCODERS) as readonly BenchCodec[];

/** Those of that name, or whose name begins with it, as `otlp`; all when there is none. Throws when none is of it. */
export function codecsOf(name: string | undefined): readonly BenchCodec[] {
  const found = BENCH_CODECS.filter((one) => name === undefined || one === name || one.startsWith(`${name}-`));
  if (found.length === 0)
    throw new Error(`codec ${name}: expected one of ${BENCH_CODECS.join(', ')}, or how one begins`);
  return found;
}

export function contentTypeOf(codec: BenchCodec): string {
  return ENCODERS[codec][0].contentType;
}

/** What the stream must say that carries it. */
export function settingOf(codec: BenchCodec): 'auto' | 'otlp' {
  const format: Format = ENCODERS[codec][0];
  return format.setting ?? 'auto';
}

export function templates(codec: BenchCodec, seriesCount: number, seed = 42): Template[] {
  const [format, batch] = ENCODERS[codec];
  const series = benchSeries(seriesCount);
  const random = seededRandom(seed);
  return Array.from({ length: VARIANTS }, () => series.map((one) => ({ series: one, value: latency(random) })))
    .flatMap((items) => chunked(items, batch))
    .map((items) => templateOf(items, format));
}

function templateOf(items: readonly Item[], { form, encode, isSnappy = false }: Format): Template {
  const [payload, placeholder] = [encode(items), placeholderOf(form)];
  const observations = items.filter(({ series }) => series.type === 'observation').length;
  const places = isSnappy
    ? { stamps: [], scattered: scatteredStamps(payload, placeholder) }
    : { stamps: placesOf(placeholder, payload) };
  return { payload, form, ...places, samples: items.length, observations };
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function json({ series, value }: Item): string {
  const { name, type, labels } = series;
  return JSON.stringify({ name, type, value, time: PLACEHOLDER, labels });
}

/** Line protocol has no metric type: the stream's configuration says that names in seconds are observations. */
function line({ series, value }: Item): string {
  const tags = Object.entries(series.labels).map(([label, text]) => `,${label}=${text}`);
  return `${series.name}${tags.join('')} value=${value} ${PLACEHOLDER}`;
}

/** The same holds for remote write. */
function remoteSeries({ series, value }: Item): Parameters<typeof writeRequest>[0][number] {
  const labels = { __name__: series.name, ...series.labels };
  return { labels, samples: [{ value, timeMs: PLACEHOLDER_MS }] };
}
