/** Shorthand for the tests of the codecs: text in, decoded out, under a fixed time of receipt. */
import type { Sample } from '@tapewatch/core';
import type { Codec, Decoded, DecodeContext } from '../../ports.ts';

export const RECEIVED = 1_753_612_200_000_000_000n;

export function contextOf(
  payloadKind: DecodeContext['payloadKind'] = 'metric',
  labels: Readonly<Record<string, string>> = {},
): DecodeContext {
  return { payloadKind, labels, receivedNanos: RECEIVED };
}

export function decodeText(codec: Codec, text: string, context: DecodeContext = contextOf()): Decoded {
  return codec.decode(Buffer.from(text), context);
}

/** `name{labels} kind value @nanoseconds`, for comparing at a glance. */
export function sampleText(sample: Sample): string {
  const value = sample.kind === 'histogram' ? `count ${sample.histogram.count}` : String(sample.value);
  return `${sample.labels.toString()} ${sample.kind} ${value} @${sample.timeNanos}`;
}

export function reasonsOf(decoded: Decoded): string[] {
  return decoded.problems.map(({ reason }) => reason);
}
