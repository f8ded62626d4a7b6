/** The same seeded samples in each format: three labels, an observed value, one stamp each. */
import {
  Dictionary,
  Int32,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  TimestampNanosecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';

export interface CodecMessages {
  readonly name: string;
  readonly contentType: string;
  readonly messages: readonly Uint8Array[];
  readonly samples: number;
}

interface Point {
  readonly labels: { readonly venue: string; readonly strategy: string; readonly host: string };
  readonly value: number;
  readonly time: bigint;
}

const BATCH = 100;

export function codecMessages(seriesCount: number, nowNanos: bigint): CodecMessages[] {
  const points = Array.from({ length: seriesCount }, (_, i) => pointOf(i, nowNanos));
  const metric = (point: Point, time: string | number): object => ({
    name: 'order_ack_seconds',
    type: 'observation',
    value: point.value,
    time,
    labels: point.labels,
  });
  const bytes = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));
  const exact = (point: Point): object => metric(point, String(point.time));
  const made = (name: string, contentType: string, messages: readonly Uint8Array[]): CodecMessages => ({
    name,
    contentType,
    messages,
    samples: points.length,
  });
  return [
    made(
      'json-single',
      '',
      points.map((point) => bytes(exact(point))),
    ),
    made(
      'json-single-ms',
      '',
      points.map((point) => bytes(metric(point, Number(point.time / 1_000_000n)))),
    ),
    made(
      'json-100',
      '',
      inBatches(points).map((batch) => bytes(batch.map(exact))),
    ),
    made(
      'ndjson-100',
      '',
      inBatches(points).map((batch) => Buffer.from(batch.map((p) => JSON.stringify(exact(p))).join('\n'))),
    ),
    ...[100, 1_000].map((rows) => made(`arrow-${rows}`, '', inBatches(points, rows).map(arrow))),
    made(
      'line-single',
      '',
      points.map((point) => Buffer.from(line(point))),
    ),
    made(
      'line-100',
      '',
      inBatches(points).map((batch) => Buffer.from(batch.map(line).join('\n'))),
    ),
  ];
}

function pointOf(i: number, nowNanos: bigint): Point {
  const labels = { venue: `V${i % 10}`, strategy: `S${Math.floor(i / 10) % 10}`, host: `h${Math.floor(i / 100)}` };
  return { labels, value: Math.round(1000 + ((i * 2_654_435_761) % 4096)) / 1e6, time: nowNanos - BigInt(i) * 1_000n };
}

function line({ labels, value, time }: Point): string {
  return `order_ack,venue=${labels.venue},strategy=${labels.strategy},host=${labels.host} seconds=${value} ${time}`;
}

function inBatches(points: readonly Point[], size = BATCH): Point[][] {
  return Array.from({ length: Math.ceil(points.length / size) }, (_, b) => points.slice(b * size, (b + 1) * size));
}

/** Made once: a new one would give each message's dictionaries new numbers. */
const WORDS = ['name', 'kind', 'venue', 'strategy', 'host'].map(() => new Dictionary(new Utf8(), new Int32()));

function arrow(points: readonly Point[]): Uint8Array {
  const words = (column: number, text: (point: Point) => string): Vector =>
    vectorFromArray(points.map(text), WORDS[column] as Dictionary<Utf8, Int32>);
  const times = BigInt64Array.from(points, ({ time }) => time);
  const table = new Table({
    name: words(0, () => 'order_ack_seconds'),
    kind: words(1, () => 'observation'),
    time: makeVector(makeData({ type: new TimestampNanosecond(), length: points.length, data: times })),
    value: makeVector(Float64Array.from(points, ({ value }) => value)),
    venue: words(2, ({ labels }) => labels.venue),
    strategy: words(3, ({ labels }) => labels.strategy),
    host: words(4, ({ labels }) => labels.host),
  });
  return tableToIPC(table, 'stream');
}
