/** Shorthand for the tests of the codecs: text in, decoded out, under a fixed time of receipt. */
import type { CodecSetting } from '@tapewatch/contract';
import type { Sample } from '@tapewatch/core';
import type { Codec, DecodeContext } from '../../ports.ts';
import { jsonCodec } from '../json.ts';
import { lineCodec } from '../line.ts';
import { createCodecRegistry } from '../registry.ts';
import { SeriesCache } from '../series-cache.ts';
import { collecting, CollectingSink, type Decoded } from './collecting-sink.ts';

export const RECEIVED = 1_753_612_200_000_000_000n;

export interface TestCodec {
  decode(payload: Uint8Array, context: DecodeContext): Decoded;
}

/** A codec with a sink of its own, for one call each. */
export function decoding(codec: Codec): TestCodec {
  return { decode: collecting(codec, new CollectingSink()) };
}

/** A registry with one sink for its life. */
export function decodingRegistry(): { codecFor(contentType: string, setting: CodecSetting): TestCodec } {
  const [registry, sink] = [createCodecRegistry(), new CollectingSink()];
  return {
    codecFor: (contentType, setting) => ({ decode: collecting(registry.codecFor(contentType, setting), sink) }),
  };
}

export function testJsonCodec(): TestCodec {
  return decoding(jsonCodec(new SeriesCache()));
}

export function testLineCodec(): TestCodec {
  return decoding(lineCodec(new SeriesCache()));
}

export function contextOf(
  payloadKind: DecodeContext['payloadKind'] = 'metric',
  labels: Readonly<Record<string, string>> = {},
): DecodeContext {
  return { payloadKind, labels, receivedNanos: RECEIVED };
}

export function decodeText(codec: TestCodec, text: string, context: DecodeContext = contextOf()): Decoded {
  return codec.decode(Buffer.from(text), context);
}

/** `name{labels} kind value @nanoseconds`, for comparing at a glance. */
export function sampleText(sample: Sample): string {
  const value = sample.kind === 'histogram' ? `count ${sample.histogram.count}` : String(sample.value);
  return `${sample.labels.toString()} ${sample.kind} ${value} @${sample.timeNanos}`;
}

export function reasonsOf(decoded: Pick<Decoded, 'problems'>): string[] {
  return decoded.problems.map(({ reason }) => reason);
}
