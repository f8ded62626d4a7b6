/**
 * A set of texts as bytes in two arrays: no object for each, so the collector has nothing to visit, and less memory than a
 * Set of strings takes. Equal hashes are told apart by their UTF-8. Open addressing with linear probing, at most half full.
 */
const INITIAL_SLOTS = 1_024;
const INITIAL_BYTES = 16_384;
/** In front of each text: how many bytes follow. */
const LENGTH_BYTES = 4;
/** UTF-8 of one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;
/** A slot is a hash and a place in the texts, counted from 1. */
const NUMBERS_PER_SLOT = 2;
/** Drawn anew in each process, or a publisher could choose ids that all meet in one slot. */
const SEED = (Math.random() * 2 ** 32) | 0;

/** Room that is kept after a longer text. */
const KEPT_BYTES = 65_536;

/** One text, encoded once for every set that is asked. */
export class EncodedId {
  bytes = Buffer.alloc(256);
  length = 0;
  hash = 0;

  set(text: string): void {
    const room = text.length * MAX_BYTES_PER_UNIT;
    if (room > this.bytes.length) this.bytes = Buffer.alloc(room);
    else if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.alloc(KEPT_BYTES);
    this.length = this.bytes.write(text, 'utf8');
    let hash = SEED;
    for (let i = 0; i < this.length; i++) {
      hash = Math.imul(hash ^ (this.bytes[i] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    this.hash = hash;
  }
}

export class IdSet {
  #slots = new Int32Array(INITIAL_SLOTS * NUMBERS_PER_SLOT);
  #texts = Buffer.alloc(INITIAL_BYTES);
  #end = 0;
  #size = 0;
  readonly #mostBytes: number;

  /** `mostBytes`: of the texts, which take no more room than that unless the last of them passes it. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** Of the texts. */
  get bytes(): number {
    return this.#end;
  }

  has(id: EncodedId): boolean {
    return this.#slots[this.#slotOf(id) + 1] !== 0;
  }

  add(id: EncodedId): void {
    let slot = this.#slotOf(id);
    if (this.#slots[slot + 1] !== 0) return;
    if ((this.#size + 1) * 2 * NUMBERS_PER_SLOT > this.#slots.length) {
      this.#grow();
      slot = this.#slotOf(id);
    }
    const end = this.#end + LENGTH_BYTES + id.length;
    if (end > this.#texts.length) {
      const larger = Buffer.alloc(Math.max(end, Math.min(this.#texts.length * 2, this.#mostBytes)));
      this.#texts.copy(larger, 0, 0, this.#end);
      this.#texts = larger;
    }
    this.#texts.writeUInt32LE(id.length, this.#end);
    id.bytes.copy(this.#texts, this.#end + LENGTH_BYTES, 0, id.length);
    this.#slots[slot] = id.hash;
    this.#slots[slot + 1] = this.#end + 1;
    this.#end = end;
    this.#size++;
  }

  /** Keeps its arrays for the next ones, but for what an uncommonly long text took. */
  clear(): void {
    this.#slots.fill(0);
    if (this.#texts.length > this.#mostBytes) this.#texts = Buffer.alloc(INITIAL_BYTES);
    this.#end = this.#size = 0;
  }

  /** Where the text is, or the empty slot where it belongs. */
  #slotOf(id: EncodedId): number {
    const mask = this.#slots.length - 1;
    for (let slot = (id.hash * NUMBERS_PER_SLOT) & mask; ; slot = (slot + NUMBERS_PER_SLOT) & mask) {
      const place = this.#slots[slot + 1] as number;
      if (place === 0 || (this.#slots[slot] === id.hash && this.#holds(place - 1, id))) return slot;
    }
  }

  #holds(place: number, { bytes, length }: EncodedId): boolean {
    if (this.#texts.readUInt32LE(place) !== length) return false;
    const from = place + LENGTH_BYTES;
    for (let i = 0; i < length; i++) if (this.#texts[from + i] !== bytes[i]) return false;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    const mask = this.#slots.length - 1;
    for (let from = 0; from < old.length; from += NUMBERS_PER_SLOT) {
      if (old[from + 1] === 0) continue;
      let slot = ((old[from] as number) * NUMBERS_PER_SLOT) & mask;
      while (this.#slots[slot + 1] !== 0) slot = (slot + NUMBERS_PER_SLOT) & mask;
      this.#slots[slot] = old[from] as number;
      this.#slots[slot + 1] = old[from + 1] as number;
    }
  }
}
