import { Labels, METRIC_NAME, type Matcher, type SeriesDefinition } from '@tapewatch/core';
import { SeriesIndex } from './series-index.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_700_000_000_000;

function definition(id: number, name: string, pod: string): SeriesDefinition {
  const labels = Labels.from({ [METRIC_NAME]: name, pod });
  return { id, labels, kind: id % 2 === 0 ? 'distribution' : 'counter', stream: 'desk', unit: 'bytes', help: '"x"' };
}

function filled(): SeriesIndex {
  const index = new SeriesIndex();
  const names = ['hits', 'hits', 'wait', 'wait_more'];
  names.forEach((name, i) => index.add(definition(i + 1, name, `p"${i}`)));
  return index;
}

function observe(index: SeriesIndex, id: number, ms: number): void {
  index.observe(Uint32Array.of(id), Uint32Array.of(ms / 1_000), Uint32Array.of(0));
}

function ids(found: readonly SeriesDefinition[]): number[] {
  return found.map(({ id }) => id);
}

const equals = (name: string, value: string): Matcher => ({ name, operator: '=', value });
const LISTS: readonly (readonly Matcher[])[][] = [
  [],
  [[equals(METRIC_NAME, 'hits')]],
  [[equals(METRIC_NAME, 'wait'), equals('pod', 'p"2')]],
  [[equals('absent', '')]],
  [[{ name: 'pod', operator: '!=', value: 'p"0' }], [equals(METRIC_NAME, 'hits')]],
  [[equals(METRIC_NAME, 'wait')], [equals(METRIC_NAME, 'hits'), equals('pod', 'p"1')], [equals(METRIC_NAME, 'gone')]],
  [[{ name: METRIC_NAME, operator: '=~', value: 'wait.*' }]],
];

it('answers the same of series that rest as of those that are awake', () => {
  const awake = filled();
  const resting = filled();
  resting.rest(NOW_MS, HOUR_MS);
  resting.rest(NOW_MS + 2 * HOUR_MS, HOUR_MS);
  for (const lists of LISTS) expect(resting.matching(lists)).toEqual(awake.matching(lists));
  expect([resting.size, resting.distributions, resting.has(3)]).toEqual([4, 2, true]);
  expect(resting.idsOf('distribution')).toEqual([2, 4]);
  expect(resting.ofStream('desk')).toEqual([1, 2, 3, 4]);
});

it('passes over what rests and had its last sample long before the range, and over nothing else', () => {
  const index = filled();
  observe(index, 1, NOW_MS - 10 * HOUR_MS);
  observe(index, 2, NOW_MS);
  index.rest(NOW_MS - 20 * HOUR_MS, HOUR_MS);
  index.rest(NOW_MS + HOUR_MS / 2, HOUR_MS);
  // A window of an hour may end an hour after its last sample; of series 3 and 4 this process has seen no sample.
  expect(ids(index.matching([], NOW_MS - 9.5 * HOUR_MS))).toEqual([1, 2, 3, 4]);
  expect(ids(index.matching([], NOW_MS - 8 * HOUR_MS))).toEqual([2, 3, 4]);
});

it('wakes what has samples again, and lets nothing rest that nobody could have heard yet', () => {
  const index = filled();
  index.rest(NOW_MS, HOUR_MS);
  observe(index, 1, NOW_MS - 10 * HOUR_MS);
  expect(ids(index.matching([], NOW_MS))).toEqual([1, 2, 3, 4]);
  index.rest(NOW_MS + 2 * HOUR_MS, HOUR_MS);
  expect(ids(index.matching([], NOW_MS + 1.5 * HOUR_MS))).toEqual([2, 3, 4]);
  observe(index, 1, NOW_MS + 2 * HOUR_MS);
  index.rest(NOW_MS + 2 * HOUR_MS, HOUR_MS);
  expect(ids(index.matching([], NOW_MS))).toEqual([1, 2, 3, 4]);
});

it('does not take a sample that came late for the last one of a series that is in the file', () => {
  const index = filled();
  index.rest(NOW_MS, HOUR_MS);
  // The run before stored samples of it up to now; this one came hours late.
  observe(index, 1, NOW_MS - 5 * HOUR_MS);
  index.rest(NOW_MS + 1.5 * HOUR_MS, HOUR_MS);
  expect(ids(index.matching([], NOW_MS - HOUR_MS))).toContain(1);
});

it('passes over what rests also when nobody has heard of it since the start, or retention has its samples', () => {
  const index = filled();
  index.rest(NOW_MS, HOUR_MS);
  observe(index, 1, NOW_MS + HOUR_MS);
  index.rest(NOW_MS + 3 * HOUR_MS, HOUR_MS);
  index.forgetBefore(NOW_MS + 2 * HOUR_MS);
  expect(ids(index.matching([], NOW_MS + 2.5 * HOUR_MS))).toEqual([2, 3, 4]);
  // The file may have samples that were stamped a day ahead.
  expect(ids(index.matching([], NOW_MS + 28 * HOUR_MS))).toEqual([2, 3, 4]);
  expect(ids(index.matching([], NOW_MS + 28 * HOUR_MS + 1))).toEqual([]);
});

it('lets many series rest in parts, so that no writer waits long', () => {
  const index = new SeriesIndex();
  const count = 20_005;
  for (let id = 1; id <= count; id++) {
    index.add(definition(id, 'hits', `p${id}`));
    observe(index, id, NOW_MS - 10 * HOUR_MS);
  }
  const awake = (): number => index.matching([], NOW_MS).length;
  index.rest(NOW_MS - 9 * HOUR_MS, HOUR_MS);
  index.rest(NOW_MS, HOUR_MS);
  expect(awake()).toBe(5);
  index.rest(NOW_MS, HOUR_MS);
  expect(awake()).toBe(0);
  expect(index.matching([])).toHaveLength(count);
});
