/**
 * The protobuf format beside Prometheus: pages written by client_golang 1.23 and by hand, answers printed by the parser
 * of Prometheus 3.8 (module v0.308.1).
 */
import { ExponentialHistogram, Labels, type LabelPair } from '@tapewatch/core';
import fc from 'fast-check';
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
