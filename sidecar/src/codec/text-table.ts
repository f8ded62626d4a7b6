/**
 * Texts by their bytes, so that a venue's name is made once and not with each quote. One place for each hash: a text that meets
 * another one takes its place. Bounded by the number of places and the length of what is kept.
 */
const PLACES = 8_192;
const MAX_BYTES = 64;

export class TextTable {
  readonly #texts: string[] = Array.from({ length: PLACES }, () => '');

  /** Printable ASCII of the bytes as text. */
  get(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > MAX_BYTES) return bytes.toString('latin1', from, to);
    let hash = 0x811c9dc5;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.#texts[place] as string;
    if (known.length === length && holds(known, bytes, from)) return known;
    const text = bytes.toString('latin1', from, to);
    this.#texts[place] = text;
    return text;
  }
}

function holds(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}
