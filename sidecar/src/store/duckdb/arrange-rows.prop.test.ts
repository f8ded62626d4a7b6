import fc from 'fast-check';
import { arrangeRows, type StampedRows } from './arrange-rows.ts';
import { splitStamps } from './stamp-halves.ts';

type Row = readonly [series: number, ms: number, nanos: number, value: number];

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 0, max: 60 }),
  fc.constantFrom(0, 1, 999_999),
  fc.integer({ min: 0, max: 1_000 }),
);

/** One by one: a later row of the same or a greater stamp takes the step. */
function expected(rows: readonly Row[], endMs: number, stepMs: number): Row[] {
  const newest = new Map<string, Row>();
  for (const one of rows) {
    const key = `${one[0]}/${stepMs === 0 ? 0 : Math.floor((endMs - one[1]) / stepMs)}`;
    const known = newest.get(key);
    const isOlder = known !== undefined && (one[1] < known[1] || (one[1] === known[1] && one[2] < known[2]));
    if (!isOlder) newest.set(key, one);
  }
  const seen = [...new Set(rows.map(([series]) => series))];
  return [...newest.values()].sort((a, b) => seen.indexOf(a[0]) - seen.indexOf(b[0]) || a[1] - b[1]);
}

function columnsOf(all: readonly Row[]): StampedRows {
  return {
    series: Uint32Array.from(all, ([id]) => id),
    ms: Float64Array.from(all, ([, ms]) => ms),
    nanos: Uint32Array.from(all, ([, , nanos]) => nanos),
    values: Float64Array.from(all, ([, , , value]) => value),
  };
}

function rowsOf([series, times, values]: ReturnType<typeof arrangeRows>): unknown {
  return Array.from(series, (id, i) => [id, times[i], values[i]]);
}

it('is the newest row of each series and step, whatever order they come in', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), fc.constantFrom(0, 1, 7, 20), fc.nat(30), (all, stepMs, margin) => {
      const range = { startMs: margin, endMs: 60 - margin };
      const rows = all.filter(([, ms]) => ms >= range.startMs && ms <= range.endMs);
      const found = arrangeRows(columnsOf(all), range, { endMs: 60, stepMs });
      expect(rowsOf(found)).toEqual(expected(rows, 60, stepMs).map(([id, ms, , value]) => [id, ms, value]));
    }),
    { numRuns: 2_000 },
  );
});

it('is every row in the range where no steps are asked for, those of one stamp as they came', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), fc.nat(30), (all, margin) => {
      const rows = all.filter(([, ms]) => ms >= margin && ms <= 60 - margin);
      const seen = [...new Set(rows.map(([series]) => series))];
      const sorted = rows.toSorted((a, b) => seen.indexOf(a[0]) - seen.indexOf(b[0]) || a[1] - b[1] || a[2] - b[2]);
      const found = arrangeRows(columnsOf(all), { startMs: margin, endMs: 60 - margin });
      expect(rowsOf(found)).toEqual(sorted.map(([id, ms, , value]) => [id, ms, value]));
    }),
    { numRuns: 2_000 },
  );
});

it('splits any stamp exactly, towards minus infinity', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 20 }), (stamps) => {
      const { ms, nanos } = splitStamps(BigInt64Array.from(stamps));
      const whole = stamps.map((_, i) => BigInt(ms[i] as number) * 1_000_000n + BigInt(nanos[i] as number));
      expect(whole).toEqual(stamps);
      expect(nanos.every((rest) => rest < 1_000_000)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
