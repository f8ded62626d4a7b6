/**
 * From bytes that name a series to the sink's number for it: what a message spells the same way as before costs one
 * look-up, without a text being made. The key is two runs of bytes, a small code (who asks) and a context; it is stored
 * beside the number and compared, so that two inputs never share an answer whatever their hashes.
 * Senders repeat themselves, so each entry also knows which one came after it last time: where that one stands in the
 * message, comparing it is all that is done, without a search for its end and without a hash.
 * Bounds: entries, bytes, and probes per look-up. The hash is seeded per process, and past `PROBES_MAX` a key is simply
 * not kept: chosen collisions cost the slow way, never a long search. Two generations: what is in use survives.
 */
import { randomInt } from 'node:crypto';

/** Of one generation; at most two stand. */
export const SERIES_TABLE_MAX_ENTRIES = 1_048_576;
export const SERIES_TABLE_MAX_BYTES = 134_217_728;
/** Longest key that is kept. */
export const SERIES_KEY_MAX_BYTES = 16_384;
/** Slots that one look-up may visit. */
export const PROBES_MAX = 32;

const FIRST_SLOTS = 1_024;
const FIRST_BYTES = 65_536;
/** Words in front of a key in the arena: lengths of the two runs, tag, answer, and the entry that followed plus one. */
const HEADER_WORDS = 5;
const FOLLOWER = 4;

export interface SeriesTableLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** The bytes of one message, with a view that reads four at once; its byte `base` is the message's first. */
export interface KeyBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly base: number;
}

/** A message to be, which a codec fills in again for each one. Messages that were read at once share their view. */
export class MessageBytes implements KeyBytes {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  base = 0;
  #buffer = this.bytes.buffer;

  set(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.view = new DataView(buffer);
    }
    this.bytes = bytes;
    this.base = bytes.byteOffset;
  }
}

/** Two runs of a message's bytes, and a tag that tells codec, kind and context apart. */
export interface SeriesKey {
  readonly from: number;
  readonly to: number;
  readonly from2: number;
  readonly to2: number;
  readonly tag: number;
}

export class SeriesTable {
  readonly #limits: SeriesTableLimits;
  readonly #seed: number;
  #young: Generation;
  #old: Generation | undefined;

  constructor(
    limits: SeriesTableLimits = { maxEntries: SERIES_TABLE_MAX_ENTRIES, maxBytes: SERIES_TABLE_MAX_BYTES },
    seed: number = randomInt(2 ** 32),
  ) {
    this.#limits = limits;
    this.#seed = seed | 0;
    this.#young = new Generation();
  }

  get size(): number {
    return this.#young.size + (this.#old?.size ?? 0);
  }

  /** Bytes held, both generations, tables included. */
  get bytes(): number {
    return this.#young.bytes + (this.#old?.bytes ?? 0);
  }

  /** Forgets what was not asked for since the last call but one. */
  age(): void {
    this.#old = this.#young;
    this.#young = new Generation();
  }

  /** A hash of one run that `find` can start from, for a run that several keys share. */
  hash(message: KeyBytes, from: number, to: number): number {
    return mixRun(this.#seed, message, from, to);
  }

  /** The answer kept for a key, or 0. `hash` is that of the first run. */
  find(message: KeyBytes, key: SeriesKey, hash: number): number {
    const full = finish(mixRun(hash, message, key.from2, key.to2), key.tag);
    const found = this.#young.find(message, key, full);
    if (found !== 0 || this.#old === undefined) return found;
    const old = this.#old.find(message, key, full);
    if (old !== 0) this.#keep(message, key, { hash: full, answer: old });
    return old;
  }

  /**
   * The answer of the entry that followed the one found last, if its two runs stand here with the separator between them;
   * else 0. They end at `end`.
   */
  expected(message: KeyBytes, at: number, { separator, tag }: { separator: number; tag: number }): number {
    return this.#young.expected(message, at, separator, tag);
  }

  /** Where the key that `expected` found ends. */
  get end(): number {
    return this.#young.end;
  }

  /** Says that the key which `expected` found was used, so that the one after it is expected next. */
  acceptExpected(): void {
    this.#young.acceptExpected();
  }

  /** Keeps a positive answer, if the key is not too long. */
  keep(message: KeyBytes, key: SeriesKey, { hash, answer }: { hash: number; answer: number }): void {
    if (answer <= 0 || key.to - key.from + key.to2 - key.from2 > SERIES_KEY_MAX_BYTES) return;
    this.#keep(message, key, { hash: finish(mixRun(hash, message, key.from2, key.to2), key.tag), answer });
  }

  #keep(message: KeyBytes, key: SeriesKey, entry: { hash: number; answer: number }): void {
    const { maxEntries, maxBytes } = this.#limits;
    if (this.#young.size >= maxEntries || this.#young.keyBytes >= maxBytes) {
      this.age();
    }
    this.#young.add(message, key, entry);
  }
}

class Generation {
  size = 0;
  /** Pairs: hash, word offset of the entry in the arena plus one; 0 is free. */
  #slots = new Int32Array(FIRST_SLOTS * 2);
  #mask = FIRST_SLOTS - 1;
  #words = new Int32Array(FIRST_BYTES / 4);
  #arena = new Uint8Array(this.#words.buffer);
  #used = 0;
  /** The entry that was found last, plus one. */
  #last = 0;
  end = 0;

