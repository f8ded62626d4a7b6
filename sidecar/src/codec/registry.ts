/**
 * Which codec reads a message: the stream's setting, else the `Content-Type` header, else the first bytes. A codec is one
 * file and one line here. A registry serves one sink for its life: its codecs remember the sink's numbers for series.
 */
import type { CodecSetting } from '@tapewatch/contract';
import type { Codec, DecodeContext, SeriesRef } from '../ports.ts';
import { arrowCodec } from './arrow.ts';
import { jsonCodec } from './json.ts';
import { lineCodec } from './line.ts';
import { msgpackCodec } from './msgpack.ts';
import { otlpCodec } from './otlp.ts';
import { Fault, refuse, shown } from './problem.ts';
import { remoteWriteCodec } from './remote-write.ts';
import { SeriesCache } from './series-cache.ts';

type CodecName = Exclude<CodecSetting, 'auto'>;
/** What a message's header may say that a stream's setting does not. */
type Chosen = CodecSetting | 'otlp-metrics' | 'otlp-traces';

const CODECS = {
  json: jsonCodec,
  line: lineCodec,
  msgpack: msgpackCodec,
  arrow: arrowCodec,
  otlp: otlpCodec,
  'remote-write': remoteWriteCodec(1),
  'remote-write-2': remoteWriteCodec(2),
} as const satisfies Record<CodecName, (cache: SeriesCache) => Codec>;

const BY_MEDIA_TYPE: Readonly<Record<string, CodecSetting>> = {
  '': 'auto',
  'application/octet-stream': 'auto',
  'application/json': 'json',
  'application/x-ndjson': 'json',
  'application/ndjson': 'json',
  'application/jsonl': 'json',
  'application/vnd.influx.line': 'line',
  'text/plain': 'line',
  'application/msgpack': 'msgpack',
  'application/x-msgpack': 'msgpack',
  'application/vnd.msgpack': 'msgpack',
  'application/vnd.apache.arrow.stream': 'arrow',
};
/** Protobuf says of itself only that it is; the message's name comes as the parameter `proto`. */
const BY_PROTO: Readonly<Record<string, Chosen>> = {
  'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest': 'otlp-metrics',
  'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest': 'otlp-traces',
  'prometheus.WriteRequest': 'remote-write',
  'io.prometheus.write.v2.Request': 'remote-write-2',
};
/** The parameter `precision` of line protocol, in nanoseconds. */
const PRECISIONS = { us: 1_000, ms: 1_000_000, s: 1_000_000_000 } as const;
const PROTOBUF_TYPES: ReadonlySet<string> = new Set(['application/x-protobuf', 'application/protobuf']);

export interface CodecRegistry {
  /** Never undefined: for a type that nobody reads, a codec that says so in a problem. */
  codecFor(contentType: string, setting: CodecSetting): Codec;
  /** The sink has put series to rest: what codecs remember of them goes. */
  rest(isResting: (ref: SeriesRef) => boolean): void;
}

/** Codecs that share one cache of series. */
export function createCodecRegistry(): CodecRegistry {
  const cache = new SeriesCache();
  const codecs = {} as Record<Chosen, Codec>;
  for (const name of Object.keys(CODECS) as CodecName[]) codecs[name] = CODECS[name](cache);
  codecs['otlp-metrics'] = otlpCodec(cache, 'metric');
  codecs['otlp-traces'] = otlpCodec(cache, 'span');
  codecs.auto = {
    name: 'auto',
    decodeInto: (payload, context, into) => codecs[formatOf(payload, context)].decodeInto(payload, context, into),
  };
  const byPrecision = new Map<string, Codec>();
  for (const [unit, nanos] of Object.entries(PRECISIONS)) {
    byPrecision.set(`application/vnd.influx.line;precision=${unit}`, lineCodec(cache, nanos));
  }
  return {
    rest: (isResting) => cache.rest(isResting),
    codecFor(contentType, setting) {
      if (setting !== 'auto' || contentType === '') return codecs[setting];
      const precise = byPrecision.get(contentType);
      if (precise !== undefined) return precise;
      const chosen = Object.hasOwn(BY_MEDIA_TYPE, contentType) ? BY_MEDIA_TYPE[contentType] : settingOf(contentType);
      return chosen === undefined ? unreadable(contentType) : codecs[chosen];
    },
  };
}

function settingOf(contentType: string): Chosen | undefined {
  const [type = '', ...parameters] = contentType.split(';', 8).map((part) => part.trim());
  const media = type.toLowerCase();
  if (Object.hasOwn(BY_MEDIA_TYPE, media)) return BY_MEDIA_TYPE[media];
  if (!PROTOBUF_TYPES.has(media)) return undefined;
  const proto = /^proto\s*=\s*"?([\w.]+)"?$/i;
  const name = parameters.map((parameter) => proto.exec(parameter)?.[1]).find((match) => match !== undefined) ?? '';
  return Object.hasOwn(BY_PROTO, name) ? BY_PROTO[name] : undefined;
}

/** By the first bytes. Streams of other things than metrics and spans carry JSON. */
function formatOf(payload: Uint8Array, { payloadKind }: DecodeContext): CodecName {
  // The tag of a request's first field; lines of JSON do not begin with an empty one.
  if (payloadKind === 'span' && payload[0] === 0x0a) return 'otlp';
  if (payloadKind !== 'metric') return 'json';
  // The mark in front of every message of an Arrow stream; no text of UTF-8 holds this byte.
  if (payload[0] === 0xff && payload[1] === 0xff) return 'arrow';
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at] as number;
    // White space and the bytes of a byte order mark.
    if (byte === 32 || byte === 9 || byte === 10 || byte === 13 || byte === 0xef || byte === 0xbb || byte === 0xbf)
      continue;
    return byte === 0x7b /* { */ || byte === 0x5b /* [ */ ? 'json' : 'line';
  }
  return 'json';
}

function unreadable(type: string): Codec {
  return {
    name: 'none',
    decodeInto(payload, _context, sink) {
      const protos = Object.keys(BY_PROTO).map((name) => `application/x-protobuf;proto=${name}`);
      const known = [...Object.keys(BY_MEDIA_TYPE).filter((name) => name !== ''), ...protos];
      const text = `Content-Type ${shown(type)} has no codec; known: ${known.join(', ')}`;
      refuse(new Fault('content_type', text), payload, sink);
    },
  };
}
