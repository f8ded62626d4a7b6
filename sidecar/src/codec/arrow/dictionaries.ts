/**
 * Dictionaries of Arrow streams. Each stream sends its own again, so they are kept by their bytes: one that was seen
 * before costs a hash and a comparison. Entries get numbers that stand for their text in every dictionary and column.
 */
import { Fault } from '../problem.ts';
import { MessageBytes, SeriesTable } from '../series-table.ts';
import { textOf } from '../text.ts';
import { DICTIONARIES_MAX, DICTIONARIES_MAX_BYTES } from './limit.ts';

/** Texts that are numbered, of one generation, and their bytes. */
const TEXTS = { maxEntries: 262_144, maxBytes: 33_554_432 };

/** Numbers for texts, by their bytes. A text that was forgotten gets a new number, so numbers never mean two texts. */
export class TextNumbers {
  readonly #table = new SeriesTable(TEXTS);
  readonly #key = { from: 0, to: 0, from2: 0, to2: 0, tag: 0 };
  #next = 1;

  /** Undefined for what is not UTF-8. */
  numberOf(message: MessageBytes, from: number, to: number): number | undefined {
    this.#key.from = from;
    this.#key.to = to;
    const hash = this.#table.hash(message, from, to);
    const known = this.#table.find(message, this.#key, hash);
    if (known !== 0) return known;
    if (textOf(message.bytes.subarray(from, to)) instanceof Fault) return undefined;
    // Past 2^31 a number would be taken twice: after 2 * 10^9 new texts.
    const number = this.#next++ & 0x7fffffff;
    this.#table.keep(message, this.#key, { hash, answer: number });
    return number;
  }
}

export interface Dictionary {
  /** Sets dictionaries apart for the life of the process. */
  readonly id: number;
  readonly size: number;
  /** By entry: the text's number, 0 for null. */
  readonly numbers: Int32Array;
  text(entry: number): string;
  /** The body as sent, and where in it which buffer lies: together they say everything but the dictionary's number. */
  readonly bytes: Uint8Array;
  readonly shape: string;
}

export class DictionaryCache {
  /** By a hash of the bytes; insertion order is age. */
  readonly #byHash = new Map<number, Dictionary>();
  readonly #table = new SeriesTable({ maxEntries: 1, maxBytes: 1 });
  readonly #message = new MessageBytes();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  hash(bytes: Uint8Array): number {
    this.#message.set(bytes);
    return this.#table.hash(this.#message, 0, bytes.length);
  }

  find(bytes: Uint8Array, shape: string, hash: number): Dictionary | undefined {
    const known = this.#byHash.get(hash);
    if (known === undefined || known.shape !== shape) return undefined;
    return Buffer.compare(known.bytes, bytes) === 0 ? known : undefined;
  }

  keep(dictionary: Dictionary, hash: number): void {
    const before = this.#byHash.get(hash);
    if (before !== undefined) this.#forget(hash, before);
    this.#byHash.set(hash, dictionary);
    this.#bytes += dictionary.bytes.length;
    for (const [oldHash, old] of this.#byHash) {
      if (this.#byHash.size <= DICTIONARIES_MAX && this.#bytes <= DICTIONARIES_MAX_BYTES) break;
      this.#forget(oldHash, old);
    }
  }

  #forget(hash: number, dictionary: Dictionary): void {
    this.#byHash.delete(hash);
    this.#bytes -= dictionary.bytes.length;
  }
}
