/**
 * A batch as an Arrow IPC stream with dictionaries. The text of a batch is that of its series, and the series of a batch
 * come again in each round, so their columns are made once; a publisher of its own series would do the same.
 */
import {
  Dictionary,
  Int32,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  TimestampMillisecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import type { Batch, PeerData } from './data.ts';
import type { Encoding } from './tapewatch.ts';

const LABELS = ['instance', 'rack', 'strategy', 'venue'] as const;
/** Made once: a new type would give each message's dictionaries new numbers. */
const WORDS = ['name', ...LABELS].map(() => new Dictionary(new Utf8(), new Int32()));

export function arrowEncoding(): Encoding {
  const columns = new Map<string, Record<string, Vector>>();
  return {
    name: 'Arrow',
    contentType: 'application/vnd.apache.arrow.stream',
    encode: (data, batch) => {
      const key = `${data.metric} ${batch.series[0]} ${batch.series.length}`;
      let texts = columns.get(key);
      if (texts === undefined) columns.set(key, (texts = textColumns(data, batch)));
      const length = batch.values.length;
      const times = new BigInt64Array(length).fill(BigInt(batch.timeMs));
      const time = makeVector(makeData({ type: new TimestampMillisecond(), length, data: times }));
      const table = new Table({ ...texts, time, value: makeVector(Float64Array.from(batch.values)) });
      return tableToIPC(table, 'stream');
    },
  };
}

function textColumns(data: PeerData, { series }: Batch): Record<string, Vector> {
  const column = (at: number, text: (number: number) => string): Vector =>
    vectorFromArray(series.map(text), WORDS[at] as Dictionary<Utf8, Int32>);
  const columns: Record<string, Vector> = { name: column(0, () => data.metric) };
  for (const [i, label] of LABELS.entries()) {
    columns[label] = column(i + 1, (number) => data.series[number]?.labels[label] ?? '');
  }
  return columns;
}
