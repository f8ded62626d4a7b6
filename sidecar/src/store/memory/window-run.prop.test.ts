/** Reads from checkpoints equal reads from the windows, whatever came late, left or was replaced in between. */
import { ExponentialHistogram } from '@tapewatch/core';
import fc from 'fast-check';
import { WindowRun } from './window-run.ts';

const SECOND = 1_000_000_000n;

function histogramOf(value: number): ExponentialHistogram {
  const histogram = new ExponentialHistogram();
  histogram.observe(value);
  return histogram;
}

type Command =
  | { readonly kind: 'add'; readonly second: number; readonly value: number }
  | { readonly kind: 'read'; readonly from: number; readonly to: number }
  | { readonly kind: 'fold'; readonly second: number };

const second = fc.integer({ min: 0, max: 150 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('add' as const), second, value: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), from: second, to: second }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fold' as const), second: fc.integer({ min: 0, max: 60 }) }) },
);

/** Sum and number of everything before a range, and the stamps and numbers inside it, by looking at each value. */
function expected(values: readonly (readonly [number, number])[], folded: number, from: number, to: number) {
  const before = values.filter(([at]) => at < folded || at + 1 < from);
  const inside = values.filter(([at]) => at >= folded && at + 1 >= from && at + 1 <= to);
  return {
    count: before.length,
    sum: before.reduce((total, [, value]) => total + value, 0),
    stamps: [...new Set(inside.map(([at]) => (at + 1) * 1_000))].sort((a, b) => a - b),
    inside: inside.length,
  };
}

it('reads the same with and without checkpoints', () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 100, maxLength: 400 }), (commands) => {
      const run = new WindowRun(1_000);
      const values: [number, number][] = [];
      let folded = 0;
      for (const step of commands) {
        if (step.kind === 'add') {
          const startNanos = BigInt(step.second) * SECOND;
          const histogram = histogramOf(step.value).encode();
          const counts = { count: 1, sum: step.value, min: step.value, max: step.value, increase: 0 };
          const ends = { first: 0, firstNanos: startNanos, last: 0, lastNanos: startNanos };
          run.add({ seriesId: 1, levelMs: 1_000, startNanos, ...counts, ...ends, histogram });
          values.push([step.second, step.value]);
        } else if (step.kind === 'fold') {
          run.dropBefore(BigInt(step.second) * SECOND, true);
          folded = Math.max(folded, step.second);
        } else {
          const { base, timesMs, deltas } = run.histograms(step.from * 1_000, step.to * 1_000);
          const want = expected(values, folded, step.from, step.to);
          expect({ count: base?.count ?? 0, sum: base?.sum ?? 0 }).toEqual({ count: want.count, sum: want.sum });
          expect(timesMs).toEqual(want.stamps);
          expect(deltas.reduce((total, { count }) => total + count, 0)).toBe(want.inside);
        }
      }
    }),
    { numRuns: 60 },
  );
});
