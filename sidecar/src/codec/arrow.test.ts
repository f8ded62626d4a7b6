/** Arrow IPC batches as apache-arrow's own writer makes them, and bytes that are none (PERFORMANCE.md 6, row 16). */
import {
  Bool,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  LargeUtf8,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  tableToIPC,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { arrowCodec } from './arrow.ts';
import { PROBLEM_REASONS } from './problem.ts';
import { SeriesCache } from './series-cache.ts';
import { contextOf, decoding, reasonsOf, RECEIVED, sampleText } from './testing/decode.ts';

const codec = decoding(arrowCodec(new SeriesCache()));
const text = (values: (string | null)[]): Vector => vectorFromArray(values, new Utf8());
const words = (values: (string | null)[]): Vector => vectorFromArray(values, new Dictionary(new Utf8(), new Int32()));
const stamps = (type: DataType, values: bigint[]): Vector =>
  makeVector(makeData({ type: type as TimestampNanosecond, length: values.length, data: BigInt64Array.from(values) }));
const T = RECEIVED - 5n;

function bytesOf(columns: Record<string, Vector>): Buffer {
  return Buffer.from(tableToIPC(new Table(columns), 'stream'));
}

function decode(columns: Record<string, Vector>, labels: Record<string, string> = {}) {
  return codec.decode(bytesOf(columns), contextOf('metric', labels));
}

const plain = {
  name: words(['up', 'order_ack_seconds', 'up']),
  kind: words(['gauge', 'observation', null]),
  time: stamps(new TimestampNanosecond(), [T, T + 1n, T + 2n]),
  value: makeVector(Float64Array.of(1, 0.25, NaN)),
  venue: words(['XNAS', 'BATS', null]),
};

describe('Arrow batches', () => {
  it('become samples: dictionary labels, kinds, exact stamps, null as no label', () => {
    for (let again = 0; again < 2; again++) {
      expect(decode(plain).samples.map(sampleText)).toEqual([
        `up{venue="XNAS"} gauge 1 @${T}`,
        `order_ack_seconds{venue="BATS"} observation 0.25 @${T + 1n}`,
        `up gauge NaN @${T + 2n}`,
      ]);
    }
  });

  it('are the same with plain text, wide text, and any position of the message in its buffer', () => {
    const expected = decode(plain).samples.map(sampleText);
    const columns = { ...plain, name: text(['up', 'order_ack_seconds', 'up']), venue: text(['XNAS', 'BATS', null]) };
    expect(decode(columns).samples.map(sampleText)).toEqual(expected);
    const wide = vectorFromArray(['XNAS', 'BATS', null], new LargeUtf8());
    expect(decode({ ...plain, venue: wide }).samples.map(sampleText)).toEqual(expected);
    const bytes = bytesOf(plain);
    for (let shift = 0; shift < 9; shift++) {
      const moved = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
      expect(codec.decode(moved, contextOf()).samples.map(sampleText)).toEqual(expected);
    }
  });

  it('take labels of the context, and their own win', () => {
    const { samples } = decode(plain, { venue: 'subject', site: 'ny' });
    expect(samples.map(({ labels }) => [labels.get('venue'), labels.get('site')])).toEqual([
      ['XNAS', 'ny'],
      ['BATS', 'ny'],
      ['subject', 'ny'],
    ]);
    expect(decode(plain).samples[0]?.labels.get('site')).toBe('');
  });

  it.each<[string, DataType, bigint]>([
    ['milliseconds', new TimestampMillisecond(), 1_000_000n],
    ['microseconds', new TimestampMicrosecond(), 1_000n],
    ['nanoseconds', new TimestampNanosecond(), 1n],
    ['plain integers of nanoseconds', new Int64(), 1n],
  ])('have stamps in %s (row 14)', (_name, type, unit) => {
    const time = stamps(type, [RECEIVED / unit]);
    const { samples } = decode({ name: words(['up']), time, value: makeVector(Float64Array.of(1)) });
    expect(samples[0]?.timeNanos).toBe(RECEIVED);
  });

  it('are stamped with the receipt without a time, and take integers and narrow floats for values', () => {
    const at = (value: Vector): (string | undefined)[] =>
      decode({ name: words(['up']), value }).samples.map(sampleText);
    const expected = [`up gauge -3 @${RECEIVED}`];
    for (const value of [Float32Array.of(-3), Int32Array.of(-3), Int8Array.of(-3), BigInt64Array.of(-3n)]) {
      expect(at(makeVector(value as Float32Array))).toEqual(expected);
    }
  });

  it('lose only the rows that are bad', () => {
    const { samples, problems } = decode({
      name: words(['up', '9lives', 'up', 'up', 'up']),
      kind: words(['gauge', 'gauge', 'histogram', 'gauge', 'gauge']),
      time: stamps(new TimestampNanosecond(), [T, T, T, 2n ** 62n, -1n]),
      value: vectorFromArray([1, 2, 3, 4, 5], new Float64()),
    });
    expect(samples.map(sampleText)).toEqual([`up gauge 1 @${T}`]);
    expect(problems.map(({ reason }) => reason)).toEqual(['schema', 'schema', 'time_future', 'time']);
    const nulls = decode({ name: words(['up', 'up']), value: vectorFromArray([null, 2], new Float64()) });
    expect(nulls.samples).toHaveLength(1);
    expect(nulls.problems[0]?.detail).toMatch(/got null/);
  });

  it('pass over columns that mean nothing, and refuse nested ones', () => {
    const flag = vectorFromArray([true, false, true], new Bool());
    expect(decode({ flag, ...plain, size: makeVector(Int32Array.of(1, 2, 3)) }).samples).toHaveLength(3);
    const nested = vectorFromArray([{ a: 1 }], new Struct([new Field('a', new Int32())]));
    const refused = decode({ name: words(['up']), value: makeVector(Float64Array.of(1)), nested });
    expect(refused.problems[0]?.detail).toMatch(/column 2 is nested/);
  });

  it.each<[string, Record<string, Vector>]>([
    ['"value"', { name: words(['up']) }],
    ['"name"', { value: makeVector(Float64Array.of(1)) }],
    ['"time"', { name: words(['up']), value: makeVector(Float64Array.of(1)), time: text(['soon']) }],
  ])('say what is wrong with the column %s', (name, columns) => {
    const { samples, problems } = decode(columns);
    if (name === '"time"') expect(samples[0]?.timeNanos).toBe(RECEIVED);
    else expect(problems[0]).toMatchObject({ reason: 'schema', detail: expect.stringContaining(name) as string });
  });

  it('of many combinations go by the texts, with the same answer', () => {
    const rows = 3_000;
    const label = (step: number): Vector => words(Array.from({ length: rows }, (_, i) => `v${(i * step) % rows}`));
    const value = makeVector(Float64Array.from({ length: rows }, (_, i) => i));
    const { samples } = decode({ name: words(Array<string>(rows).fill('up')), a: label(1), b: label(7), value });
    expect(samples).toHaveLength(rows);
    expect(samples[10]?.labels.toRecord()).toEqual({ __name__: 'up', a: 'v10', b: 'v70' });
  });

  it('may hold several record batches, and replace a dictionary between them', () => {
    const batches = [['a', 'b'], ['c']].map(
      (names) =>
        new Table({ name: words(names), value: makeVector(Float64Array.from(names, () => 1)) })
          .batches[0] as RecordBatch,
    );
    const writer = new RecordBatchStreamWriter();
    const schema = new Schema((batches[0] as RecordBatch).schema.fields);
    for (const { data } of batches) writer.write(new RecordBatch(schema, data));
    const { samples } = codec.decode(writer.finish().toUint8Array(true), contextOf());
    expect(samples.map(({ labels }) => labels.metricName)).toEqual(['a', 'b', 'c']);
  });

  it('are refused on streams of other kinds, past 1 MiB, and without a schema', () => {
    expect(reasonsOf(codec.decode(bytesOf(plain), contextOf('order')))).toEqual(['content_type']);
    expect(reasonsOf(codec.decode(Buffer.alloc(1_048_577), contextOf()))).toEqual(['too_large']);
    expect(reasonsOf(codec.decode(Buffer.alloc(0), contextOf()))).toEqual(['syntax']);
  });
});

describe('what is not Arrow', () => {
  const good = bytesOf(plain);

  function expectSane(bytes: Uint8Array): void {
    const { samples, problems } = codec.decode(bytes, contextOf());
    expect(samples.length).toBeLessThanOrEqual(bytes.length);
    for (const { reason } of problems) expect(PROBLEM_REASONS).toContain(reason);
  }

  it('never throws or hangs on arbitrary bytes, cut messages, or changed ones', () => {
    const change = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(good.length), change, (bytes, cut, changes) => {
        expectSane(bytes);
        expectSane(good.subarray(0, cut));
        const changed = Buffer.from(good);
        for (const [at, byte] of changes) changed[at] = byte;
        expectSane(changed);
        // Whole words of ones: the largest counts, lengths and offsets.
        for (const [at] of changes) changed.writeInt32LE(0x7fffffff, Math.min(at & ~3, changed.length - 4));
        expectSane(changed);
      }),
      { numRuns: 2000 },
    );
  });
});
