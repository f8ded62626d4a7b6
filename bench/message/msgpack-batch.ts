/**
 * A batch as MessagePack (the format's specification): an array of maps, stamps as integers of 64 bits. Written here, as
 * the stamps need a place of known width; what comes out is what the sidecar's own reader is tested to read.
 */
import type { Item } from '../templates.ts';
import { PLACEHOLDER } from './stamp.ts';

export function msgpackBatch(items: readonly Item[]): Buffer {
  const maps = items.map(({ series, value }) =>
    map({
      name: text(series.name),
      type: text(series.type),
      value: float64(value),
      time: uint64(BigInt(PLACEHOLDER)),
      labels: map(Object.fromEntries(Object.entries(series.labels).map(([label, of]) => [label, text(of)]))),
    }),
  );
  const head = Buffer.from([0xdc, 0, 0]);
  head.writeUInt16BE(items.length, 1);
  return Buffer.concat([head, ...maps]);
}

/** Of at most fifteen entries. */
function map(entries: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(entries).flatMap(([key, value]) => [text(key), value]);
  return Buffer.concat([Buffer.from([0x80 | (parts.length / 2)]), ...parts]);
}

/** Of at most 31 bytes. */
function text(of: string): Buffer {
  const bytes = Buffer.from(of);
  return Buffer.concat([Buffer.from([0xa0 | bytes.length]), bytes]);
}

function float64(value: number): Buffer {
  const bytes = Buffer.from([0xcb, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.from([0xcf, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64BE(value, 1);
  return bytes;
}
