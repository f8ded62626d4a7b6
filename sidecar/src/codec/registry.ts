/**
 * Which codec reads a message: the stream's setting, else the `Content-Type` header, else the first byte. A codec is one
 * file and one line here. A registry serves one sink for its life: its codecs remember the sink's numbers for series.
 */
import type { Codec, DecodeContext, SinkCodec } from '../ports.ts';
import { collecting, CollectingSink } from './collecting-sink.ts';
import { jsonCodec } from './json.ts';
import { lineCodec } from './line.ts';
import { Fault, refuse, shown } from './problem.ts';
import { SeriesCache } from './series-cache.ts';

export const CODEC_SETTINGS = ['auto', 'json', 'line'] as const;
export type CodecSetting = (typeof CODEC_SETTINGS)[number];

const BY_MEDIA_TYPE: Readonly<Record<string, CodecSetting>> = {
  '': 'auto',
  'application/octet-stream': 'auto',
  'application/json': 'json',
  'application/x-ndjson': 'json',
  'application/ndjson': 'json',
  'application/jsonl': 'json',
  'application/vnd.influx.line': 'line',
  'text/plain': 'line',
};

export interface CodecRegistry {
  /** Never undefined: for a type that nobody reads, a codec that says so in a problem. */
  codecFor(contentType: string, setting: CodecSetting): Codec & SinkCodec;
}

/** Codecs that share one cache of series. */
export function createCodecRegistry(): CodecRegistry {
  const cache = new SeriesCache();
  const sink = new CollectingSink();
  const both = (codec: SinkCodec): Codec & SinkCodec => ({ ...codec, decode: collecting(codec, sink) });
  const json = jsonCodec(cache);
  const line = lineCodec(cache);
  const auto: SinkCodec = {
    name: 'auto',
    decodeInto: (payload, context, into) =>
      (looksLikeJson(payload, context) ? json : line).decodeInto(payload, context, into),
  };
  const codecs: Record<CodecSetting, Codec & SinkCodec> = { auto: both(auto), json: both(json), line: both(line) };
  return {
    codecFor(contentType, setting) {
      if (setting !== 'auto' || contentType === '') return codecs[setting];
      const chosen = Object.hasOwn(BY_MEDIA_TYPE, contentType) ? contentType : mediaType(contentType);
      return Object.hasOwn(BY_MEDIA_TYPE, chosen)
        ? codecs[BY_MEDIA_TYPE[chosen] as CodecSetting]
        : both(unreadable(chosen));
    },
  };
}

function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] as string).trim().toLowerCase();
}

function looksLikeJson(payload: Uint8Array, { payloadKind }: DecodeContext): boolean {
  if (payloadKind !== 'metric') return true;
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at] as number;
    // White space and the bytes of a byte order mark.
    if (byte === 32 || byte === 9 || byte === 10 || byte === 13 || byte === 0xef || byte === 0xbb || byte === 0xbf)
      continue;
    return byte === 0x7b /* { */ || byte === 0x5b; /* [ */
  }
  return true;
}

function unreadable(type: string): SinkCodec {
  return {
    name: 'none',
    decodeInto(payload, _context, sink) {
      const known = Object.keys(BY_MEDIA_TYPE).filter((name) => name !== '');
      const text = `Content-Type ${shown(type)} has no codec; known: ${known.join(', ')}`;
      refuse(new Fault('content_type', text), payload, sink);
    },
  };
}
