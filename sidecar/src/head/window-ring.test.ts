/** Windows beyond one slab of rows and of entries: every row is read back as it was pushed, and memory follows the rows. */
import { WindowRing } from './window-ring.ts';

const ROWS = 40_000;
const SERIES = 7;

function packed(row: number): { keys: Int32Array; counts: Uint32Array; length: number } {
  const length = row % 11;
  return {
    keys: Int32Array.from({ length }, (_, i) => row + i),
    counts: Uint32Array.from({ length }, (_, i) => (row * 13 + i) % 1_000),
    length,
  };
}

function sameEntries(one: ReturnType<typeof packed>, other: ReturnType<typeof packed>): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) {
    if (one.keys[i] !== other.keys[i] || one.counts[i] !== other.counts[i]) return false;
  }
  return true;
}

it('reads rows back across slabs, by series from the newest on', () => {
  const ring = new WindowRing();
  for (let row = 0; row < ROWS; row++) ring.push(row % SERIES, Math.floor(row / 100), packed(row), row / 4);
  const scratch = { keys: new Int32Array(1), counts: new Uint32Array(1), length: 0 };
  const [dropped, from] = [17_000, 170];
  ring.dropBefore(from);
  expect(ring.firstRow).toBe(dropped);
  for (let series = 0; series < SERIES; series++) {
    const [seen, wrong]: [number[], number[]] = [[], []];
    ring.walk(series, (row, second) => {
      const wanted = packed(row);
      const isSame = second === Math.floor(row / 100) && ring.read(row, scratch) === row / 4;
      if (!isSame || !sameEntries(scratch, wanted)) wrong.push(row);
      return seen.push(row) > 0;
    });
    const expected = Array.from({ length: ROWS - dropped }, (_, i) => ROWS - 1 - i).filter(
      (r) => r % SERIES === series,
    );
    expect(seen).toEqual(expected);
    expect(wrong).toEqual([]);
  }
  ring.dropBefore(Infinity);
  expect(ring.bytes).toBe(0);
  expect(ring.holds(0)).toBe(false);
});
