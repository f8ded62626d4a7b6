import fc from 'fast-check';
import { ExponentialHistogram, WindowSet, type WindowInput, type WindowPart } from '../index.ts';

const SECOND = 1_000_000_000n;

const step = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    seriesId: fc.integer({ min: 1, max: 3 }),
    timeNanos: fc.bigInt({ min: 0n, max: 60n * SECOND }),
    value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('seal' as const), watermark: fc.bigInt({ min: 0n, max: 60n * SECOND }) }),
);

/** Adds up the parts that were emitted for each window. */
function total(parts: readonly WindowPart[]): Map<string, { count: number; histogram: ExponentialHistogram }> {
  const totals = new Map<string, { count: number; histogram: ExponentialHistogram }>();
  for (const part of parts) {
    const key = `${part.levelMs}/${part.seriesId}/${part.startNanos}`;
    const sum = totals.get(key) ?? { count: 0, histogram: new ExponentialHistogram() };
    sum.count += part.count;
    sum.histogram.merge(part.histogram as ExponentialHistogram);
    totals.set(key, sum);
  }
  return totals;
}

function expected(inputs: readonly WindowInput[]): typeof total extends (...a: never[]) => infer R ? R : never {
  const totals = new Map<string, { count: number; histogram: ExponentialHistogram }>();
  for (const { seriesId, timeNanos, value } of inputs) {
    for (const levelMs of [1_000, 10_000]) {
      const width = BigInt(levelMs) * 1_000_000n;
      const key = `${levelMs}/${seriesId}/${timeNanos - (timeNanos % width)}`;
      const sum = totals.get(key) ?? { count: 0, histogram: new ExponentialHistogram() };
      sum.count++;
      sum.histogram.observe(value);
      totals.set(key, sum);
    }
  }
  return totals;
}

function bins(totals: ReturnType<typeof total>): unknown {
  return [...totals]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { count, histogram }]) => {
      const { positiveIndexes, positiveCounts, negativeIndexes, negativeCounts, zeroCount } = histogram.encode();
      return [key, count, positiveIndexes, positiveCounts, negativeIndexes, negativeCounts, zeroCount];
    });
}

describe('WindowSet', () => {
  it('counts each sample in exactly the windows that cover it, however late it comes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const windows = new WindowSet({ scale: 7, sealedUntilNanos: 0n });
        const inputs: WindowInput[] = [];
        const parts: WindowPart[] = [];
        for (const item of steps) {
          if (item.kind === 'seal') parts.push(...windows.seal(item.watermark));
          else {
            const input = { ...item, kind: 'distribution' as const };
            inputs.push(input);
            windows.add(input);
          }
        }
        parts.push(...windows.seal(100n * SECOND));
        expect(bins(total(parts))).toEqual(bins(expected(inputs)));
      }),
    );
  });

  it('a restart that replays raw samples emits what an uninterrupted run emits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, cut) => {
        let windows = new WindowSet({ scale: 7, sealedUntilNanos: 0n });
        const inputs: WindowInput[] = [];
        const parts: WindowPart[] = [];
        steps.forEach((item, index) => {
          if (index === cut) {
            parts.push(...windows.seal(0n)); // what the last batch before the crash held
            const { sealedUntilNanos } = windows;
            windows = new WindowSet({ scale: 7, sealedUntilNanos });
            const stored = inputs.filter((input) => input.timeNanos >= windows.replayFromNanos);
            for (const input of stored.sort((a, b) => Number(a.timeNanos - b.timeNanos))) windows.restore(input);
          }
          if (item.kind === 'seal') parts.push(...windows.seal(item.watermark));
          else {
            const input = { ...item, kind: 'distribution' as const };
            inputs.push(input);
            windows.add(input);
          }
        });
        parts.push(...windows.seal(100n * SECOND));
        expect(bins(total(parts))).toEqual(bins(expected(inputs)));
      }),
    );
  });

  it('keeps first, last and the increase of a counter that was reset', () => {
    const windows = new WindowSet({ scale: 7, sealedUntilNanos: 0n });
    [10, 15, 2, 4].forEach((value, i) =>
      windows.add({ seriesId: 1, kind: 'counter', timeNanos: BigInt(i) * 100_000_000n, value }),
    );
    const [part] = windows.seal(SECOND);
    expect(part).toMatchObject({ levelMs: 1_000, count: 4, first: 10, last: 4, min: 2, max: 15, increase: 9 });
  });
});
