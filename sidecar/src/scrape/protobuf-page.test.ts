/**
 * The protobuf format beside Prometheus: pages written by client_golang 1.23 and by hand, answers printed by the parser
 * of Prometheus 3.8 (module v0.308.1).
 */
import { ExponentialHistogram, Labels, type LabelPair } from '@tapewatch/core';
import fc from 'fast-check';
import Pbf from 'pbf';
import { ExpositionError } from './exposition/exposition-error.ts';
import { parseNumber } from './exposition/number-text.ts';
import { increaseOf } from './native-histogram.ts';
import { PageCollector, type PageSample } from './page-reader.ts';
import { readProtobufPage } from './protobuf-page.ts';
import { SeriesCache } from './series-cache.ts';
import cases from './testing/protobuf-cases.json';

interface WrittenEntry {
  readonly labels: Record<string, string>;
  readonly value?: string;
  readonly timeMs?: number;
  readonly histogram?: {
    readonly schema: number;
    readonly zeroThreshold: string;
    readonly zeroCount: number;
    readonly count: number;
    readonly sum: string;
    readonly positive: [number, number][] | null;
    readonly negative: [number, number][] | null;
  };
}

const limits = { bodyBytes: 1e9, samples: 1e9, labels: 100, labelNameLength: 1e9, labelValueLength: 1e9 };

async function read(page: Uint8Array, classicHistograms = false): Promise<readonly PageSample[]> {
  const job = { honorLabels: false, honorTimestamps: true, relabelSample: undefined, limits };
  const collector = new PageCollector(new SeriesCache(), { target: new Map(), job });
  await readProtobufPage(page, { collector, classicHistograms, pause: () => Promise.resolve() });
  return collector.samples;
}

const byIndex = (side: ReadonlyMap<number, number>): [number, number][] =>
  [...side].map(([i, count]) => [i + 1, count]);

describe('answers as Prometheus does', () => {
  it.each(cases)('$name', async ({ page, classic, entries }) => {
    const samples = await read(Buffer.from(page, 'base64'), classic);
    const answers = samples.map(({ series, value, stamp, histogram }) => [
      series.labels?.key,
      stamp === undefined ? undefined : stamp.seconds * 1_000 + stamp.nanos / 1e6,
      histogram === undefined
        ? value
        : {
            schema: histogram.scale,
            zeroThreshold: histogram.zeroThreshold,
            zeroCount: histogram.zeroCount,
            count: histogram.count,
            sum: histogram.sum,
            positive: byIndex(histogram.positive),
            negative: byIndex(histogram.negative).sort(([a], [b]) => a - b),
          },
    ]);
    const wanted = ((entries ?? []) as unknown as WrittenEntry[]).map(({ labels, value, timeMs, histogram }) => [
      Labels.from(Object.entries(labels) as LabelPair[]).key,
      timeMs,
      histogram === undefined
        ? parseNumber(value ?? '')
        : {
            ...histogram,
            zeroThreshold: Number(histogram.zeroThreshold),
            sum: Number(histogram.sum),
            positive: histogram.positive ?? [],
            // Prometheus walks from zero outwards, too.
            negative: (histogram.negative ?? []).sort(([a], [b]) => a - b),
          },
    ]);
    expect(answers).toEqual(wanted);
  });
});

