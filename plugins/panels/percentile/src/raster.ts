/**
 * Merges histogram buckets into cells that a screen can show. Full-resolution buckets are far thinner than a pixel, so
 * counts are spread over rows of a few pixels by the share of the bucket that each row covers; steps thinner than two
 * pixels share a column. Equal neighbours in a column become one rectangle. The colour step grows with the square root
 * of the count (Grafana's heat map default), so that sparse tails stay visible.
 * Complexity: O(buckets + columns * rows).
 */
import type { HistogramSeries } from './histogram-series.ts';
import { horizontal, vertical, type Viewport } from './viewport.ts';

/** Rectangle i is rects[4 i ..] = x, y, width, height in canvas pixels; levels[i] is 1 .. levels. */
export interface CellRects {
  readonly rects: Float32Array;
  readonly levels: Uint8Array;
}

const ROW_PIXELS = 4;
const MIN_COLUMN_PIXELS = 2;
/** Columns at least this wide are set apart by a gap, so that steps can be told from one another. */
const GAP_FROM_PIXELS = 8;

export function rasterize(series: HistogramSeries, viewport: Viewport, levels: number): CellRects {
  const columns = layOutColumns(series, viewport);
  const rowHeight = ROW_PIXELS * viewport.pixelRatio;
  const rows = Math.max(1, Math.ceil(viewport.height / rowHeight));
  const grid = new Float32Array(columns.length * rows);
  const y = vertical(viewport);
  columns.forEach((column, c) => {
    for (let i = series.offsets[column.from] as number; i < (series.offsets[column.to] as number); i++) {
      const top = (y(series.upper[i] as number) - viewport.top) / rowHeight;
      const bottom = (y(series.lower[i] as number) - viewport.top) / rowHeight;
      spread(grid.subarray(c * rows, (c + 1) * rows), { top, bottom, count: series.count[i] as number });
    }
  });
  return collectRects(grid, { columns, rows, rowHeight, levels, viewport });
}

interface Column {
  /** Steps from .. to - 1. */
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly width: number;
}

function layOutColumns(series: HistogramSeries, viewport: Viewport): Column[] {
  const x = horizontal(viewport);
  const stepPixels = Math.abs(x(series.intervalMs) - x(0));
  const minimum = MIN_COLUMN_PIXELS * viewport.pixelRatio;
  const gap = stepPixels >= GAP_FROM_PIXELS * viewport.pixelRatio ? viewport.pixelRatio : 0;
  const columns: Column[] = [];
  const steps = series.times.length;
  for (let step = 0; step < steps;) {
    const end = x(series.times[step] as number);
    if (stepPixels >= minimum) {
      // The same computation as the previous step's end, or rounding would leave seams.
      const from = Math.round(x((series.times[step] as number) - series.intervalMs));
      const to = Math.round(end);
      columns.push({ from: step, to: step + 1, x: from, width: Math.max(1, to - from - gap) });
      step++;
      continue;
    }
    const slot = Math.ceil((end - viewport.left) / minimum);
    let last = step + 1;
    while (last < steps && Math.ceil((x(series.times[last] as number) - viewport.left) / minimum) === slot) last++;
    columns.push({ from: step, to: last, x: viewport.left + (slot - 1) * minimum, width: minimum });
    step = last;
  }
  return columns.filter(
    (column) => column.x + column.width > viewport.left && column.x < viewport.left + viewport.width,
  );
}

/** `top` and `bottom` in rows. What lies outside the plot is left out, like everything beyond an axis limit. */
function spread(
  column: Float32Array,
  cell: { readonly top: number; readonly bottom: number; readonly count: number },
): void {
  const height = Math.max(cell.bottom - cell.top, 1e-6);
  const last = Math.min(column.length - 1, Math.ceil(cell.bottom) - 1);
  for (let row = Math.max(0, Math.floor(cell.top)); row <= last; row++) {
    const covered = Math.min(cell.bottom, row + 1) - Math.max(cell.top, row);
    column[row] = (column[row] as number) + (cell.count * Math.max(covered, 0)) / height;
  }
}

interface Grid {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly rowHeight: number;
  readonly levels: number;
  readonly viewport: Viewport;
}

function collectRects(grid: Float32Array, { columns, rows, rowHeight, levels, viewport }: Grid): CellRects {
  let most = 0;
  for (const count of grid) if (count > most) most = count;
  const level = (count: number): number => (count > 0 ? Math.max(1, Math.ceil(Math.sqrt(count / most) * levels)) : 0);
  const rects: number[] = [];
  const found: number[] = [];
  columns.forEach((column, c) => {
    for (let row = 0; row < rows;) {
      const present = level(grid[c * rows + row] as number);
      let end = row + 1;
      while (end < rows && level(grid[c * rows + end] as number) === present) end++;
      if (present > 0) {
        rects.push(column.x, viewport.top + row * rowHeight, column.width, (end - row) * rowHeight);
        found.push(present);
      }
      row = end;
    }
  });
  return { rects: Float32Array.from(rects), levels: Uint8Array.from(found) };
}
