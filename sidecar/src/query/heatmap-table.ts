/**
 * Heat maps: every populated bucket of every step is one cell, in the histogram's own resolution. `xMax` is the end of
 * the step, `yLayout` says which bound belongs to the bucket (0 upper, 1 lower, 3 both), as in Grafana's frames of
 * native histograms. A rate is turned into the observations of one step, so that `count` is always a number of
 * observations; increments are taken as they are.
 */
import { nanosFromMs, type MatrixSeries, type Notice, type Table, type TableField } from '@tapewatch/core';
import type { ExpressionShape } from './expression-shape.ts';
import { seriesName } from './legend.ts';
import { MAX_ROWS, refuseTooManyRows } from './limit.ts';
import { emptyTable, type Presentation } from './promql-table.ts';

const UPPER_INCLUSIVE = 0;
const LOWER_INCLUSIVE = 1;
const BOTH_INCLUSIVE = 3;

interface Cells {
  readonly xMax: bigint[];
  readonly yMin: number[];
  readonly yMax: number[];
  readonly count: number[];
  readonly yLayout: number[];
}

/** One table per histogram series. Throws `query.limit` past the row limit. */
export function heatmapTables(series: readonly MatrixSeries[], how: Presentation, shape: ExpressionShape): Table[] {
  const factor = shape.shape === 'rate' ? how.stepMs / 1_000 : 1;
  const notices = [...how.notices, ...complaints(series, shape)];
  const tables: Table[] = [];
  let rows = 0;
  for (const { labels, points } of series) {
    const cells = cellsOf(points, factor, MAX_ROWS - rows);
    if (cells.xMax.length === 0) continue;
    rows += cells.xMax.length;
    const name = seriesName(how.legendFormat, labels, how.expr);
    const unit = shape.observationUnit === undefined ? {} : { unit: shape.observationUnit };
    const fields: TableField[] = [
      { name: 'xMax', type: 'time', values: cells.xMax, intervalMs: how.stepMs },
      { name: 'yMin', type: 'number', values: Float64Array.from(cells.yMin), ...unit },
      { name: 'yMax', type: 'number', values: Float64Array.from(cells.yMax), ...unit },
      {
        name: 'count',
        type: 'number',
        values: Float64Array.from(cells.count),
        labels: labels.withoutMetricName(),
        displayName: name,
        unit: 'short',
        description:
          factor === 1 ? 'Observations, as the expression yields them.' : 'Observations per step (rate times step).',
      },
      { name: 'yLayout', type: 'number', values: Float64Array.from(cells.yLayout) },
    ];
    tables.push({ name, kind: 'heatmap-cells', version: [0, 0], fields, notices: [], executedQuery: how.expr });
  }
  const [first, ...rest] = tables;
  if (first === undefined) return [emptyTable('heatmap-cells', how.expr, notices)];
  return [{ ...first, notices }, ...rest];
}

function complaints(series: readonly MatrixSeries[], shape: ExpressionShape): Notice[] {
  const notices: Notice[] = [];
  const floats = series.filter(({ points }) => points.some(({ histogram }) => histogram === undefined)).length;
  if (floats > 0) {
    const text = `${floats} series are plain numbers, which a heat map leaves out: it needs histograms, such as rate(order_ack_seconds[10s])`;
    notices.push({ severity: 'warning', text });
  }
  if (shape.shape === 'stored' && floats < series.length) {
    const text =
      'counts are cumulative since the first observation; wrap the metric in increase(...[$__interval]) for counts per step';
    notices.push({ severity: 'warning', text });
  }
  return notices;
}

function cellsOf(points: MatrixSeries['points'], factor: number, room: number): Cells {
  const cells: Cells = { xMax: [], yMin: [], yMax: [], count: [], yLayout: [] };
  for (const { timeMs, histogram } of points) {
    if (histogram === undefined) continue;
    const time = nanosFromMs(timeMs);
    for (const { lower, upper, count } of histogram.buckets()) {
      cells.xMax.push(time);
      cells.yMin.push(lower);
      cells.yMax.push(upper);
      cells.count.push(count * factor);
      cells.yLayout.push(lower < 0 && upper > 0 ? BOTH_INCLUSIVE : upper <= 0 ? LOWER_INCLUSIVE : UPPER_INCLUSIVE);
    }
    if (cells.xMax.length > room) refuseTooManyRows(MAX_ROWS + 1, 'heat map cells');
  }
  return cells;
}