describe('exemplars', () => {
  const message = (write: (pbf: Pbf) => void): Uint8Array => {
    const pbf = new Pbf();
    write(pbf);
    return pbf.finish();
  };
  const exemplar = (trace: string, value: number, stamp = true): Uint8Array =>
    message((pbf) => {
      const label = message((pair) => (pair.writeStringField(1, 'trace_id'), pair.writeStringField(2, trace)));
      pbf.writeBytesField(1, label);
      pbf.writeDoubleField(2, value);
      const at = message((time) => (time.writeVarintField(1, 1_700_000_000), time.writeVarintField(2, 5)));
      if (stamp) pbf.writeBytesField(3, at);
    });
  const family = (name: string, type: number, metric: (pbf: Pbf) => void): Uint8Array => {
    const body = message((pbf) => {
      pbf.writeStringField(1, name);
      pbf.writeVarintField(3, type);
      pbf.writeBytesField(4, message(metric));
    });
    return Buffer.concat([message((pbf) => pbf.writeVarint(body.length)), body]);
  };
  const histogram = (native: boolean, own: boolean) => (pbf: Pbf) =>
    pbf.writeBytesField(
      7,
      message((inner) => {
        inner.writeVarintField(1, 3);
        inner.writeDoubleField(2, 4);
        const bucket = message((to) => {
          to.writeVarintField(1, 3);
          to.writeDoubleField(2, 0.5);
          to.writeBytesField(3, exemplar('bucket', 0.4));
        });
        inner.writeBytesField(3, bucket);
        if (native) {
          inner.writeSVarintField(5, 0);
          inner.writeDoubleField(6, 1e-9);
          inner.writeBytesField(
            12,
            message((span) => (span.writeSVarintField(1, 0), span.writeVarintField(2, 1))),
          );
          inner.writePackedSVarint(13, [3]);
        }
        if (own) for (const trace of ['n1', 'n2']) inner.writeBytesField(16, exemplar(trace, 1, trace === 'n1'));
      }),
    );
  const stamp = { seconds: 1_700_000_000, nanos: 5 };
  const of = async (bytes: Uint8Array) =>
    (await read(bytes)).flatMap(({ series, exemplars = [] }) =>
      exemplars.map((one) => [series.labels?.toString(), one.labels[0]?.[1], one.value, one.stamp]),
    );

  it('of counters and classic buckets belong to their lines', async () => {
    const counter = family('c_total', 0, (pbf) =>
      pbf.writeBytesField(
        3,
        message((inner) => (inner.writeDoubleField(1, 7), inner.writeBytesField(2, exemplar('c', 1, false)))),
      ),
    );
    expect(await of(counter)).toEqual([['c_total', 'c', 1, undefined]]);
    expect(await of(family('h', 4, histogram(false, false)))).toEqual([['h_bucket{le="0.5"}', 'bucket', 0.4, stamp]]);
  });

  it('of a native histogram are its own, or else those of its classic buckets', async () => {
    expect(await of(family('h', 4, histogram(true, true)))).toEqual([
      ['h', 'n1', 1, stamp],
      ['h', 'n2', 1, undefined],
    ]);
    expect(await of(family('h', 4, histogram(true, false)))).toEqual([['h', 'bucket', 0.4, stamp]]);
  });
});

describe('bytes that are no page', () => {
  const good = Buffer.from(cases[0]?.page ?? '', 'base64');

  it('a page that is cut within a family is refused', async () => {
    for (let length = 1; length < good.length; length += 7) {
      const outcome = await read(good.subarray(0, length)).catch((error: unknown) => error);
      if (Array.isArray(outcome)) continue;
      expect(outcome).toBeInstanceOf(ExpositionError);
    }
  });

  it('arbitrary and damaged bytes end in samples or in an error that says so, soon', async () => {
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
      .map((changes) => {
        const copy = Buffer.from(good);
        for (const [at, byte] of changes) copy[at] = byte;
        return copy;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), async (bytes) => {
        const outcome = await read(bytes).catch((error: unknown) => error);
        if (!Array.isArray(outcome)) expect((outcome as Error).name).toMatch(/^(ExpositionError|ScrapeFault)$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('increases of a cumulative histogram', () => {
  const of = (...values: number[]): ExponentialHistogram => {
    const histogram = new ExponentialHistogram({ scale: 3 });
    histogram.observeAll(values);
    return histogram;
  };

  it('the first is the base, then what came since; after a restart of the target all it has', () => {
    expect(increaseOf(undefined, of(1, 2))).toBeUndefined();
    expect(increaseOf(of(1, 2), of(1, 2))).toBeUndefined();
    const increase = increaseOf(of(1, 2), of(1, 2, 100, 0.5));
    expect(increase).toMatchObject({ count: 2, sum: 100.5 });
    expect(increase?.min).toBeLessThanOrEqual(0.5);
    expect(increase?.max).toBeGreaterThanOrEqual(100);
    expect(increaseOf(of(1, 2, 3), of(5))).toMatchObject({ count: 1, sum: 5 });
  });
});
