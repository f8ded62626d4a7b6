/** Writes requests of remote write, for tests: protobuf by pbf, snappy by snappyjs. */
import Pbf from 'pbf';
import { compress } from 'snappyjs';

export interface TestNative {
  readonly schema: number;
  readonly count?: number;
  readonly sum?: number;
  readonly zeroCount?: number;
  readonly zeroThreshold?: number;
  readonly spans: readonly (readonly [offset: number, length: number])[];
  readonly deltas?: readonly number[];
  readonly counts?: readonly number[];
  readonly negativeSpans?: readonly (readonly [offset: number, length: number])[];
  readonly negativeDeltas?: readonly number[];
  readonly resetHint?: number;
  readonly customValues?: readonly number[];
  readonly startMs?: number;
}

export interface TestExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timeMs: number;
}

export interface TestSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples?: readonly { readonly value: number | 'stale'; readonly timeMs: number }[];
  readonly natives?: readonly (TestNative & { readonly timeMs: number })[];
  readonly exemplars?: readonly TestExemplar[];
  readonly createdMs?: number;
  readonly help?: string;
  readonly unit?: string;
}

const STALE = [0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f];

export function writeRequest(list: readonly TestSeries[]): Buffer {
  const pbf = new Pbf();
  for (const series of list) pbf.writeMessage(1, writeSeries, series);
  return Buffer.from(compress(Buffer.from(pbf.finish())));
}

export function writeRequest2(list: readonly TestSeries[]): Buffer {
  const symbols = new Map<string, number>([['', 0]]);
  const symbol = (text: string): number => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const pbf = new Pbf();
  for (const series of list) {
    pbf.writeMessage(
      5,
      (one: TestSeries, inner?: Pbf) => {
        const out = inner as Pbf;
        out.writePackedVarint(
          1,
          Object.entries(one.labels).flatMap(([name, value]) => [symbol(name), symbol(value)]),
        );
        writeValues(one, out, { native: 3 });
        for (const exemplar of one.exemplars ?? []) {
          out.writeMessage(
            4,
            (_: unknown, inner2?: Pbf) => {
              (inner2 as Pbf).writePackedVarint(
                1,
                Object.entries(exemplar.labels).flatMap(([name, value]) => [symbol(name), symbol(value)]),
              );
              writePoint(exemplar, inner2 as Pbf);
            },
            null,
          );
        }
        out.writeMessage(
          5,
          (_: unknown, metadata?: Pbf) => {
            (metadata as Pbf).writeVarintField(3, symbol(one.help ?? ''));
            (metadata as Pbf).writeVarintField(4, symbol(one.unit ?? ''));
          },
          null,
        );
        if (one.createdMs !== undefined) out.writeVarintField(6, one.createdMs);
      },
      series,
    );
  }
  for (const text of symbols.keys()) pbf.writeStringField(4, text);
  return Buffer.from(compress(Buffer.from(pbf.finish())));
}

function writeSeries(series: TestSeries, inner?: Pbf): void {
  const pbf = inner as Pbf;
  writeLabels(series.labels, pbf);
  writeValues(series, pbf, { native: 4 });
  for (const exemplar of series.exemplars ?? []) {
    pbf.writeMessage(
      3,
      (_: unknown, inner?: Pbf) => {
        writeLabels(exemplar.labels, inner as Pbf);
        writePoint(exemplar, inner as Pbf);
      },
      null,
    );
  }
}

function writeLabels(labels: TestSeries['labels'], pbf: Pbf): void {
  for (const [name, value] of Object.entries(labels)) {
    pbf.writeMessage(
      1,
      (_: unknown, label?: Pbf) => {
        (label as Pbf).writeStringField(1, name);
        (label as Pbf).writeStringField(2, value);
      },
      null,
    );
  }
}

function writePoint({ value, timeMs }: TestExemplar, pbf: Pbf): void {
  pbf.writeDoubleField(2, value);
  pbf.writeVarintField(3, timeMs);
}

function writeValues(series: TestSeries, pbf: Pbf, fields: { native: number }): void {
  for (const sample of series.samples ?? []) {
    pbf.writeMessage(
      2,
      (_: unknown, inner?: Pbf) => {
        const out = inner as Pbf;
        if (sample.value === 'stale') {
          out.writeTag(1, 1);
          for (const byte of STALE) {
            out.realloc(1);
            out.buf[out.pos++] = byte;
          }
        } else out.writeDoubleField(1, sample.value);
        out.writeVarintField(2, sample.timeMs);
      },
      null,
    );
  }
  for (const native of series.natives ?? []) pbf.writeMessage(fields.native, writeNative, native);
}

function writeNative(native: TestNative & { readonly timeMs: number }, inner?: Pbf): void {
  const pbf = inner as Pbf;
  pbf.writeVarintField(1, native.count ?? 0);
  pbf.writeDoubleField(3, native.sum ?? 0);
  pbf.writeSVarintField(4, native.schema);
  pbf.writeDoubleField(5, native.zeroThreshold ?? 0);
  pbf.writeVarintField(6, native.zeroCount ?? 0);
  writeSpans(pbf, 8, native.negativeSpans ?? []);
  pbf.writePackedSVarint(9, [...(native.negativeDeltas ?? [])]);
  writeSpans(pbf, 11, native.spans);
  pbf.writePackedSVarint(12, [...(native.deltas ?? [])]);
  pbf.writePackedDouble(13, [...(native.counts ?? [])]);
  pbf.writeVarintField(14, native.resetHint ?? 0);
  pbf.writeVarintField(15, native.timeMs);
  pbf.writePackedDouble(16, [...(native.customValues ?? [])]);
  if (native.startMs !== undefined) pbf.writeVarintField(17, native.startMs);
}

function writeSpans(pbf: Pbf, field: number, spans: TestNative['spans']): void {
  for (const [offset, length] of spans) {
    pbf.writeMessage(
      field,
      (_: unknown, inner?: Pbf) => {
        (inner as Pbf).writeSVarintField(1, offset);
        (inner as Pbf).writeVarintField(2, length);
      },
      null,
    );
  }
}
