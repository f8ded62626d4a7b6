/** What an answer says of windows that late samples revised. */
import fc from 'fast-check';
import { RevisionLog } from './revision-log.ts';

const NAMES = new Set(['latency']);
const T0 = Date.UTC(2026, 0, 5, 12);

function logOf(windows: readonly number[], name = 'latency'): RevisionLog {
  const log = new RevisionLog();
  log.add([{ name, oldestMs: 0, newestMs: 0, windowsMs: windows.map((window) => T0 + window * 10_000) }]);
  return log;
}

const range = (from: number, to: number) => [{ startMs: T0 + from * 10_000, endMs: T0 + to * 10_000 - 1 }];

it('tells how many windows of the range were revised, and when', () => {
  expect(logOf([0, 1, 5]).infos(NAMES, range(0, 6))).toEqual([
    '3 windows of 10s between 2026-01-05T12:00:00Z and 2026-01-05T12:01:00Z were revised by samples that came late (latency)',
  ]);
});

it('is silent of other metrics and other times', () => {
  const log = logOf([3]);
  expect(log.infos(NAMES, range(0, 3))).toEqual([]);
  expect(log.infos(NAMES, range(4, 9))).toEqual([]);
  expect(log.infos(new Set(['price']), range(0, 9))).toEqual([]);
  expect(log.infos(undefined, range(0, 9))).toHaveLength(1);
});

it('names three metrics at most', () => {
  const log = new RevisionLog();
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    log.add([{ name, oldestMs: 0, newestMs: 0, windowsMs: [T0] }]);
  }
  expect(log.infos(undefined, range(0, 1))).toEqual([expect.stringContaining('5 windows')]);
  expect(log.infos(undefined, range(0, 1))).toEqual([expect.stringContaining('(a, b, c and 2 more)')]);
});

it('counts exactly while the spans are few, whatever order they came in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 0, max: 90 }),
      fc.integer({ min: 1, max: 60 }),
      (windows, from, length) => {
        const expected = new Set(windows.filter((window) => window >= from && window < from + length)).size;
        const [text] = logOf(windows).infos(NAMES, range(from, from + length));
        expect(text === undefined ? 0 : Number(/^(\d+) window/.exec(text)?.[1])).toBe(expected);
      },
    ),
  );
});

it('keeps a bound: past it the number is a least, and the range still covers all', () => {
  const windows = Array.from({ length: 100 }, (_, i) => i * 3);
  const [text] = logOf(windows).infos(NAMES, range(0, 300));
  expect(text).toMatch(/^at least 100 windows of 10s between 2026-01-05T12:00:00Z and 2026-01-05T12:49:40Z/);
});
