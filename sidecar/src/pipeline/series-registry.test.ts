import { Labels, METRIC_NAME, type MetricKind } from '@tapewatch/core';
import { HEARD, refusalOf, SeriesRegistry, SWEEPS_UNTIL_REST } from './series-registry.ts';

const NOBODY = (): boolean => false;

function series(pod: string, kind: MetricKind = 'counter') {
  return { labels: Labels.from({ [METRIC_NAME]: 'hits', pod }), kind, unit: 'bytes', help: 'Hits.' };
}

function silence(registry: SeriesRegistry, sweeps = SWEEPS_UNTIL_REST + 1): number[] {
  return Array.from({ length: sweeps }, () => registry.sweep(NOBODY)).flat();
}

it('puts a silent series to rest, keeps its id, and wakes it with all that it was', () => {
  const registry = new SeriesRegistry({ maxSeries: 10, maxNewPerSecond: 10 });
  const id = registry.intern(series('a'), 'desk', 0);
  const before = registry.byId(id);
  expect(silence(registry)).toEqual([id]);
  expect([registry.size, registry.resting, registry.byId(id)]).toEqual([0, 1, undefined]);
  expect(registry.intern(series('a'), 'desk', 1)).toBe(id);
  registry.hear(id);
  expect([registry.size, registry.resting]).toEqual([1, 0]);
  expect(registry.byId(id)).toEqual(before);
  expect(registry.byId(id)?.labels.key).toBe(before?.labels.key);
  expect(registry.takeWoken().map((woken) => woken.id)).toEqual([id]);
  expect(registry.takeWoken()).toEqual([]);
  // The store has it from the first time.
  expect(registry.takeCreated().map((created) => created.id)).toEqual([id]);
});

it('leaves a series awake that is heard of between two sweeps, or held by somebody', () => {
  const registry = new SeriesRegistry({ maxSeries: 10, maxNewPerSecond: 10 });
  const [heard, held] = [registry.intern(series('a'), 'desk', 0), registry.intern(series('b'), 'desk', 0)];
  for (let sweep = 0; sweep < 20; sweep++) {
    expect(registry.sweep((id) => id === held)).toEqual([]);
    if (sweep % SWEEPS_UNTIL_REST === 0) registry.hear(heard);
  }
  expect(registry.recency[heard]).toBeLessThanOrEqual(HEARD);
  expect(registry.size).toBe(2);
});

it('frees the places of its stream, and wakes although there is no place for new ones', () => {
  const registry = new SeriesRegistry({ maxSeries: 10, maxNewPerSecond: 10, maxSeriesPerStream: 1 });
  const first = registry.intern(series('a'), 'desk', 0);
  expect(refusalOf(registry.intern(series('b'), 'desk', 0))).toBe('stream_series_limit');
  silence(registry);
  const second = registry.intern(series('b'), 'desk', 1);
  expect(second).toBeGreaterThan(first);
  registry.hear(second);
  expect(registry.intern(series('a'), 'desk', 1)).toBe(first);
  registry.hear(first);
  expect([registry.size, refusalOf(registry.intern(series('c'), 'desk', 1))]).toEqual([2, 'stream_series_limit']);
});

it('knows the kind of a series that rests', () => {
  const registry = new SeriesRegistry({ maxSeries: 10, maxNewPerSecond: 10 });
  const id = registry.intern(series('a', 'observation'), 'desk', 0);
  registry.admitLayout(id, 'custom');
  silence(registry);
  expect(refusalOf(registry.intern(series('a', 'gauge'), 'desk', 1))).toBe('kind_conflict');
  expect(registry.intern(series('a', 'histogram'), 'desk', 1)).toBe(id);
  expect(registry.admitLayout(id, 'exponential')).toBe(false);
  expect([...registry.examples()].map(({ unit, kind }) => [unit, kind])).toEqual([['bytes', 'distribution']]);
});

it('has no room for ever more series that rest', () => {
  const registry = new SeriesRegistry({ maxSeries: 1, maxNewPerSecond: 100 });
  const refused: string[] = [];
  for (let i = 0; i < 20; i++) {
    const id = registry.intern(series(String(i)), 'desk', i);
    if (id < 0) refused.push(refusalOf(id));
    silence(registry);
  }
  expect(registry.resting).toBe(16);
  expect(refused).toEqual(Array.from({ length: 4 }, () => 'series_limit'));
  // Those that are known come back all the same, each of them, and beside one another.
  for (let i = 0; i < 16; i++) {
    const id = registry.intern(series(String(i)), 'desk', 30);
    expect(id).toBe(i + 1);
    registry.hear(id);
  }
  expect([registry.size, registry.resting]).toEqual([16, 0]);
});

it('has room for new series after a restart, however many the store knows', () => {
  const limits = { maxSeries: 2, maxNewPerSecond: 100, maxSeriesPerStream: 2 };
  const before = new SeriesRegistry({ ...limits, maxSeries: 10, maxSeriesPerStream: 10 });
  for (const pod of ['a', 'b', 'c', 'd']) before.intern(series(pod), 'desk', 0);
  const registry = new SeriesRegistry(limits, [...before.all()]);
  expect(registry.intern(series('e'), 'desk', 1)).toBe(5);
  const known = registry.intern(series('a'), 'desk', 1);
  registry.hear(known);
  registry.hear(known);
  // Those that spoke since count again, and the places of both are free once they are silent.
  expect(refusalOf(registry.intern(series('f'), 'desk', 1))).toBe('series_limit');
  expect(silence(registry)).toHaveLength(5);
  expect([registry.intern(series('f'), 'desk', 2), registry.intern(series('g'), 'desk', 2)]).toEqual([6, 7]);
  expect(refusalOf(registry.intern(series('h'), 'desk', 2))).toBe('series_limit');
});

it('puts many to rest a part at a time, each visited once in a sweep', () => {
  const registry = new SeriesRegistry({ maxSeries: 10, maxNewPerSecond: 10 });
  for (const pod of ['a', 'b', 'c', 'd', 'e']) registry.intern(series(pod), 'desk', 0);
  silence(registry, SWEEPS_UNTIL_REST);
  expect([registry.sweep(NOBODY, 2), registry.isSweeping]).toEqual([[1, 2], true]);
  registry.hear(4);
  expect([registry.sweep(NOBODY, 2), registry.isSweeping]).toEqual([[3, 5], false]);
  expect(registry.recency[4]).toBe(HEARD - 1);
  expect([registry.sweep(NOBODY, 2), registry.isSweeping]).toEqual([[], false]);
});
