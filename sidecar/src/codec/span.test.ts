/** Spans as OpenTelemetry's own library sends them, both encodings, and as plain objects. */
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Span } from '@tapewatch/core';
import { pack } from 'msgpackr';
import { contextOf, decodingRegistry, decodeText, RECEIVED, reasonsOf } from './testing/decode.ts';

const PROTO = 'application/x-protobuf;proto=opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest';
const METRICS = 'application/x-protobuf;proto=opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest';
const START: [number, number] = [1_753_612_199, 123_456_789];
const END: [number, number] = [1_753_612_199, 125_456_790];

type Sent = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];

/** What the library's exporter is given. */
function sent(): Sent {
  return {
    ...{ name: 'route order', kind: 1, startTime: START, endTime: END, status: { code: 0 } },
    ...{ duration: [0, 2_000_001], ended: true, links: [], events: [] },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    attributes: { 'order.id': 'o-1', size: 7 },
    resource: resourceFromAttributes({ 'service.name': 'gateway', 'host.name': 'trade-1', region: 'eu' }),
    instrumentationScope: { name: 'test' },
    spanContext: () => ({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 }),
  };
}

const ENCODINGS = [
  ['protobuf', ProtobufTraceSerializer, PROTO],
  ['protobuf without a type', ProtobufTraceSerializer, ''],
  ['JSON', JsonTraceSerializer, PROTO],
  ['JSON by its own type', JsonTraceSerializer, 'application/json'],
  ['JSON without a type', JsonTraceSerializer, ''],
] as const;

describe.each(ENCODINGS)('OTLP spans in %s', (_name, serializer, contentType) => {
  it('become rows with exact stamps, the resource and what joins them to their order', () => {
    const span = sent();
    const bytes = serializer.serializeRequest([span]) as Uint8Array;
    const { events, problems } = decodingRegistry().codecFor(contentType, 'auto').decode(bytes, contextOf('span'));
    expect(problems).toEqual([]);
    const { attributes, ...row } = events[0] as Span;
    expect(row).toEqual({
      table: 'spans',
      timeNanos: 1_753_612_199_123_456_789n,
      endNanos: 1_753_612_199_125_456_790n,
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      parentSpanId: '',
      name: 'route order',
      kind: 'server',
      service: 'gateway',
      host: 'trade-1',
      status: 'unset',
      statusMessage: '',
      correlationId: 'o-1',
    });
    expect(attributes).toMatchObject({ 'order.id': 'o-1', size: '7', region: 'eu', 'service.name': 'gateway' });
  });
});

const IDS = { traceId: '4BF92F3577B34DA6A3CE929D0E0E4736', spanId: '00f067aa0ba902b7' };
const good = { ...IDS, name: 'x', startTimeUnixNano: '1753612199000000000', endTimeUnixNano: '1753612199000000001' };

function otlp(...spans: object[]) {
  return otlpOf({ scopeSpans: [{ spans }] });
}

function otlpOf(...resourceSpans: object[]) {
  const codec = decodingRegistry().codecFor('', 'otlp');
  return decodeText(codec, JSON.stringify({ resourceSpans }), contextOf('span'));
}