  /** Bytes of the entries. */
  get keyBytes(): number {
    return this.#used * 4;
  }

  get bytes(): number {
    return this.#arena.length + this.#slots.byteLength;
  }

  find(message: KeyBytes, key: SeriesKey, hash: number): number {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const entry = slots[slot * 2 + 1] as number;
      if (entry === 0) return 0;
      if (slots[slot * 2] === hash && this.#equals(entry - 1, message, key)) {
        this.#follow(entry);
        return this.#words[entry + 2] as number;
      }
      slot = (slot + 1) & this.#mask;
    }
    return 0;
  }

  expected(message: KeyBytes, at: number, separator: number, tag: number): number {
    const { bytes } = message;
    if (this.#last === 0) return 0;
    const words = this.#words;
    const entry = words[this.#last - 1 + FOLLOWER] as number;
    if (entry === 0) return 0;
    const offset = entry - 1;
    const middle = at + (words[offset] as number);
    const end = middle + 1 + (words[offset + 1] as number);
    if (end > bytes.length || bytes[middle] !== separator || words[offset + 2] !== tag) return 0;
    const word = offset + HEADER_WORDS;
    if (!this.#sameRun(word, message, at, middle)) return 0;
    if (!this.#sameRun(word + ((middle - at + 3) >> 2), message, middle + 1, end)) return 0;
    this.end = end;
    return words[offset + 3] as number;
  }

  acceptExpected(): void {
    this.#last = this.#words[this.#last - 1 + FOLLOWER] as number;
  }

  #follow(entry: number): void {
    if (this.#last !== 0) this.#words[this.#last - 1 + FOLLOWER] = entry;
    this.#last = entry;
  }

  add({ bytes }: KeyBytes, { from, to, from2, to2, tag }: SeriesKey, entry: { hash: number; answer: number }): void {
    if (this.size * 2 >= this.#mask) this.#growSlots();
    const slot = this.#freeSlot(entry.hash);
    if (slot < 0) return;
    const length = to - from;
    const needed = HEADER_WORDS + ((length + 3) >> 2) + ((to2 - from2 + 3) >> 2);
    this.#reserve(needed);
    const offset = this.#used;
    this.#words[offset] = length;
    this.#words[offset + 1] = to2 - from2;
    this.#words[offset + 2] = tag;
    this.#words[offset + 3] = entry.answer;
    this.#words[offset + FOLLOWER] = 0;
    const start = (offset + HEADER_WORDS) * 4;
    this.#arena.set(bytes.subarray(from, to), start);
    this.#arena.set(bytes.subarray(from2, to2), start + ((length + 3) & ~3));
    this.#used += needed;
    this.#slots[slot * 2] = entry.hash;
    this.#slots[slot * 2 + 1] = offset + 1;
    this.size++;
    this.#follow(offset + 1);
  }

  #equals(offset: number, message: KeyBytes, { from, to, from2, to2, tag }: SeriesKey): boolean {
    const words = this.#words;
    const length = to - from;
    if (words[offset] !== length || words[offset + 1] !== to2 - from2 || words[offset + 2] !== tag) return false;
    const start = offset + HEADER_WORDS;
    return this.#sameRun(start, message, from, to) && this.#sameRun(start + ((length + 3) >> 2), message, from2, to2);
  }

  #sameRun(word: number, { view, base }: KeyBytes, from: number, to: number): boolean {
    const words = this.#words;
    const end = base + to;
    let at = base + from;
    let place = word;
    for (; at + 4 <= end; at += 4) if (view.getInt32(at, true) !== words[place++]) return false;
    for (let byte = place * 4; at < end; at++, byte++) if (view.getUint8(at) !== this.#arena[byte]) return false;
    return true;
  }

  #freeSlot(hash: number): number {
    let slot = hash & this.#mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      if (this.#slots[slot * 2 + 1] === 0) return slot;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }

  #growSlots(): void {
    const before = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array((this.#mask + 1) * 2);
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] === 0) continue;
      const slot = this.#freeSlot(before[at] as number);
      if (slot < 0) continue;
      this.#slots[slot * 2] = before[at] as number;
      this.#slots[slot * 2 + 1] = before[at + 1] as number;
    }
  }

  #reserve(words: number): void {
    if (this.#used + words <= this.#words.length) return;
    const grown = new Int32Array(Math.max(this.#words.length * 2, this.#used + words));
    grown.set(this.#words);
    this.#words = grown;
    this.#arena = new Uint8Array(grown.buffer);
  }
}

/** Four bytes a step; the constants are those of MurmurHash3. */
function mixRun(seed: number, { view, base }: KeyBytes, from: number, to: number): number {
  let hash = seed;
  const end = base + to;
  let at = base + from;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0xcc9e2d51);
    hash ^= hash >>> 15;
  }
  let rest = to - from;
  for (; at < end; at++) rest = (rest << 8) | view.getUint8(at);
  hash = Math.imul(hash ^ rest, 0x1b873593);
  return hash ^ (hash >>> 13);
}

function finish(hash: number, tag: number): number {
  const mixed = Math.imul(hash ^ tag, 0x85ebca6b);
  return mixed ^ (mixed >>> 16);
}
