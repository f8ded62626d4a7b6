/**
 * Messages made once and sent many times: only their stamps are written anew, in place, so that a publisher in one thread
 * reaches a million samples a second. Values are seeded; each series has as many of them as there are variants.
 */
import { benchSeries, latency, seededRandom, type BenchSeries } from './samples.ts';

export type BenchCodec = 'json-single' | 'json-batch-100' | 'line-single' | 'line-batch-100' | 'line-batch-1000';

interface Encoder {
  readonly codec: BenchCodec;
  readonly batch: number;
  readonly contentType: string;
  readonly encode: (items: readonly Item[]) => string;
}

interface Item {
  readonly series: BenchSeries;
  readonly value: number;
}

export interface Template {
  readonly payload: Buffer;
  /** Where the nineteen digits of each stamp begin. */
  readonly stamps: readonly number[];
  readonly samples: number;
  readonly observations: number;
}

/** Nineteen digits that stand for a stamp in nanoseconds. */
const PLACEHOLDER = '1111111111111111111';
/** Values of each series; enough that histograms are not of a few buckets only. */
const VARIANTS = 20;

const ENCODERS: readonly Encoder[] = [
  { codec: 'json-single', batch: 1, contentType: 'application/json', encode: (items) => items.map(json).join('') },
  {
    codec: 'json-batch-100',
    batch: 100,
    contentType: 'application/json',
    encode: (items) => `[${items.map(json).join(',')}]`,
  },
  { codec: 'line-single', batch: 1, contentType: 'application/vnd.influx.line', encode: lines },
  { codec: 'line-batch-100', batch: 100, contentType: 'application/vnd.influx.line', encode: lines },
  { codec: 'line-batch-1000', batch: 1_000, contentType: 'application/vnd.influx.line', encode: lines },
];

export const BENCH_CODECS: readonly BenchCodec[] = ENCODERS.map(({ codec }) => codec);

export function contentTypeOf(codec: BenchCodec): string {
  return encoderOf(codec).contentType;
}

export function templates(codec: BenchCodec, seriesCount: number, seed = 42): Template[] {
  const { batch, encode } = encoderOf(codec);
  const series = benchSeries(seriesCount);
  const random = seededRandom(seed);
  return Array.from({ length: VARIANTS }, () => series.map((one) => ({ series: one, value: latency(random) })))
    .flatMap((items) => chunked(items, batch))
    .map((items) => templateOf(encode(items), items));
}

/** Writes the stamp, milliseconds since the epoch and nanoseconds after it, into every place. */
export function stamp({ payload, stamps }: Template, digits: Buffer): void {
  for (const at of stamps) digits.copy(payload, at);
}

function templateOf(text: string, items: readonly Item[]): Template {
  const payload = Buffer.from(text);
  const stamps: number[] = [];
  for (let at = payload.indexOf(PLACEHOLDER); at >= 0; at = payload.indexOf(PLACEHOLDER, at + 19)) stamps.push(at);
  const observations = items.filter(({ series }) => series.type === 'observation').length;
  return { payload, stamps, samples: items.length, observations };
}

function encoderOf(codec: BenchCodec): Encoder {
  const encoder = ENCODERS.find((candidate) => candidate.codec === codec);
  if (encoder === undefined) throw new Error(`codec ${codec}: expected one of ${BENCH_CODECS.join(', ')}`);
  return encoder;
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function json({ series, value }: Item): string {
  const { name, type, labels } = series;
  return JSON.stringify({ name, type, value, time: PLACEHOLDER, labels });
}

function lines(items: readonly Item[]): string {
  return items.map(line).join('\n');
}

/** Line protocol has no metric type: the stream's configuration says that names in seconds are observations. */
function line({ series, value }: Item): string {
  const tags = Object.entries(series.labels).map(([label, text]) => `,${label}=${text}`);
  return `${series.name}${tags.join('')} value=${value} ${PLACEHOLDER}`;
}
