/** Bounds of one message and one sample (DESIGN.md 9); docs/wire.md prints them. Every excess is a problem with a reason. */
import { NAME_MAX_BYTES, TEXT_MAX_BYTES } from '@tapewatch/contract';
import type { DecodeContext } from '../ports.ts';

export const MESSAGE_MAX_BYTES = 1_048_576;
/** After decompression, and of a request by HTTP. */
export const DECOMPRESSED_MAX_BYTES = 16_777_216;
/** Labels of one sample, without the metric name. */
export const LABELS_MAX = 40;
export const LABEL_NAME_MAX_BYTES = NAME_MAX_BYTES;
export const LABEL_VALUE_MAX_BYTES = TEXT_MAX_BYTES;
/** A stamp further ahead of its receipt would push the watermark past everything that follows. */
export const FUTURE_MAX_SECONDS = 3_600;
/** Problems of one message that are kept one by one; further ones are counted by reason. */
export const PROBLEMS_MAX = 16;
export const EXCERPT_MAX_BYTES = 1_024;
export const DETAIL_MAX_CHARACTERS = 512;

/** True when the text is longer than `maxBytes` in UTF-8; the common short text is decided by its length alone. */
export function exceedsBytes(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || Buffer.byteLength(text) > maxBytes;
}

/** The bound of a message's bytes: that of its way in, or the one for NATS. */
export function maxBytesOf({ maxBytes = MESSAGE_MAX_BYTES }: DecodeContext): number {
  return maxBytes;
}
