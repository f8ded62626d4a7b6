/** Prometheus remote write 1.0: a `WriteRequest` in protobuf, compressed with snappy's block format. */
import protobuf from 'protobufjs/minimal';
import { compress } from 'snappyjs';
import type { Batch, PeerData } from './data.ts';

/** Field numbers of prompb/types.proto and remote.proto, shifted, with wire type 2 (length) or 1 (64 bit) or 0 (varint). */
const LENGTH = 2;
const FIXED64 = 1;
const VARINT = 0;

export const REMOTE_WRITE_HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};

/** Encodes a batch; the labels of a series are encoded once for the life of the encoder. */
export class RemoteWriteEncoder {
  readonly #data: PeerData;
  readonly #labels = new Map<number, Uint8Array>();

  constructor(data: PeerData) {
    this.#data = data;
  }

  encode({ timeMs, series, values }: Batch): Uint8Array {
    const writer = protobuf.Writer.create();
    for (let i = 0; i < series.length; i++) {
      const labels = this.#labelsOf(series[i] as number);
      const sample = protobuf.Writer.create();
      sample.uint32((1 << 3) | FIXED64).double(values[i] as number);
      sample.uint32((2 << 3) | VARINT).int64(timeMs);
      const encoded = sample.finish();
      const head = protobuf.Writer.create()
        .uint32((2 << 3) | LENGTH)
        .bytes(encoded)
        .finish();
      writer.uint32((1 << 3) | LENGTH).bytes(Buffer.concat([labels, head]));
    }
    return new Uint8Array(compress(writer.finish()));
  }

  #labelsOf(number: number): Uint8Array {
    const known = this.#labels.get(number);
    if (known !== undefined) return known;
    const labels = { __name__: this.#data.metric, ...this.#data.series[number]?.labels };
    const writer = protobuf.Writer.create();
    for (const [name, value] of Object.entries(labels)) {
      const label = protobuf.Writer.create();
      label.uint32((1 << 3) | LENGTH).string(name);
      label.uint32((2 << 3) | LENGTH).string(value);
      writer.uint32((1 << 3) | LENGTH).bytes(label.finish());
    }
    const encoded = writer.finish();
    this.#labels.set(number, encoded);
    return encoded;
  }
}
