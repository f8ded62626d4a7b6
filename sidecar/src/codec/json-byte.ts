/** What the scanners of JSON's bytes share: white space, plain texts, unknown keys, and the items of a message. */
import type { NumberScanner } from './number-scanner.ts';

export const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
export const OPEN_OBJECT = 123;
const NEWLINE = 10;
const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** Reads the object that begins at `at`; the position after it, or -1 to give the whole message up. */
export interface ItemScanner {
  item(bytes: Uint8Array, at: number): number;
}

/** One object, an array of objects, or one object a line; false as soon as something is not plain. */
export function scanItems(bytes: Uint8Array, scanner: ItemScanner): boolean {
  const at = skipSpace(bytes, 0);
  return bytes[at] === OPEN_ARRAY ? scanArray(bytes, at, scanner) : scanLines(bytes, at, scanner);
}

function scanArray(bytes: Uint8Array, start: number, scanner: ItemScanner): boolean {
  let at = skipSpace(bytes, start + 1);
  for (;;) {
    at = scanner.item(bytes, at);
    if (at < 0) return false;
    at = skipSpace(bytes, at);
    const sign = bytes[at];
    if (sign === CLOSE_ARRAY) return skipSpace(bytes, at + 1) === bytes.length;
    if (sign !== COMMA) return false;
    at = skipSpace(bytes, at + 1);
  }
}

/** One object, or several with line breaks between them. */
function scanLines(bytes: Uint8Array, start: number, scanner: ItemScanner): boolean {
  let at = start;
  for (let items = 0; ; items++) {
    if (bytes[at] !== OPEN_OBJECT) return false;
    const end = scanner.item(bytes, at);
    if (end < 0) return false;
    const next = skipSpace(bytes, end);
    if (next === bytes.length && items === 0) return true;
    // Of several objects, each must stand on a line of its own.
    const lineEnd = bytes.indexOf(NEWLINE, at);
    if (lineEnd >= 0 && (lineEnd < end || lineEnd >= next)) return false;
    if (next === bytes.length) return true;
    if (lineEnd < 0) return false;
    at = next;
  }
}

export function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false;
  return true;
}

/** Position of the value after the colon that follows a key, or -1. */
export function valueStart(bytes: Uint8Array, at: number): number {
  if (bytes[at] === COLON && (bytes[at + 1] as number) > 32) return at + 1;
  const colon = skipSpace(bytes, at);
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1) : -1;
}

export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return at;
    at++;
  }
}

/** Position after the quote that ends a text of printable ASCII without escapes, or -1. */
export function plainTextEnd(bytes: Uint8Array, quote: number): number {
  for (let at = quote + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte === 92 || byte < 32 || byte > 126) return -1;
  }
  return -1;
}

/** Passes over a key that means nothing to us and its plain value, from the key's quote on; -1 where one is not plain. */
export function skipUnknown(bytes: Uint8Array, at: number, number: NumberScanner): number {
  const keyEnd = plainTextEnd(bytes, at);
  const value = keyEnd < 0 ? -1 : valueStart(bytes, keyEnd);
  if (value < 0) return -1;
  if (bytes[value] === QUOTE) return plainTextEnd(bytes, value);
  for (const word of WORDS) if (startsWith(bytes, value, word)) return value + word.length;
  const found = number.scan(bytes, value);
  return number.strict && !Number.isNaN(found) ? number.end : -1;
}
