/** OTLP as OpenTelemetry's own SDK sends it, both encodings; names as Prometheus's receiver makes them. */
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Sample } from '@tapewatch/core';
import fc from 'fast-check';
import { otlpCodec } from './otlp.ts';
import { labelNameOf, metricNameOf } from './otlp/name.ts';
import { emptyMetric } from './otlp/model.ts';
import { PROBLEM_REASONS } from './problem.ts';
import { SeriesCache } from './series-cache.ts';
import { contextOf, decoding, reasonsOf, type TestCodec } from './testing/decode.ts';

class ManualReader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

/** A service that measures, and what its exporter would send. */
function service(temporality: AggregationTemporality, exponential = true) {
  const reader = new ManualReader({
    aggregationTemporalitySelector: () => temporality,
    aggregationSelector: (type) =>
      exponential && String(type) === 'HISTOGRAM'
        ? { type: AggregationType.EXPONENTIAL_HISTOGRAM }
        : { type: AggregationType.DEFAULT },
  });
  const resource = resourceFromAttributes({
    'service.name': 'gateway',
    'service.namespace': 'desk',
    'service.instance.id': 'gw-1',
    'host.name': 'trade-1',
  });
  const meter = new MeterProvider({ resource, readers: [reader] }).getMeter('test');
  const collect = async (): Promise<ResourceMetrics> => (await reader.collect()).resourceMetrics;
  return { meter, collect };
}

const newCodec = (): TestCodec => decoding(otlpCodec(new SeriesCache()));
const at = (codec: TestCodec, bytes: Uint8Array) =>
  codec.decode(bytes, { ...contextOf(), receivedNanos: BigInt(Date.now() + 60_000) * 1_000_000n });
const line = (sample: Sample): string =>
  `${sample.labels.toString()} ${sample.kind} ${sample.kind === 'histogram' ? `count ${sample.histogram.count} sum ${sample.histogram.sum}` : sample.value}`;
const ENCODINGS = [
  ['protobuf', (metrics: ResourceMetrics) => ProtobufMetricsSerializer.serializeRequest(metrics) as Uint8Array],
  ['JSON', (metrics: ResourceMetrics) => JsonMetricsSerializer.serializeRequest(metrics) as Uint8Array],
] as const;
const ID = 'instance="gw-1", job="desk/gateway"';

