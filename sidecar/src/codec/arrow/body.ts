/**
 * The body of a record batch as typed arrays. A message lies anywhere in the connection's buffer, so the body is copied
 * once to a place where 8-byte views are allowed; the copy is used again for the next message.
 */
import { Fault, shown } from '../problem.ts';
import type { StreamWalker } from './ipc.ts';
import type { Column, NumberType } from './layout.ts';

export type Numbers =
  Float64Array | Float32Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;

const WIDTHS: Readonly<Record<NumberType, number>> = {
  float64: 8,
  float32: 4,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
};
const FIRST_BYTES = 65_536;

export class BatchBody {
  bytes = new Uint8Array(FIRST_BYTES);
  view = new DataView(this.bytes.buffer);
  #walker: StreamWalker;
  readonly #place = { from: 0, to: 0 };

  constructor(walker: StreamWalker) {
    this.#walker = walker;
  }

  load(message: Uint8Array): void {
    const { bodyFrom, bodyTo } = this.#walker;
    if (bodyTo - bodyFrom > this.bytes.length) {
      this.bytes = new Uint8Array(2 ** Math.ceil(Math.log2(bodyTo - bodyFrom)));
      this.view = new DataView(this.bytes.buffer);
    }
    this.bytes.set(message.subarray(bodyFrom, bodyTo));
  }

  /** Position of the validity bits of a column, -1 when every row is valid. */
  validity(column: number, buffer: number, rows: number): number | Fault {
    if (this.#walker.nullCount(column) === 0) return -1;
    if (!this.#walker.place(buffer, this.#place)) return outside(column);
    const { from, to } = this.#place;
    if (to === from) return -1;
    return (to - from) * 8 >= rows ? from : outside(column);
  }

  /** Start of `count` values of a width. */
  values(buffer: number, count: number, width: number): number | Fault {
    if (!this.#walker.place(buffer, this.#place)) return outside(buffer);
    const { from, to } = this.#place;
    return from % width === 0 && to - from >= count * width ? from : outside(buffer);
  }

  /** End of a buffer. */
  endOf(buffer: number): number {
    return this.#walker.place(buffer, this.#place) ? this.#place.to : -1;
  }

  /** The numbers of a column; 64-bit integers are not among them. */
  numbers({ name, numberType, indexType }: Column, buffer: number, rows: number): Numbers | Fault {
    const type = indexType ?? numberType ?? 'float64';
    const from = this.values(buffer, rows, WIDTHS[type]);
    if (from instanceof Fault) return from;
    const place = [this.bytes.buffer, from, rows] as const;
    switch (type) {
      case 'float64':
        return new Float64Array(...place);
      case 'float32':
        return new Float32Array(...place);
      case 'int8':
        return new Int8Array(...place);
      case 'int16':
        return new Int16Array(...place);
      case 'int32':
        return new Int32Array(...place);
      case 'uint8':
        return new Uint8Array(...place);
      case 'uint16':
        return new Uint16Array(...place);
      case 'uint32':
        return new Uint32Array(...place);
      default:
        return new Fault('schema', `column ${shown(name)} of type ${type} cannot be read here`);
    }
  }
}

function outside(index: number): Fault {
  return new Fault('syntax', `Arrow buffer ${index} lies outside its message`);
}

export function isValid(bytes: Uint8Array, validity: number, row: number): boolean {
  return validity < 0 || (((bytes[validity + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
}
