/**
 * Stamps inside a snappy block, so that a compressed message need not be compressed anew for each sending: the block
 * holds each byte that does not repeat an earlier one once, as it is, and the copies of that byte follow it. All samples
 * of a message have one stamp, so a new stamp leaves all lengths and distances as they are.
 */

/** For each byte of the plain text, where in the block it comes from. The block is one that a compressor has just made. */
function sourcesOf(block: Uint8Array): number[] {
  const sources: number[] = [];
  let at = block.findIndex((byte) => byte < 128) + 1;
  while (at < block.length) {
    const tag = block[at++] as number;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >>> 2) - 59);
      const length = 1 + (extra === 0 ? tag >>> 2 : littleEndian(block, at, extra));
      at += extra;
      for (let i = 0; i < length; i++) sources.push(at++);
      continue;
    }
    const width = (tag & 3) === 3 ? 4 : tag & 3;
    const length = (tag & 3) === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = littleEndian(block, at, width) + ((tag & 3) === 1 ? (tag >>> 5) * 256 : 0);
    at += width;
    for (let i = 0; i < length; i++) sources.push(sources[sources.length - offset] as number);
  }
  return sources;
}

/**
 * By the number of a byte in `placeholder`, where in the block it stands; throws where a byte of a stamp stands for
 * something else, too, so that to write it anew would spoil the message.
 */
export function scatteredStamps(block: Buffer, placeholder: Buffer): number[][] {
  const sources = sourcesOf(block);
  const plain = Buffer.from(sources.map((at) => block[at] as number));
  const byteOfSource = new Map<number, number>();
  const inStamp = new Set<number>();
  for (let at = plain.indexOf(placeholder); at >= 0; at = plain.indexOf(placeholder, at + placeholder.length)) {
    for (let byte = 0; byte < placeholder.length; byte++) {
      inStamp.add(at + byte);
      const source = sources[at + byte] as number;
      if ((byteOfSource.get(source) ?? byte) !== byte) throw new Error(`byte ${source} of the block is two of a stamp`);
      byteOfSource.set(source, byte);
    }
  }
  sources.forEach((source, at) => {
    if (byteOfSource.has(source) && !inStamp.has(at))
      throw new Error(`byte ${source} of the block is not a stamp's alone`);
  });
  const places: number[][] = Array.from(placeholder, () => []);
  for (const [source, byte] of byteOfSource) places[byte]?.push(source);
  return places;
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] as number);
  return value;
}
