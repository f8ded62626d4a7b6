import { buildModel, valueAxis } from './panel-model.ts';
import { plainFrame } from './plain-frame.ts';

function frame(venue: string, count: number, top = 4) {
  return plainFrame({
    fields: [
      { name: 'xMax', type: 'time', values: [1000, 2000] },
      { name: 'yMin', type: 'number', values: [1, 2] },
      { name: 'yMax', type: 'number', values: [2, top] },
      { name: 'count', type: 'number', values: [count, count], labels: { venue } },
    ],
  });
}

describe('buildModel', () => {
  it('adds several series, or draws one facet for each', () => {
    const frames = [frame('A', 3), frame('B', 4, 8)];
    const merged = buildModel(frames, [0.5], { seriesMode: 'merge', countFactor: 1 });
    expect(merged.facets.map(({ name, table }) => [name, ...table.totals])).toEqual([['', 7, 7]]);
    const facets = buildModel(frames, [0.5], { seriesMode: 'facet', countFactor: 1 }).facets;
    expect(facets.map(({ name, table }) => [name, ...table.totals])).toEqual([
      ['venue=A', 3, 3],
      ['venue=B', 4, 4],
    ]);
    // One value axis for all.
    expect(facets.map(({ range }) => range)).toEqual([
      { min: 1, max: 8 },
      { min: 1, max: 8 },
    ]);
  });

  it('names what it leaves out beyond twelve facets', () => {
    const frames = Array.from({ length: 14 }, (_, i) => frame(`V${i}`, 1));
    const { facets, leftOut } = buildModel(frames, [0.5], { seriesMode: 'facet', countFactor: 1 });
    expect(facets).toHaveLength(12);
    expect(leftOut).toBe('2 more not drawn; narrow the query or merge: venue=V12, venue=V13');
    expect(buildModel(frames, [0.5], { seriesMode: 'merge', countFactor: 1 }).leftOut).toBeUndefined();
  });

  it('has no facet without data', () => {
    expect(buildModel([], [0.5], { seriesMode: 'merge', countFactor: 1 })).toMatchObject({
      facets: [],
      problem: undefined,
    });
  });
});

describe('valueAxis', () => {
  it.each([
    ['log10', { min: 0.001, max: 1 }, {}, 'log'],
    ['log2', { min: -5, max: 1000 }, {}, 'symlog'],
    ['log10', { min: 0, max: 0 }, {}, 'symlog'],
    ['linear', { min: 1, max: 10 }, {}, 'linear'],
    ['log10', { min: 0, max: 10 }, { min: 0.01 }, 'log'],
  ] as const)('%s over %j with limits %j is %s', (scale, range, limits, kind) => {
    const axis = valueAxis(range, scale, limits);
    expect(axis.distribution.kind).toBe(kind);
    expect(axis.max).toBeGreaterThan(axis.min);
    expect(axis.max).toBeGreaterThanOrEqual(range.max);
  });

  it('keeps limits that the user set, and starts a linear axis at zero where it is near', () => {
    expect(valueAxis({ min: 1, max: 10 }, 'linear', { min: 2, max: 20 })).toMatchObject({ min: 2, max: 20 });
    expect(valueAxis({ min: 1, max: 10 }, 'linear', {})).toMatchObject({ min: 0 });
    expect(valueAxis({ min: 1, max: 10 }, 'log2', { max: 20 })).toMatchObject({ max: 20 });
  });

  it.each([
    ['log10', 0.000263, 0.0002],
    ['log10', 0.0113, 0.01],
    ['log10', 47, 40],
    ['log2', 0.3, 0.25],
  ] as const)('starts a %s axis that shows %d at the tick %d', (scale, min, start) => {
    expect(valueAxis({ min, max: min * 3 }, scale, {}).min).toBe(start);
  });
});
