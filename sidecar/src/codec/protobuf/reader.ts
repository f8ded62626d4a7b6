/**
 * A thin coat over `pbf`: fields that nobody reads are skipped, a message must end within its parent (pbf would read on
 * behind it), text must be UTF-8, and repeated numbers may come packed or one by one. Throws on malformed bytes.
 */
import type Pbf from 'pbf';
import { openProtobuf } from '../../open-protobuf.ts';

const strict = new TextDecoder('utf-8', { fatal: true });
const TWO_TO_32 = 4_294_967_296;

/** Wire types of the encoding. */
const LENGTH_DELIMITED = 2;

export class ProtobufReader {
  readonly #pbf: Pbf;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#pbf = openProtobuf(bytes);
    this.#end = bytes.length;
  }

  /** Calls back for each field up to the end of the present message. */
  fields(onField: (tag: number) => void): void {
    const pbf = this.#pbf;
    const end = this.#end;
    while (pbf.pos < end) {
      const key = pbf.readVarint();
      const tag = Math.floor(key / 8);
      const start = pbf.pos;
      pbf.type = key & 7;
      if (tag === 0) throw new RangeError(`field number 0 at byte ${start}`);
      onField(tag);
      if (pbf.pos === start) pbf.skip(key);
      if (pbf.pos > end) throw new RangeError(`a field runs past its message at byte ${start}`);
    }
  }

  /** The message that is the present field's value. */
  message(onField: (tag: number) => void): void {
    const outer = this.#end;
    const end = this.#lengthEnd();
    this.#end = end;
    this.fields(onField);
    this.#end = outer;
    this.#pbf.pos = end;
  }

  string(): string {
    return strict.decode(this.bytes());
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const end = this.#lengthEnd();
    const bytes = this.#pbf.buf.subarray(this.#pbf.pos, end);
    this.#pbf.pos = end;
    return bytes;
  }

  varint(): number {
    return this.#pbf.readVarint();
  }

  /** Signed, two's complement over 64 bits. */
  int64(): number {
    return this.#pbf.readVarint(true);
  }

  svarint(): number {
    return this.#pbf.readSVarint();
  }

  double(): number {
    return this.#pbf.readDouble();
  }

  fixed32(): number {
    return this.#pbf.readFixed32();
  }

  fixed64(): number {
    const low = this.#pbf.readFixed32();
    return this.#pbf.readFixed32() * TWO_TO_32 + low;
  }

  sfixed64(): number {
    const low = this.#pbf.readFixed32();
    return this.#pbf.readSFixed32() * TWO_TO_32 + low;
  }

  packedVarint(into: number[]): void {
    this.#packed(into, () => this.#pbf.readVarint());
  }

  packedSvarint(into: number[]): void {
    this.#packed(into, () => this.#pbf.readSVarint());
  }

  packedDouble(into: number[]): void {
    this.#packed(into, () => this.#pbf.readDouble());
  }

  packedFixed64(into: number[]): void {
    this.#packed(into, () => this.fixed64());
  }

  #packed(into: number[], read: () => number): void {
    const pbf = this.#pbf;
    if (pbf.type !== LENGTH_DELIMITED) {
      into.push(read());
      return;
    }
    const end = this.#lengthEnd();
    while (pbf.pos < end) into.push(read());
    if (pbf.pos !== end) throw new RangeError(`packed numbers run past their field at byte ${end}`);
  }

  #lengthEnd(): number {
    const end = this.#pbf.readVarint() + this.#pbf.pos;
    if (end > this.#end) throw new RangeError(`a length at byte ${this.#pbf.pos} runs past its message`);
    return end;
  }
}
