/** A batch as an Arrow IPC stream: dictionaries for the texts, integers for the stamps, doubles for the values. */
import {
  Dictionary,
  Int32,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  TimestampNanosecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { Item } from './templates.ts';

/** Every stamp is `nanos`. */
export function arrowBatch(items: readonly Item[], nanos: bigint): Buffer {
  const length = items.length;
  const text = (of: (item: Item) => string) => vectorFromArray(items.map(of), new Dictionary(new Utf8(), new Int32()));
  const labels = Object.keys(items[0]?.series.labels ?? {});
  const data = new BigInt64Array(length).fill(nanos);
  const table = new Table({
    name: text(({ series }) => series.name),
    kind: text(({ series }) => series.type),
    ...Object.fromEntries(labels.map((label) => [label, text(({ series }) => series.labels[label] ?? '')])),
    time: makeVector(makeData({ type: new TimestampNanosecond(), length, data })),
    value: makeVector(Float64Array.from(items, ({ value }) => value)),
  });
  return Buffer.from(tableToIPC(table, 'stream'));
}
