import { evaluate, Labels, parse, plan, type SeriesData } from '@tapewatch/core';
import fc from 'fast-check';
import { EdgeColumns } from './edge-columns.ts';
import { SampleChunks } from './sample-chunks.ts';
import { SampleColumns } from './sample-columns.ts';

const T0 = 1_700_000_000_000;

interface Sample {
  readonly ms: number;
  readonly value: number;
}

/** Counters that are reset now and then, with samples that come late, of one stamp, or are no number. */
const counter = fc
  .array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 400 }),
      added: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 50 }) },
        fc.constant(-Infinity),
        fc.constant(NaN),
      ),
      lateMs: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 8_000 })),
    }),
    { maxLength: 300 },
  )
  .map((steps): Sample[] => {
    let [ms, value] = [T0, 0];
    return steps.map(({ gapMs, added, lateMs }) => {
      ms += gapMs;
      value = added === -Infinity ? 0 : Number.isNaN(value) ? 5 : value + added;
      return { ms: ms - lateMs, value };
    });
  });

const windows = fc.record({
  stepMs: fc.integer({ min: 1, max: 3_000 }),
  steps: fc.integer({ min: 1, max: 20 }),
  rangeMs: fc.integer({ min: 1, max: 9_000 }),
  firstMs: fc.integer({ min: -5_000, max: 40_000 }).map((ms) => T0 + ms),
});

type Windows = typeof windows extends fc.Arbitrary<infer T> ? T : never;

function filled(samples: readonly Sample[]): SampleChunks {
  const chunks = new SampleChunks();
  for (const { ms, value } of samples) chunks.append(0, ms, value);
  return chunks;
}

function spanOf({ firstMs, stepMs, steps, rangeMs }: Windows): { startMs: number; endMs: number } {
  return { startMs: firstMs - rangeMs + 1, endMs: firstMs + (steps - 1) * stepMs };
}

function read(samples: readonly Sample[], asked: Windows): { all: SampleColumns; edges: EdgeColumns } {
  const [chunks, all, edges] = [filled(samples), new SampleColumns(), new EdgeColumns(asked)];
  chunks.read(0, spanOf(asked), all);
  chunks.readEdges(0, spanOf(asked), edges);
  return { all, edges };
}

describe('EdgeColumns', () => {
  it('keep the outermost samples of every window and those around every fall, each with its number', () => {
    fc.assert(
      fc.property(counter, windows, (samples, asked) => {
        const { all, edges } = read(samples, asked);
        const kept = new Set(edges.ranks.subarray(0, edges.length));
        for (let i = 0; i < edges.length; i++) {
          const rank = edges.ranks[i] as number;
          expect([edges.times[i], edges.values[i]]).toEqual([all.times[rank], all.values[rank]]);
        }
        for (let i = 1; i < all.length; i++) {
          if ((all.values[i] as number) < (all.values[i - 1] as number)) {
            expect([kept.has(i - 1), kept.has(i)]).toEqual([true, true]);
          }
        }
        for (let step = 0; step < asked.steps; step++) {
          const endMs = asked.firstMs + step * asked.stepMs;
          const times = all.between(0, all.length).timesMs;
          const inside = [...times.keys()].filter((i) => {
            return (times[i] as number) > endMs - asked.rangeMs && (times[i] as number) <= endMs;
          });
          if (inside.length === 0) continue;
          expect([kept.has(inside[0] as number), kept.has(inside.at(-1) as number)]).toEqual([true, true]);
        }
      }),
    );
  });

  it.each(['rate', 'increase', 'delta'])('hold all that %s looks at: its values are those of all samples', (name) => {
    fc.assert(
      fc.property(counter, windows, (samples, asked) => {
        const { firstMs, stepMs, steps, rangeMs } = asked;
        const range = { startMs: firstMs, endMs: firstMs + (steps - 1) * stepMs, stepMs };
        const planned = plan(parse(`${name}(c_total[${rangeMs}ms])`), range);
        expect(planned.selects[0]?.edgesOf).toEqual(asked);
        const { all, edges } = read(samples, asked);
        const labels = Labels.from({ __name__: 'c_total' });
        const answer = (columns: SampleColumns): unknown => {
          const data: SeriesData = { labels, ...columns.between(0, columns.length) };
          return evaluate(planned, [[data]], { regex: () => () => undefined });
        };
        expect(answer(edges)).toEqual(answer(all));
      }),
    );
  });

  it('pass over what lies inside of windows', () => {
    const samples = Array.from({ length: 10_000 }, (_, i) => ({ ms: T0 + i * 10, value: i }));
    const asked = { firstMs: T0 + 60_000, stepMs: 30_000, steps: 2, rangeMs: 60_000 };
    expect(read(samples, asked).edges.length).toBeLessThan(12);
  });
});
