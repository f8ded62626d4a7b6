/** Exemplars of OTLP, both encodings (opentelemetry-proto 1.x; the SDK for JavaScript sends none, so they are written here). */
import Pbf from 'pbf';
import { otlpCodec } from '../otlp.ts';
import { SeriesCache } from '../series-cache.ts';
import { contextOf, decoding, RECEIVED, reasonsOf } from '../testing/decode.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const AT = RECEIVED - 7n;
const decode = (bytes: Uint8Array) => decoding(otlpCodec(new SeriesCache())).decode(bytes, contextOf());

interface Exemplar {
  readonly value?: number;
  readonly time?: bigint;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}
interface Point {
  readonly exemplars: readonly Exemplar[];
  readonly attributes?: Readonly<Record<string, string>>;
}
type Kind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram';

function pairs(attributes: Readonly<Record<string, string>> = {}): object[] {
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

function inJson(kind: Kind, { exemplars, attributes }: Point): Uint8Array {
  const point = {
    timeUnixNano: `${RECEIVED}`,
    attributes: pairs(attributes),
    ...(kind === 'histogram' ? { count: '9', sum: 5, bucketCounts: ['4', '4', '1'], explicitBounds: [0.1, 1] } : {}),
    ...(kind === 'exponentialHistogram' ? { count: '1', sum: 1, scale: 0, positive: { bucketCounts: ['1'] } } : {}),
    ...(kind === 'gauge' || kind === 'sum' ? { asInt: '3' } : {}),
    exemplars: exemplars.map((one) => ({
      ...(one.value === undefined ? {} : { asDouble: one.value }),
      ...(one.time === undefined ? {} : { timeUnixNano: `${one.time}` }),
      traceId: one.traceId ?? '',
      spanId: one.spanId ?? '',
      filteredAttributes: pairs(one.attributes),
    })),
  };
  const metric = { name: 'ack', [kind]: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point] } };
  const resource = { attributes: pairs({ 'service.name': 'gw', 'host.name': 'h' }) };
  return Buffer.from(JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] }));
}

/** Numbers of the fields: `metrics/v1/metrics.proto`. */
const FIELDS = {
  gauge: { data: 5, attributes: 7, exemplar: 5 },
  sum: { data: 7, attributes: 7, exemplar: 5 },
  histogram: { data: 9, attributes: 9, exemplar: 8 },
  exponentialHistogram: { data: 10, attributes: 1, exemplar: 11 },
} as const;

function inProtobuf(kind: Kind, { exemplars, attributes }: Point): Uint8Array {
  const fields = FIELDS[kind];
  const point = message((pbf) => {
    fixed64(pbf, 3, RECEIVED);
    if (kind === 'gauge' || kind === 'sum') pbf.writeSFixed64Field(6, 3);
    else {
      pbf.writeFixed64Field(4, kind === 'histogram' ? 9 : 1);
      pbf.writeDoubleField(5, kind === 'histogram' ? 5 : 1);
    }
    if (kind === 'histogram') {
      for (const count of [4, 4, 1]) pbf.writeFixed64Field(6, count);
      pbf.writePackedDouble(7, [0.1, 1]);
    }
    if (kind === 'exponentialHistogram') {
      pbf.writeBytesField(
        8,
        message((buckets) => buckets.writePackedVarint(2, [1])),
      );
    }
    writeAttributes(pbf, fields.attributes, attributes);
    for (const one of exemplars) pbf.writeBytesField(fields.exemplar, exemplarBytes(one));
  });
  const data = message((pbf) => {
    pbf.writeBytesField(1, point);
    pbf.writeVarintField(2, 1);
    pbf.writeVarintField(3, 1);
  });
  const metric = message((pbf) => {
    pbf.writeStringField(1, 'ack');
    pbf.writeBytesField(fields.data, data);
  });
  const scope = message((pbf) => pbf.writeBytesField(2, metric));
  const resource = message((pbf) => writeAttributes(pbf, 1, { 'service.name': 'gw', 'host.name': 'h' }));
  const metrics = message((pbf) => {
    pbf.writeBytesField(1, resource);
    pbf.writeBytesField(2, scope);
  });
  return message((pbf) => pbf.writeBytesField(1, metrics));
}

