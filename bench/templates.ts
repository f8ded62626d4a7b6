/**
 * Messages made once and sent many times: only their stamps are written anew, in place, so that a publisher in one thread
 * reaches a million samples a second. Values are seeded; each series has as many of them as there are variants.
 */
import { arrowBatch } from './arrow-batch.ts';
import { benchSeries, latency, seededRandom, type BenchSeries } from './samples.ts';

export type BenchCodec =
  | 'json-single'
  | 'json-batch-100'
  | 'line-single'
  | 'line-batch-100'
  | 'line-batch-1000'
  | 'arrow-batch-100'
  | 'arrow-batch-1000';

interface Encoder {
  readonly codec: BenchCodec;
  readonly batch: number;
  readonly contentType: string;
  readonly encode: (items: readonly Item[]) => Buffer;
}

export interface Item {
  readonly series: BenchSeries;
  readonly value: number;
}

export interface Template {
  readonly payload: Buffer;
  /** Where each stamp begins: nineteen digits, or eight bytes. */
  readonly stamps: readonly number[];
  readonly isBinary: boolean;
  readonly samples: number;
  readonly observations: number;
}

/** Stands for a stamp in nanoseconds: nineteen digits as text, and as an integer. */
const PLACEHOLDER = '1111111111111111111';
const PLACEHOLDER_BYTES = Buffer.from(BigInt64Array.of(BigInt(PLACEHOLDER)).buffer);
/** Values of each series; enough that histograms are not of a few buckets only. */
const VARIANTS = 20;

const ARROW = 'application/vnd.apache.arrow.stream';

const ENCODERS: readonly Encoder[] = [
  {
    codec: 'json-single',
    batch: 1,
    contentType: 'application/json',
    encode: (items) => Buffer.from(items.map(json).join('')),
  },
  {
    codec: 'json-batch-100',
    batch: 100,
    contentType: 'application/json',
    encode: (items) => Buffer.from(`[${items.map(json).join(',')}]`),
  },
  { codec: 'line-single', batch: 1, contentType: 'application/vnd.influx.line', encode: lines },
  { codec: 'line-batch-100', batch: 100, contentType: 'application/vnd.influx.line', encode: lines },
  { codec: 'line-batch-1000', batch: 1_000, contentType: 'application/vnd.influx.line', encode: lines },
  {
    codec: 'arrow-batch-100',
    batch: 100,
    contentType: ARROW,
    encode: (items) => arrowBatch(items, BigInt(PLACEHOLDER)),
  },
  {
    codec: 'arrow-batch-1000',
    batch: 1_000,
    contentType: ARROW,
    encode: (items) => arrowBatch(items, BigInt(PLACEHOLDER)),
  },
];

export const BENCH_CODECS: readonly BenchCodec[] = ENCODERS.map(({ codec }) => codec);

export function contentTypeOf(codec: BenchCodec): string {
  return encoderOf(codec).contentType;
}

export function templates(codec: BenchCodec, seriesCount: number, seed = 42): Template[] {
  const { batch, encode, contentType } = encoderOf(codec);
  const series = benchSeries(seriesCount);
  const random = seededRandom(seed);
  return Array.from({ length: VARIANTS }, () => series.map((one) => ({ series: one, value: latency(random) })))
    .flatMap((items) => chunked(items, batch))
    .map((items) => templateOf(encode(items), items, contentType === ARROW));
}

/** A stamp in both forms. */
export class Stamp {
  readonly #digits = Buffer.alloc(19);
  readonly #bytes = Buffer.alloc(8);

  set(nanos: bigint): void {
    this.#digits.write(String(nanos), 'latin1');
    this.#bytes.writeBigInt64LE(nanos);
  }

  /** Writes the stamp into every place of a message. */
  putInto({ payload, stamps, isBinary }: Template): void {
    const written = isBinary ? this.#bytes : this.#digits;
    for (const at of stamps) written.copy(payload, at);
  }
}

function templateOf(payload: Buffer, items: readonly Item[], isBinary: boolean): Template {
  const placeholder = isBinary ? PLACEHOLDER_BYTES : Buffer.from(PLACEHOLDER);
  const stamps: number[] = [];
  for (let at = payload.indexOf(placeholder); at >= 0; at = payload.indexOf(placeholder, at + placeholder.length)) {
    stamps.push(at);
  }
  const observations = items.filter(({ series }) => series.type === 'observation').length;
  return { payload, stamps, isBinary, samples: items.length, observations };
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

function lines(items: readonly Item[]): Buffer {
  return Buffer.from(items.map(line).join('\n'));
}

/** Line protocol has no metric type: the stream's configuration says that names in seconds are observations. */
function line({ series, value }: Item): string {
  const tags = Object.entries(series.labels).map(([label, text]) => `,${label}=${text}`);
  return `${series.name}${tags.join('')} value=${value} ${PLACEHOLDER}`;
}
