import { readHistograms } from './histogram-series.ts';
import { plainFrame } from './plain-frame.ts';

function cells(
  rows: readonly (readonly [number, number, number, number | null])[],
  timeName = 'xMax',
  interval?: number,
) {
  return plainFrame({
    meta: { type: 'heatmap-cells' },
    fields: [
      { name: timeName, type: 'time', values: rows.map((row) => row[0]), config: interval ? { interval } : {} },
      { name: 'yMin', type: 'number', values: rows.map((row) => row[1]) },
      { name: 'yMax', type: 'number', values: rows.map((row) => row[2]) },
      { name: 'count', type: 'number', values: rows.map((row) => row[3]), labels: { venue: 'XNAS' } },
      { name: 'yLayout', type: 'number', values: rows.map(() => 0) },
    ],
  });
}

describe('readHistograms', () => {
  it('groups rows by step and names the series by its labels', () => {
    const { series, problem, valueField } = readHistograms(
      [
        cells([
          [10, 1, 2, 3],
          [10, 2, 4, 1],
          [20, 1, 2, 5],
        ]),
      ],
      999,
    );
    expect(problem).toBeUndefined();
    expect(valueField?.name).toBe('yMax');
    expect(series).toHaveLength(1);
    expect(series[0]).toMatchObject({ name: 'venue=XNAS', intervalMs: 10, skipped: 0 });
    expect([...(series[0]?.times ?? [])]).toEqual([10, 20]);
    expect([...(series[0]?.offsets ?? [])]).toEqual([0, 2, 3]);
  });

  it('leaves out and counts rows that are no buckets', () => {
    const { series } = readHistograms(
      [
        cells([
          [10, 1, 2, 3],
          [10, 2, 2, 1],
          [10, 4, 8, null],
          [10, 8, 16, 0],
          [10, 4, Infinity, 1],
        ]),
      ],
      999,
    );
    expect(series[0]?.skipped).toBe(4);
    expect(series[0]?.intervalMs).toBe(999);
  });

  it('takes the stated interval, and moves stamps that mark the start', () => {
    const { series } = readHistograms([cells([[10, 1, 2, 3]], 'xMin', 5)], 999);
    expect(series[0]?.intervalMs).toBe(5);
    expect(series[0]?.times[0]).toBe(15);
  });

  it('says what it needs when the shape is wrong, and nothing when there is no data', () => {
    const wide = plainFrame({
      fields: [
        { name: 'Time', type: 'time', values: [1, 2] },
        { name: 'Value', type: 'number', values: [1, 2] },
      ],
    });
    expect(readHistograms([wide], 1).problem).toMatch(/format to "Heat map"/);
    expect(readHistograms([], 1).problem).toBeUndefined();
    expect(readHistograms([cells([])], 1).problem).toBeUndefined();
  });
});
