/**
 * The snappy block format (google/snappy, "format_description.txt"), as remote write wraps its bodies. Written here
 * because the published decoders either believe the length that the sender claims, or (snappyjs 0.7.0) loop for ever on
 * a literal of negative length. Every length is checked before memory is taken or bytes are copied. O(output).
 */
import { Fault } from './problem.ts';

/** The plain bytes, or what is wrong. `maxBytes` bounds what they may become. */
export function decodeSnappyBlock(bytes: Uint8Array, maxBytes: number): Uint8Array | Fault {
  let length = 0;
  let at = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 28) return corrupt(bytes, 'its length cannot be read');
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 128) break;
  }
  if (length > maxBytes) {
    return new Fault('too_large', `body has ${length} bytes after snappy; at most ${maxBytes} are allowed`);
  }
  // A copy makes at most 64 bytes of two: what claims more than that is no block, and gets no memory.
  if (length > (bytes.length - at) * 32) return corrupt(bytes, `it is too short for ${length} bytes`);
  const plain = new Uint8Array(length);
  const written = copyAll(bytes, at, plain);
  return written === length ? plain : corrupt(bytes, `it yields other than its ${length} bytes`);
}

/** Bytes written, or -1 when an element reaches outside. */
function copyAll(bytes: Uint8Array, start: number, plain: Uint8Array): number {
  let at = start;
  let written = 0;
  while (at < bytes.length) {
    const tag = bytes[at++] as number;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >>> 2) - 59);
      const length = 1 + (extra === 0 ? tag >>> 2 : littleEndian(bytes, at, extra));
      at += extra;
      if (at + length > bytes.length || written + length > plain.length) return -1;
      plain.set(bytes.subarray(at, at + length), written);
      at += length;
      written += length;
      continue;
    }
    const width = (tag & 3) === 3 ? 4 : tag & 3;
    const length = (tag & 3) === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = littleEndian(bytes, at, width) + ((tag & 3) === 1 ? (tag >>> 5) * 256 : 0);
    at += width;
    if (at > bytes.length || offset === 0 || offset > written || written + length > plain.length) return -1;
    // Byte by byte: source and target may overlap, which repeats a pattern.
    for (let end = written + length; written < end; written++) plain[written] = plain[written - offset] as number;
  }
  return written;
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}

function corrupt(bytes: Uint8Array, reason: string): Fault {
  return new Fault('syntax', `body of ${bytes.length} bytes is not a snappy block: ${reason}`);
}
