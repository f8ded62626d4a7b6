/**
 * Which codec reads a message: the stream's setting, else the `Content-Type` header, else the first byte. A codec is one
 * file and one line here.
 */
import type { Codec, DecodeContext, Decoded } from '../ports.ts';
import { jsonCodec } from './json.ts';
import { LabelInterner } from './label-interner.ts';
import { lineCodec } from './line.ts';
import { Fault, ProblemList, shown } from './problem.ts';

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
  codecFor(contentType: string, setting: CodecSetting): Codec;
}

/** Codecs that share one cache of labels. */
export function createCodecRegistry(): CodecRegistry {
  const interner = new LabelInterner();
  const json = jsonCodec(interner);
  const line = lineCodec(interner);
  const auto: Codec = {
    name: 'auto',
    decode: (payload, context) => (looksLikeJson(payload, context) ? json : line).decode(payload, context),
  };
  const codecs: Record<CodecSetting, Codec> = { auto, json, line };
  return {
    codecFor(contentType, setting) {
      if (setting !== 'auto' || contentType === '') return codecs[setting];
      const chosen = Object.hasOwn(BY_MEDIA_TYPE, contentType) ? contentType : mediaType(contentType);
      return Object.hasOwn(BY_MEDIA_TYPE, chosen) ? codecs[BY_MEDIA_TYPE[chosen] as CodecSetting] : unreadable(chosen);
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

function unreadable(type: string): Codec {
  return {
    name: 'none',
    decode(payload): Decoded {
      const known = Object.keys(BY_MEDIA_TYPE).filter((name) => name !== '');
      const problems = new ProblemList();
      problems.add(
        new Fault('content_type', `Content-Type ${shown(type)} has no codec; known: ${known.join(', ')}`),
        payload,
      );
      return { samples: [], events: [], problems: problems.list() };
    },
  };
}
