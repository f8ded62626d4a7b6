/** Fixed-width numbers, wherever the message lies in its buffer. */
import fc from 'fast-check';
import Pbf from 'pbf';
import { ProtobufReader } from './reader.ts';

function written(value: number, count: number): Uint8Array {
  const pbf = new Pbf();
  pbf.writeDoubleField(1, value);
  pbf.writeFixed64Field(2, count);
  pbf.writePackedDouble(3, [value, -value]);
  pbf.writeFixed32Field(4, count);
  pbf.writeSFixed64Field(5, -count);
  return pbf.finish();
}

function read(bytes: Uint8Array): unknown {
  const reader = new ProtobufReader(bytes);
  const found = { double: NaN, fixed64: NaN, packed: [] as number[], fixed32: NaN, sfixed64: NaN };
  reader.fields((tag) => {
    if (tag === 1) found.double = reader.double();
    else if (tag === 2) found.fixed64 = reader.fixed64();
    else if (tag === 3) reader.packedDouble(found.packed);
    else if (tag === 4) found.fixed32 = reader.fixed32();
    else if (tag === 5) found.sfixed64 = reader.sfixed64();
  });
  return found;
}

it('reads fixed-width numbers of a view at any offset of a larger buffer', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.integer({ min: 1, max: 2 ** 31 }), fc.nat(40), (value, count, at) => {
      const message = written(value, count);
      const pool = Buffer.alloc(at + message.length + 3, 0xa5);
      pool.set(message, at);
      expect(read(pool.subarray(at, at + message.length))).toEqual({
        double: value,
        fixed64: count,
        packed: [value, -value],
        fixed32: count,
        sfixed64: -count,
      });
    }),
  );
});

it('reads no number from behind the view', () => {
  const message = written(1.5, 7);
  const cut = Buffer.concat([message, Buffer.alloc(8)]).subarray(0, 5);
  expect(() => read(cut)).toThrow();
});
