/**
 * From columns to plain drawable items in canvas pixels: the heat map's rectangles, the bands between percentiles, the
 * lines, and what is marked for resting on too few samples. Pure, so a golden test reads like a drawing; `draw.ts` only
 * paints what stands here.
 */
import type { HistogramSeries } from './histogram-series.ts';
import { isSupported, type PercentileTable } from './percentile.ts';
import { rasterize, type CellRects } from './raster.ts';
import { horizontal, vertical, type Viewport } from './viewport.ts';

export interface SceneOptions {
  readonly heatmap: boolean;
  readonly bands: boolean;
  /** Per line of the table. */
  readonly visible: readonly boolean[];
  readonly minTailSamples: number;
  /** Colour steps of the heat map. */
  readonly levels: number;
}

/** Flat x, y, x, y, ... in canvas pixels. */
export type Polyline = readonly number[];

export interface Scene {
  readonly cells: CellRects;
  /** Closed shapes between a percentile and the next higher one; `line` is the index of the higher. */
  readonly bands: readonly { readonly line: number; readonly outline: Polyline }[];
  readonly lines: readonly { readonly line: number; readonly supported: boolean; readonly points: Polyline }[];
  /** Points without neighbours, which no line would show. */
  readonly dots: readonly {
    readonly line: number;
    readonly supported: boolean;
    readonly x: number;
    readonly y: number;
  }[];
}

const NO_CELLS: CellRects = { rects: new Float32Array(0), levels: new Uint8Array(0) };

/** A hole of more than one step breaks lines and bands; half a step is allowed for jitter of stamps. */
const GAP_STEPS = 1.5;

export function buildScene(
  series: HistogramSeries,
  table: PercentileTable,
  { options, viewport }: { readonly options: SceneOptions; readonly viewport: Viewport },
): Scene {
  const runs = continuousRuns(table.times, series.intervalMs * GAP_STEPS);
  const shown = table.lines.map((_, line) => line).filter((line) => options.visible[line] === true);
  const pixels = shown.map((line) => linePixels(table, line, viewport));
  const lines: Scene['lines'][number][] = [];
  const dots: Scene['dots'][number][] = [];
  const bands: Scene['bands'][number][] = [];
  shown.forEach((line, i) => {
    const points = pixels[i] as Float32Array;
    const quantile = table.lines[line]?.quantile as number;
    const supported = (step: number): boolean =>
      isSupported(table.totals[step] as number, quantile, options.minTailSamples);
    for (const run of runs) {
      if (run.to - run.from === 1) {
        const [x, y] = pointAt(points, run.from);
        dots.push({ line, supported: supported(run.from), x, y });
        continue;
      }
      for (const part of splitBySupport(run, supported)) {
        lines.push({ line, supported: part.supported, points: [...points.subarray(part.from * 2, part.to * 2)] });
      }
      if (options.bands && i > 0)
        bands.push({ line, outline: outlineBetween(pixels[i - 1] as Float32Array, points, run) });
    }
  });
  const cells = options.heatmap ? rasterize(series, viewport, options.levels) : NO_CELLS;
  return { cells, bands, lines, dots };
}

/** Steps from..to-1. */
interface Run {
  readonly from: number;
  readonly to: number;
}

function continuousRuns(times: Float64Array, maxGapMs: number): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let step = 1; step <= times.length; step++) {
    if (step < times.length && (times[step] as number) - (times[step - 1] as number) <= maxGapMs) continue;
    runs.push({ from, to: step });
    from = step;
  }
  return times.length === 0 ? [] : runs;
}

/** An edge between two points is drawn as supported when both its ends are; parts share their border point. */
function splitBySupport(run: Run, supported: (step: number) => boolean): (Run & { supported: boolean })[] {
  const parts: (Run & { supported: boolean })[] = [];
  let from = run.from;
  let present = supported(from) && supported(from + 1);
  for (let step = run.from + 1; step < run.to - 1; step++) {
    const next = supported(step) && supported(step + 1);
    if (next === present) continue;
    parts.push({ from, to: step + 1, supported: present });
    from = step;
    present = next;
  }
  parts.push({ from, to: run.to, supported: present });
  return parts;
}

function linePixels(table: PercentileTable, line: number, viewport: Viewport): Float32Array {
  const x = horizontal(viewport);
  const y = vertical(viewport);
  const values = table.lines[line]?.values as Float64Array;
  const pixels = new Float32Array(values.length * 2);
  for (let step = 0; step < values.length; step++) {
    pixels[step * 2] = x(table.times[step] as number);
    pixels[step * 2 + 1] = y(values[step] as number);
  }
  return pixels;
}

function pointAt(points: Float32Array, step: number): [number, number] {
  return [points[step * 2] as number, points[step * 2 + 1] as number];
}

function outlineBetween(lower: Float32Array, upper: Float32Array, run: Run): Polyline {
  const outline = [...upper.subarray(run.from * 2, run.to * 2)];
  for (let step = run.to - 1; step >= run.from; step--) outline.push(...pointAt(lower, step));
  return outline;
}
