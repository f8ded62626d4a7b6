/**
 * The fingerprint of a label set: 64-bit FNV-1a over `name 0xff value 0xff` in the order of names, as Alertmanager and
 * Prometheus compute it (prometheus/common, model/signature.go), so that the same alert has the same fingerprint there.
 */
import type { Labels } from '../model/labels.ts';

const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
/** The FNV prime is 2^40 + 0x1b3. */
const PRIME_LOW = 0x1b3;
const SEPARATOR = 0xff;

/** Sixteen hexadecimal digits. */
export function fingerprint(labels: Labels): string {
  const bytes: number[] = [];
  for (const [name, value] of labels.pairs) {
    pushUtf8(bytes, name);
    bytes.push(SEPARATOR);
    pushUtf8(bytes, value);
    bytes.push(SEPARATOR);
  }
  return fnv1a(bytes);
}

/** 64-bit FNV-1a of a text's UTF-8 bytes, sixteen hexadecimal digits. */
export function fingerprintText(text: string): string {
  const bytes: number[] = [];
  pushUtf8(bytes, text);
  return fnv1a(bytes);
}

/** The 64-bit product is built from 32-bit halves: every intermediate stays below 2^53. */
function fnv1a(bytes: readonly number[]): string {
  let high = OFFSET_HIGH;
  let low = OFFSET_LOW;
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const product = low * PRIME_LOW;
    high = (high * PRIME_LOW + Math.floor(product / 2 ** 32) + low * 2 ** 8) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

function pushUtf8(bytes: number[], text: string): void {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    }
  }
}
