/**
 * Prometheus's staleness marker: the NaN with the bits 0x7ff0000000000002 says that a series ends at the sample's stamp.
 * JavaScript's numbers do not keep a NaN's payload, so it is written and recognised by the bits of a typed array, which
 * copying, transferring and the store keep.
 */
const HIGH = 0x7ff00000;
const LOW = 2;
/** Typed arrays have the machine's order of bytes; every platform that Node supports here is little-endian. */
const LOW_AT = 0;
const HIGH_AT = 1;

export function putStaleMarker(values: Float64Array, index: number): void {
  const bits = bitsOf(values, index);
  bits[LOW_AT] = LOW;
  bits[HIGH_AT] = HIGH;
}

/** Ask only where the value is NaN. */
export function isStaleMarker(values: Float64Array, index: number): boolean {
  const bits = bitsOf(values, index);
  return bits[HIGH_AT] === HIGH && bits[LOW_AT] === LOW;
}

function bitsOf(values: Float64Array, index: number): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset + index * 8, 2);
}