function exemplarBytes({ value, time, traceId, spanId, attributes }: Exemplar): Uint8Array {
  return message((pbf) => {
    if (time !== undefined) fixed64(pbf, 2, time);
    if (value !== undefined) pbf.writeDoubleField(3, value);
    if (spanId !== undefined) pbf.writeBytesField(4, Buffer.from(spanId, 'hex'));
    if (traceId !== undefined) pbf.writeBytesField(5, Buffer.from(traceId, 'hex'));
    writeAttributes(pbf, 7, attributes);
  });
}

function message(write: (pbf: Pbf) => void): Uint8Array {
  const pbf = new Pbf();
  write(pbf);
  return pbf.finish();
}

/** pbf itself writes doubles, which have no place for so many nanoseconds. */
function fixed64(pbf: Pbf, field: number, value: bigint): void {
  pbf.writeTag(field, 1);
  pbf.writeFixed32(Number(value & 0xffffffffn));
  pbf.writeFixed32(Number(value >> 32n));
}

function writeAttributes(pbf: Pbf, field: number, attributes: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(attributes)) {
    const attribute = message((pair) => {
      pair.writeStringField(1, key);
      pair.writeBytesField(
        2,
        message((any) => any.writeStringField(1, value)),
      );
    });
    pbf.writeBytesField(field, attribute);
  }
}

describe.each([
  ['JSON', inJson],
  ['protobuf', inProtobuf],
])('exemplars of OTLP in %s', (_name, encode) => {
  const one = { value: 0.5, time: AT, traceId: TRACE, spanId: SPAN };
  const ids = `trace_id=${TRACE} span_id=${SPAN}`;

  it.each([
    ['gauge', 'ack{job="gw", venue="X"}'],
    ['sum', 'ack_total{job="gw", venue="X"}'],
    ['exponentialHistogram', 'ack{job="gw", venue="X"}'],
    ['histogram', 'ack_bucket{job="gw", le="1", venue="X"}'],
  ] as const)('of a %s belong to %s', (kind, series) => {
    const { exemplars, problems, samples } = decode(encode(kind, { exemplars: [one], attributes: { venue: 'X' } }));
    expect([exemplars, problems]).toEqual([[`${series} 0.5 {${ids}} @${AT}`], []]);
    expect(samples.map(({ labels }) => labels.toString())).toContain(series);
    // The exemplar's stamp is its own: what follows has that of the point.
    expect(samples.at(-1)?.labels.metricName).toBe('target_info');
    expect(new Set(samples.map(({ timeNanos }) => timeNanos))).toEqual(new Set([RECEIVED]));
  });

  it('of a histogram with explicit bounds belong to the bucket that holds the value', () => {
    const values = [0.1, 0.11, 1.5];
    const { exemplars } = decode(encode('histogram', { exemplars: values.map((value) => ({ ...one, value })) }));
    expect(exemplars.map((text) => /le="([^"]+)"\} (\S+)/.exec(text)?.slice(1))).toEqual([
      ['0.1', '0.1'],
      ['1', '0.11'],
      ['+Inf', '1.5'],
    ]);
  });

  it('bring their attributes where all together have at most 128 characters', () => {
    const withAttribute = (length: number) => ({ ...one, attributes: { 'order.id': 'x'.repeat(length) } });
    // 8 + 32 + 7 + 16 for the ids, 8 for the name.
    const { exemplars } = decode(encode('gauge', { exemplars: [withAttribute(57), withAttribute(58)] }));
    expect(exemplars).toEqual([
      `ack{job="gw"} 0.5 {${ids} order_id=${'x'.repeat(57)}} @${AT}`,
      `ack{job="gw"} 0.5 {${ids}} @${AT}`,
    ]);
  });

  it('have the time of their point when they have none, and are only counted without a value', () => {
    const { exemplars, problems, samples } = decode(
      encode('gauge', { exemplars: [{ value: 2, traceId: TRACE }, { traceId: TRACE }] }),
    );
    expect(exemplars).toEqual([`ack{job="gw"} 2 {trace_id=${TRACE}} @${RECEIVED}`]);
    expect([reasonsOf({ problems }), problems[0]?.countOnly, samples.length]).toEqual([['exemplar'], true, 2]);
  });
});
