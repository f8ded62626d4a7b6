/** Slices hold every window once, whole wide windows or parts of one, and no more rows than allowed. */
import fc from 'fast-check';
import { foldSlices } from './fold-slice.ts';

const WIDTH = 60;
const STEP = 10;

const counts = fc
  .uniqueArray(fc.nat(200), { maxLength: 80 })
  .chain((steps) =>
    fc
      .array(fc.integer({ min: 1, max: 30 }), { minLength: steps.length, maxLength: steps.length })
      .map((rows) => steps.sort((a, b) => a - b).map((step, i) => ({ second: step * STEP, rows: rows[i] as number }))),
  );

test('every window is in one slice, in order of time', () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 100 }), (given, limit) => {
      const slices = foldSlices(given, WIDTH, limit).flat();
      slices.forEach(({ from, to }, i) => {
        expect(to).toBeGreaterThan(from);
        if (i > 0) expect(from).toBeGreaterThanOrEqual((slices[i - 1] as { to: number }).to);
      });
      for (const { second } of given)
        expect(slices.filter(({ from, to }) => from <= second && second < to)).toHaveLength(1);
    }),
  );
});

test('no slice has more rows than allowed, unless one window has', () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 100 }), (given, limit) => {
      for (const { from, to } of foldSlices(given, WIDTH, limit).flat()) {
        const held = given.filter(({ second }) => from <= second && second < to);
        const rows = held.reduce((sum, one) => sum + one.rows, 0);
        if (held.length > 1) expect(rows).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test('a group is one slice of whole wide windows, or several of one', () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 100 }), (given, limit) => {
      for (const group of foldSlices(given, WIDTH, limit)) {
        const [from, to] = [group[0]?.from ?? -1, group.at(-1)?.to ?? -1];
        expect([from % WIDTH, to % WIDTH]).toEqual([0, 0]);
        if (group.length > 1) expect(to - from).toBe(WIDTH);
      }
    }),
  );
});

test('what crowds together in the first of many windows is still read in parts', () => {
  const crowded = Array.from({ length: 6 }, (_, i) => ({ second: i * STEP, rows: 10 }));
  expect(foldSlices([...crowded, { second: 86_400, rows: 1 }], WIDTH, 20)).toEqual([
    [
      { from: 0, to: 20 },
      { from: 20, to: 40 },
      { from: 40, to: 60 },
    ],
    [{ from: 86_400, to: 86_460 }],
  ]);
});
