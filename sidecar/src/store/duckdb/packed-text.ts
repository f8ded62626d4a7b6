/**
 * Texts as the engine keeps them: 16 bytes a row, the length in bytes and, up to 12 bytes, the text itself (`duckdb_string_t` of its C
 * interface). Such a column is copied as a whole; longer texts are assigned one by one, since the engine owns their bytes.
 */
import { VARCHAR } from '@duckdb/node-api';
import type { EventColumn } from '../../ports.ts';
import type { PackedColumn } from './vector-append.ts';

const WORDS = 4;
const INLINE_MAX_BYTES = 12;
const scratch = new Uint8Array(WORDS * 4);
const scratchWords = new Uint32Array(scratch.buffer);

export function packedTexts(column: EventColumn & { kind: 'texts' | 'ids' }, rowCount: number): PackedColumn {
  const items = new Uint32Array(rowCount * WORDS);
  const long: [number, string][] = [];
  if (column.kind === 'ids') {
    for (let row = 0; row < rowCount; row++) {
      const text = column.texts[row] as string;
      if (encode(text)) items.set(scratchWords, row * WORDS);
      else long.push([row, text]);
    }
    return { type: VARCHAR, items, width: WORDS, long };
  }
  const { codes, texts } = column;
  const isShort = texts.map(() => true);
  const known = new Uint32Array(texts.length * WORDS);
  texts.forEach((text, code) => {
    isShort[code] = encode(text);
    if (isShort[code]) known.set(scratchWords, code * WORDS);
  });
  for (let row = 0; row < rowCount; row++) {
    const code = codes[row] as number;
    const [from, to] = [code * WORDS, row * WORDS];
    items[to] = known[from] as number;
    items[to + 1] = known[from + 1] as number;
    items[to + 2] = known[from + 2] as number;
    items[to + 3] = known[from + 3] as number;
    if (isShort[code] === false) long.push([row, texts[code] as string]);
  }
  return { type: VARCHAR, items, width: WORDS, long };
}

/** Into the scratch; false when the text is too long, or is not ASCII, which is left to the engine. */
function encode(text: string): boolean {
  const { length } = text;
  if (length > INLINE_MAX_BYTES) return false;
  scratch.fill(0);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    scratch[4 + i] = code;
  }
  scratchWords[0] = length;
  return true;
}