describe.each(ENCODINGS)('OTLP in %s', (_name, encode) => {
  it('yields counters, gauges, the target, exact stamps, units and descriptions', async () => {
    const { meter, collect } = service(AggregationTemporality.CUMULATIVE);
    meter.createCounter('orders.sent', { description: 'Orders.', unit: '{order}' }).add(3, { 'order.side': 'buy' });
    meter.createUpDownCounter('orders.open').add(-2);
    meter.createGauge('queue.fill', { unit: '1' }).record(0.25);
    const metrics = await collect();
    const { samples, problems } = at(newCodec(), encode(metrics));
    expect(problems).toEqual([]);
    expect(samples.map(line)).toEqual([
      `orders_sent_total{${ID}, order_side="buy"} counter 3`,
      `orders_open{${ID}} gauge -2`,
      `queue_fill_ratio{${ID}} gauge 0.25`,
      `target_info{host_name="trade-1", ${ID}} gauge 1`,
    ]);
    expect(samples[0]).toMatchObject({ unit: '{order}', help: 'Orders.' });
    const [seconds, nanos] = metrics.scopeMetrics[0]!.metrics[0]!.dataPoints[0]!.endTime;
    expect(samples[0]?.timeNanos).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  });

  it('keeps exponential histograms as they are, deltas as deltas', async () => {
    const { meter, collect } = service(AggregationTemporality.DELTA);
    const histogram = meter.createHistogram('order.ack', { unit: 's' });
    const values = [0.001, 0.002, 0.0021, 0, 3];
    for (const value of values) histogram.record(value);
    const codec = newCodec();
    const [sample] = at(codec, encode(await collect())).samples;
    expect(sample?.labels.metricName).toBe('order_ack_seconds');
    if (sample?.kind !== 'histogram') throw new Error('no histogram');
    expect(sample.histogram.count).toBe(5);
    expect(sample.histogram.zeroCount).toBe(1);
    expect(sample.histogram.sum).toBeCloseTo(3.0051, 12);
    expect([sample.histogram.min, sample.histogram.max]).toEqual([0, 3]);
    for (const value of values.filter((v) => v > 0)) {
      expect([...sample.histogram.buckets()].some(({ lower, upper }) => lower < value && value <= upper)).toBe(true);
    }
    histogram.record(5);
    expect(at(codec, encode(await collect())).samples.map(line)[0]).toMatch(/count 1 sum 5$/);
  });

  it('takes totals of exponential histograms apart, and sees a reset', async () => {
    const { meter, collect } = service(AggregationTemporality.CUMULATIVE);
    const histogram = meter.createHistogram('ack');
    histogram.record(1);
    histogram.record(2);
    const codec = newCodec();
    const counts = (bytes: Uint8Array): number[] =>
      at(codec, bytes).samples.flatMap((sample) => (sample.kind === 'histogram' ? [sample.histogram.count] : []));
    // What was observed before we listened is a mark to count from.
    expect(counts(encode(await collect()))).toEqual([0]);
    histogram.record(1.5);
    const second = encode(await collect());
    expect(counts(second)).toEqual([1]);
    expect(counts(second)).toEqual([0]);
    const restarted = service(AggregationTemporality.CUMULATIVE);
    restarted.meter.createHistogram('ack').record(1);
    expect(counts(encode(await restarted.collect()))).toEqual([1]);
  });

  it('makes classic buckets of explicit ones, and adds deltas up', async () => {
    const { meter, collect } = service(AggregationTemporality.DELTA, false);
    const histogram = meter.createHistogram('http.server.duration', {
      unit: 'ms',
      advice: { explicitBucketBoundaries: [10, 100] },
    });
    const counter = meter.createCounter('requests');
    const codec = newCodec();
    for (const value of [5, 50, 500]) histogram.record(value);
    counter.add(2);
    const first = at(codec, encode(await collect())).samples.map(line);
    expect(first).toEqual([
      `http_server_duration_milliseconds_bucket{${ID}, le="10"} counter 1`,
      `http_server_duration_milliseconds_bucket{${ID}, le="100"} counter 2`,
      `http_server_duration_milliseconds_bucket{${ID}, le="+Inf"} counter 3`,
      `http_server_duration_milliseconds_sum{${ID}} counter 555`,
      `http_server_duration_milliseconds_count{${ID}} counter 3`,
      `requests_total{${ID}} counter 2`,
      `target_info{host_name="trade-1", ${ID}} gauge 1`,
    ]);
    histogram.record(7);
    counter.add(5);
    const second = at(codec, encode(await collect())).samples.map(line);
    expect(second.filter((text) => /le="10"|requests/.test(text)).map((text) => text.split(' ').at(-1))).toEqual([
      '2',
      '7',
    ]);
  });

  it('never throws on damaged requests', async () => {
    const { meter, collect } = service(AggregationTemporality.CUMULATIVE);
    meter.createHistogram('h').record(1, { a: 'x' });
    meter.createCounter('c').add(1);
    const good = encode(await collect());
    const codec = newCodec();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (place, byte, cut) => {
        const damaged = Buffer.from(good);
        damaged[place] = byte;
        for (const bytes of [damaged, damaged.subarray(0, cut)]) {
          for (const { reason } of at(codec, bytes).problems) expect(PROBLEM_REASONS).toContain(reason);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

describe('OTLP of hostile senders', () => {
  const codec = newCodec();
  const point = (kind: string, data: object, rest: object = {}): Buffer =>
    Buffer.from(
      JSON.stringify({
        resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', [kind]: { dataPoints: [data], ...rest } }] }] }],
      }),
    );

  it.each<[string, string, object]>([
    ['schema', 'gauge', {}],
    ['schema', 'exponentialHistogram', { scale: -5 }],
    ['schema', 'exponentialHistogram', { scale: 1, positive: { offset: 0, bucketCounts: [-1] } }],
    ['schema', 'exponentialHistogram', { scale: 1, positive: { offset: 2e9, bucketCounts: [1] } }],
    ['schema', 'exponentialHistogram', { scale: 1, positive: { offset: 0, bucketCounts: Array(8193).fill(1) } }],
    ['schema', 'exponentialHistogram', { scale: 1, sum: 'NaN' }],
    ['schema', 'histogram', { bucketCounts: ['1', '2'], explicitBounds: [] }],
    ['schema', 'histogram', { bucketCounts: ['1', '2', '3'], explicitBounds: [2, 1] }],
    ['time', 'gauge', { asInt: '1', timeUnixNano: 'soon' }],
    ['time_future', 'gauge', { asInt: '1', timeUnixNano: '9000000000000000000' }],
    ['label_limit', 'gauge', { asInt: '1', attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(5000) } }] }],
  ])('is refused with %s: %s %j', (reason, kind, data) => {
    const decoded = codec.decode(point(kind, data, { aggregationTemporality: 1 }), contextOf());
    expect(reasonsOf(decoded)).toEqual([reason]);
  });

  it('is merged down above scale 8, exactly', () => {
    const bytes = point(
      'exponentialHistogram',
      { scale: 12, sum: 1, positive: { offset: -3, bucketCounts: Array(40).fill(1) } },
      { aggregationTemporality: 1 },
    );
    const [sample] = codec.decode(bytes, contextOf()).samples;
    if (sample?.kind !== 'histogram') throw new Error('no histogram');
    expect(sample.histogram.scale).toBe(8);
    // Index i at scale 12 is i >> 4 at scale 8.
    expect([...sample.histogram.positive]).toEqual([
      [-1, 3],
      [0, 16],
      [1, 16],
      [2, 5],
    ]);
  });

  it('keeps neighbours of a bad point, and nesting does no harm', () => {
    const deep = '{"arrayValue":{"values":['.repeat(20_000);
    const attributes = `[{"key":"a","value":${deep}{}${']}}'.repeat(20_000)}}]`;
    const text = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"1","attributes":${attributes}},{"asInt":2},{}]}}]}]}]}`;
    const decoded = codec.decode(Buffer.from(text), contextOf());
    expect(decoded.samples).toHaveLength(2);
    expect(reasonsOf(decoded)).toEqual(['schema']);
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const { reason } of codec.decode(bytes, contextOf()).problems) expect(PROBLEM_REASONS).toContain(reason);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('names of OTLP', () => {
  it.each([
    ['http.server.request.duration', 's', 'histogram', 'http_server_request_duration_seconds'],
    ['system.network.io', 'By', 'sum', 'system_network_io_bytes_total'],
    ['system.network.io', 'By/s', 'gauge', 'system_network_io_bytes_per_second'],
    ['requests.total.count', '', 'sum', 'requests_count_total'],
    ['cpu.utilization', '1', 'gauge', 'cpu_utilization_ratio'],
    ['already_in_seconds', 's', 'gauge', 'already_in_seconds'],
    ['disk usage %', '%', 'gauge', 'disk_usage_percent'],
    ['2xx', '{req}', 'sum', '_2xx_total'],
  ] as const)('%s in %j as %s is %s', (name, unit, kind, expected) => {
    expect(metricNameOf({ ...emptyMetric(), name, unit, kind, monotonic: kind === 'sum' })).toBe(expected);
  });

  it.each([
    ['http.method', 'http_method'],
    ['1st', 'key_1st'],
    ['_private', 'key_private'],
    ['__name__', 'key_name__'],
    ['straße', 'stra_e'],
  ])('label %s is %s', (key, expected) => {
    expect(labelNameOf(key)).toBe(expected);
  });
});
