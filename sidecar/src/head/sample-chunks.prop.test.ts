import fc from 'fast-check';
import { SampleChunks } from './sample-chunks.ts';
import { SampleColumns } from './sample-columns.ts';

interface Sample {
  readonly series: number;
  readonly ms: number;
  readonly value: number;
}

const sample = fc.record({
  series: fc.integer({ min: 0, max: 3 }),
  ms: fc.integer({ min: 0, max: 400 }).map((n) => 1_700_000_000_000 + n * 10),
  value: fc.double({ noNaN: true }),
});

/** Stable: samples with the same stamp stay in the order of arrival. */
function model(samples: readonly Sample[], series: number): Sample[] {
  return samples.filter((one) => one.series === series).sort((a, b) => a.ms - b.ms);
}

function filled(samples: readonly Sample[]): SampleChunks {
  const chunks = new SampleChunks();
  for (const { series, ms, value } of samples) chunks.append(series, ms, value);
  return chunks;
}

function timesOf(columns: SampleColumns): number[] {
  return Array.from(columns.between(0, columns.length).timesMs);
}

function valuesOf(columns: SampleColumns): number[] {
  return Array.from(columns.between(0, columns.length).values);
}

const range = fc.tuple(fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 0, max: 4_000 })).map(([a, b]) => ({
  startMs: 1_700_000_000_000 + Math.min(a, b),
  endMs: 1_700_000_000_000 + Math.max(a, b),
}));

describe('SampleChunks', () => {
  it('reads what was written, in order of stamp, however it came', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 600 }), range, (samples, asked) => {
        const chunks = filled(samples);
        for (let series = 0; series < 4; series++) {
          const into = new SampleColumns();
          chunks.read(series, asked, into);
          const expected = model(samples, series).filter(({ ms }) => ms >= asked.startMs && ms <= asked.endMs);
          expect(timesOf(into)).toEqual(expected.map(({ ms }) => ms));
          expect(valuesOf(into)).toEqual(expected.map(({ value }) => value));
        }
      }),
    );
  });

  it('keeps stamps that lie months apart, in whatever order they come', () => {
    const month = 30 * 86_400_000;
    const far = fc.record({
      series: fc.constant(0),
      ms: fc
        .tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: 0, max: 20 }))
        .map(([m, n]) => 1.7e12 + m * month + n),
      value: fc.double({ noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(far, { maxLength: 300 }), (samples) => {
        const into = new SampleColumns();
        filled(samples).read(0, { startMs: 0, endMs: Infinity }, into);
        expect(timesOf(into)).toEqual(model(samples, 0).map(({ ms }) => ms));
        expect(valuesOf(into)).toEqual(model(samples, 0).map(({ value }) => value));
      }),
    );
  });

  it('keeps the newest sample of each step counted back from the end', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 300 }),
        range,
        fc.integer({ min: 0, max: 900 }),
        (samples, asked, stepMs) => {
          const into = new SampleColumns();
          filled(samples).readLast(1, { ...asked, stepMs }, into);
          const bySteps = new Map<number, Sample>();
          for (const one of model(samples, 1)) {
            if (one.ms < asked.startMs || one.ms > asked.endMs) continue;
            bySteps.set(stepMs === 0 ? 0 : Math.floor((asked.endMs - one.ms) / stepMs), one);
          }
          const expected = [...bySteps.values()].sort((a, b) => a.ms - b.ms);
          expect(timesOf(into)).toEqual(expected.map(({ ms }) => ms));
          expect(valuesOf(into)).toEqual(expected.map(({ value }) => value));
        },
      ),
    );
  });

  it('drops chunks that lie before a stamp whole, loses nothing after it, and uses their memory again', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 600 }), range, (samples, { startMs, endMs }) => {
        const chunks = filled(samples);
        chunks.dropBefore(startMs);
        const into = new SampleColumns();
        chunks.read(2, { startMs, endMs }, into);
        const expected = model(samples, 2).filter(({ ms }) => ms >= startMs && ms <= endMs);
        expect(timesOf(into)).toEqual(expected.map(({ ms }) => ms));
        chunks.dropBefore(Infinity);
        expect(chunks.bytes).toBe(0);
      }),
    );
  });
});
