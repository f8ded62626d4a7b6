import { buildScene, type SceneOptions } from './scene.ts';
import type { Viewport } from './viewport.ts';
import type { HistogramSeries } from './histogram-series.ts';
import { SeriesBuilder } from './histogram-series.ts';
import { percentileTable } from './percentile.ts';

/** A plot of 40 by 16 pixels: ten steps of 4 pixels, four rows. */
const viewport: Viewport = {
  left: 10,
  top: 20,
  width: 40,
  height: 16,
  xMin: 0,
  xMax: 10_000,
  yMin: 1,
  yMax: 16,
  distribution: { kind: 'log' },
  pixelRatio: 1,
};
const options: SceneOptions = { heatmap: true, bands: true, visible: [true, true], minTailSamples: 10, levels: 4 };

function seriesOf(steps: Readonly<Record<number, readonly (readonly [number, number, number])[]>>): HistogramSeries {
  const builder = new SeriesBuilder(100);
  for (const [time, cells] of Object.entries(steps)) {
    for (const [lower, upper, count] of cells) builder.add(Number(time), { lower, upper, count });
  }
  return builder.finish('', 1000, true);
}

function sceneOf(
  series: HistogramSeries,
  quantiles: readonly number[],
  changes: Partial<SceneOptions> = {},
  view = viewport,
) {
  return buildScene(series, percentileTable(series, quantiles), {
    options: { ...options, ...changes },
    viewport: view,
  });
}

/** The heat map as text, one row of the picture a line, level digits, `.` where nothing is. */
function picture({ cells }: ReturnType<typeof buildScene>, view = viewport): string[] {
  const rows = Array.from({ length: view.height / 4 }, () => Array.from({ length: view.width / 4 }, () => '.'));
  cells.levels.forEach((level, i) => {
    const [x, y, , height] = cells.rects.subarray(i * 4, i * 4 + 4) as unknown as [number, number, number, number];
    for (let row = (y - view.top) / 4; row < (y - view.top + height) / 4; row++) {
      (rows[row] as string[])[(x - view.left) / 4] = String(level);
    }
  });
  return rows.map((row) => row.join(''));
}

describe('heat map', () => {
  it('draws each bucket at its step and its row, the fullest one in the strongest colour', () => {
    const series = seriesOf({
      1000: [[1, 2, 16]],
      2000: [
        [1, 2, 4],
        [2, 4, 16],
      ],
      4000: [[8, 16, 1]],
    });
    expect(picture(sceneOf(series, [0.5, 0.9]))).toEqual(['...1......', '..........', '.4........', '42........']);
  });

  it('spreads a bucket that spans rows and adds buckets that share one', () => {
    const series = seriesOf({
      1000: [[1, 4, 8]],
      2000: [
        [1, 1.2, 1],
        [1.2, 1.5, 1],
        [1.5, 2, 2],
      ],
    });
    expect(picture(sceneOf(series, [0.5, 0.9]))).toEqual(['..........', '..........', '4.........', '44........']);
    const { cells } = sceneOf(series, [0.5, 0.9]);
    expect([...cells.rects.subarray(0, 4)]).toEqual([10, 28, 4, 8]);
  });

  it('shares columns when steps are thinner than two pixels, without losing a count', () => {
    const narrow = { ...viewport, xMax: 100_000 };
    const series = seriesOf(
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [(i + 1) * 1000, [[1, 2, 1]]] as const)),
    );
    const { cells } = sceneOf(series, [0.5, 0.9], {}, narrow);
    expect(cells.levels).toHaveLength(20);
    expect([...cells.levels]).toEqual(Array.from({ length: 20 }, () => 4));
  });

  it('leaves out what lies beyond the axes', () => {
    const series = seriesOf({
      1000: [
        [0.1, 0.2, 9],
        [2, 4, 1],
        [64, 128, 9],
      ],
      50_000: [[1, 2, 1]],
    });
    expect(picture(sceneOf(series, [0.5, 0.9]))).toEqual(['..........', '..........', '4.........', '..........']);
  });
});

describe('lines and bands', () => {
  const full = [
    [1, 4, 1000],
    [4, 16, 1000],
  ] as const;

  it('joins steps, breaks at a gap, and shows a lonely step as a dot', () => {
    const series = seriesOf({ 1000: full, 2000: full, 3000: full, 6000: full, 9000: full, 10_000: full });
    const { lines, dots, bands } = sceneOf(series, [0.25, 0.75]);
    expect(lines.map(({ line, supported, points }) => [line, supported, ...points])).toEqual([
      [0, true, 14, 32, 18, 32, 22, 32],
      [0, true, 46, 32, 50, 32],
      [1, true, 14, 24, 18, 24, 22, 24],
      [1, true, 46, 24, 50, 24],
    ]);
    expect(dots).toEqual([
      { line: 0, supported: true, x: 34, y: 32 },
      { line: 1, supported: true, x: 34, y: 24 },
    ]);
    expect(bands).toEqual([
      { line: 1, outline: [14, 24, 18, 24, 22, 24, 22, 32, 18, 32, 14, 32] },
      { line: 1, outline: [46, 24, 50, 24, 50, 32, 46, 32] },
    ]);
  });

  it('marks the part of a percentile that rests on too few samples', () => {
    const few = [
      [1, 4, 5],
      [4, 16, 5],
    ] as const;
    const series = seriesOf({ 1000: full, 2000: full, 3000: few, 4000: full, 5000: full });
    const { lines } = sceneOf(series, [0.25, 0.99], { visible: [false, true] });
    expect(lines.map(({ supported, points }) => [supported, points.length / 2])).toEqual([
      [true, 2],
      [false, 3],
      [true, 2],
    ]);
  });

  it('shows only what the legend shows, with a band between neighbours that are shown', () => {
    const series = seriesOf({ 1000: full, 2000: full });
    const scene = sceneOf(series, [0.1, 0.5, 0.9], { visible: [true, false, true], heatmap: false });
    expect(scene.lines.map(({ line }) => line)).toEqual([0, 2]);
    expect(scene.bands.map(({ line }) => line)).toEqual([2]);
    expect(scene.cells.levels).toHaveLength(0);
  });

  it('is empty for an empty series', () => {
    const scene = sceneOf(seriesOf({}), [0.5]);
    expect([scene.lines, scene.dots, scene.bands].flat()).toEqual([]);
  });
});
