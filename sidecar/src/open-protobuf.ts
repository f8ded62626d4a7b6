/**
 * `pbf` over a view of a larger buffer, as Node's pooled buffers and subarrays are: pbf 4.0.1 reads its fixed-width
 * numbers from the start of the buffer behind the view. Given a window of its own, it also cannot read past the view.
 */
import Pbf from 'pbf';

export function openProtobuf(bytes: Uint8Array): Pbf {
  const pbf = new Pbf(bytes);
  pbf.dataView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return pbf;
}