describe('OTLP spans', () => {
  it('keep parent, status and names of enumerations; join by trace where nothing else says', () => {
    const { events } = otlp({
      ...{ ...good, parentSpanId: '00F067AA0BA902B8', kind: 'SPAN_KIND_CLIENT' },
      status: { code: 'STATUS_CODE_ERROR', message: 'no route' },
    });
    expect(events[0]).toMatchObject({
      ...{ kind: 'client', status: 'error', statusMessage: 'no route', parentSpanId: '00f067aa0ba902b8' },
      ...{ traceId: IDS.traceId.toLowerCase(), correlationId: IDS.traceId.toLowerCase(), service: '' },
    });
  });

  it.each([
    ['no id', { ...good, spanId: '' }, 'schema'],
    ['zeros for an id', { ...good, traceId: '0'.repeat(32) }, 'schema'],
    ['no end', { ...good, endTimeUnixNano: '0' }, 'time'],
    ['an end before its beginning', { ...good, endTimeUnixNano: '1753612198999999999' }, 'time'],
    ['no name', { ...good, name: '' }, 'schema'],
    ['a stamp far ahead', { ...good, endTimeUnixNano: String(RECEIVED + 7_200_000_000_000n) }, 'time_future'],
    [
      'too many attributes',
      { ...good, attributes: Array.from({ length: 129 }, (_, i) => ({ key: `k${i}`, value: { intValue: i } })) },
      'label_limit',
    ],
    [
      'a long attribute',
      { ...good, attributes: [{ key: 'k', value: { stringValue: 'x'.repeat(5_000) } }] },
      'label_limit',
    ],
  ])('with %s are refused; the others of the message stay', (_, span, reason) => {
    const decoded = otlp(span, good);
    expect(reasonsOf(decoded)).toEqual([reason]);
    expect(decoded.events).toHaveLength(1);
  });

  it.each([
    ['more attributes than a span may have', 129, 'x'],
    ['more bytes than each of its spans should carry', 20, 'x'.repeat(900)],
  ])('of a resource with %s are refused without being looked at', (_, count, stringValue) => {
    const attributes = Array.from({ length: count }, (_unused, i) => ({ key: `k${i}`, value: { stringValue } }));
    const [spans, own] = [[good, { ...good, spanId: '' }], [good]];
    const decoded = otlpOf({ resource: { attributes }, scopeSpans: [{ spans }] }, { scopeSpans: [{ spans: own }] });
    expect(reasonsOf(decoded)).toEqual(['label_limit', 'label_limit']);
    expect(decoded.problems[0]?.detail).toContain('resource of spans');
    expect(decoded.events).toHaveLength(1);
  });

  it('that are cut off, or of the other signal, are refused whole', () => {
    const bytes = ProtobufTraceSerializer.serializeRequest([sent()]) as Uint8Array;
    const codec = decodingRegistry().codecFor(PROTO, 'auto');
    expect(reasonsOf(codec.decode(bytes.subarray(0, bytes.length - 3), contextOf('span')))).toEqual(['syntax']);
    expect(reasonsOf(codec.decode(bytes, contextOf('metric')))).toEqual(['content_type']);
    expect(reasonsOf(decodingRegistry().codecFor(METRICS, 'auto').decode(bytes, contextOf('span')))).toEqual([
      'content_type',
    ]);
    expect(reasonsOf(decodingRegistry().codecFor('', 'otlp').decode(bytes, contextOf('order')))).toEqual([
      'content_type',
    ]);
  });
});

describe('plain spans', () => {
  const plain = {
    ...{ trace_id: IDS.traceId, span_id: IDS.spanId, name: 'risk check', host: 'trade-1' },
    ...{ start_time: '1753612199000000000', end_time: '1753612199000184000', attributes: { ok: true, retries: 2 } },
  };

  it('come as JSON, NDJSON and MessagePack, the service from the subject', () => {
    const registry = decodingRegistry();
    const context = contextOf('span', { service: 'risk' });
    const text = JSON.stringify(plain);
    const found = [
      decodeText(registry.codecFor('', 'auto'), text, context),
      decodeText(registry.codecFor('application/x-ndjson', 'auto'), `${text}\n${text}`, context),
      registry.codecFor('application/msgpack', 'auto').decode(pack(plain), context),
    ];
    expect(found.map(({ events }) => events.length)).toEqual([1, 2, 1]);
    for (const { events, problems } of found) {
      expect(problems).toEqual([]);
      expect(events[0]).toMatchObject({ service: 'risk', kind: 'internal', attributes: { ok: 'true', retries: '2' } });
    }
  });
});
