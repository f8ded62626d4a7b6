/** Answers a slippage query: fills of the range against the mid at their order's arrival, by the asked dimensions. */
import type { SlippageQuery } from '@tapewatch/contract';
import { excludedCount, NO_BENCHMARK_REASONS, type Notice, type SlippageRow, type Table } from '@tapewatch/core';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { MAX_POINTS_PER_SERIES } from './limit.ts';
import type { MeasuredFills } from './measured-fills.ts';
import { readMeasuredFills } from './slippage-read.ts';
import { resolveStep } from './step.ts';
import { groupTables, reportTable, type Column, type GroupSeries } from './trading-table.ts';

const BPS_TEXT =
  'Direction * (average fill price - mid at arrival) / mid, in basis points of the benchmark notional; a cost is positive. Empty where no fill has a benchmark.';

const COLUMNS: readonly Column<SlippageRow>[] = [
  { name: 'slippage', value: (row) => row.bps, unit: 'suffix:bps', decimals: 2, description: BPS_TEXT },
  { name: 'cost', value: (row) => row.cost, unit: 'money', description: 'Slippage in money; positive is a cost.' },
  {
    name: 'notional',
    value: (row) => row.notional,
    unit: 'money',
    description: 'Mid at arrival times filled quantity.',
  },
  { name: 'fills', value: (row) => row.fills, unit: 'locale', decimals: 0, description: 'Fills that count.' },
  { name: 'orders', value: (row) => row.orders, unit: 'locale', decimals: 0, description: 'Orders they belong to.' },
  {
    name: 'excluded',
    value: excludedCount,
    unit: 'locale',
    decimals: 0,
    description:
      'Fills left out: order unknown, no quote before arrival, one-sided or crossed book, quote too old, quotes lost before it.',
  },
];

export async function runSlippage(
  query: SlippageQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const executedQuery = `slippage against arrival mid by ${query.by.join(', ') || 'nothing'}`;
  const perStep = query.format === 'time_series';
  const { range, notices } = resolveStep(envelope, 0, MAX_POINTS_PER_SERIES - 1);
  const { fills, notices: found } = await readMeasuredFills({
    query,
    range: envelope,
    reader,
    ...(signal && { signal }),
  });
  const book = fills.rows(fills.layout(query.by), 0, fills.size, !perStep);
  const text = { executedQuery, notices: [...(perStep ? notices : []), ...found, ...exclusions(book)] };
  if (!perStep) {
    // A rule reads one number per label set: several columns would be duplicates to it.
    return [reportTable(book, query.by, envelope.fromAlert ? COLUMNS.slice(0, 1) : COLUMNS, text)];
  }
  const series = seriesOf(fills, query, range.stepMs);
  const valueText = { valueName: 'slippage', description: BPS_TEXT, unit: 'suffix:bps', stepMs: range.stepMs };
  return groupTables(series, query.by, { ...text, ...valueText });
}

/** A point holds the fills of the step that ends at it, that millisecond included. */
function seriesOf(fills: MeasuredFills, query: SlippageQuery, stepMs: number): GroupSeries[] {
  const series = new Map<string, GroupSeries>();
  const layout = fills.layout(query.by);
  for (let from = 0; from < fills.size;) {
    const timeMs = Math.ceil(fills.timeMs(from) / stepMs) * stepMs;
    let to = from;
    while (to < fills.size && fills.timeMs(to) <= timeMs) to++;
    const rows = fills.rows(layout, from, to);
    from = to;
    for (const { group, currency, bps } of rows) {
      const id = JSON.stringify([group, currency]);
      let one = series.get(id);
      if (one === undefined) series.set(id, (one = { group, currency, timesMs: [], values: [] }));
      one.timesMs.push(timeMs);
      one.values.push(bps);
    }
  }
  return [...series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function exclusions(rows: readonly SlippageRow[]): Notice[] {
  const counts = NO_BENCHMARK_REASONS.map((reason) => ({
    reason,
    fills: rows.reduce((sum, row) => sum + row.excluded[reason], 0),
  })).filter(({ fills }) => fills > 0);
  if (counts.length === 0) return [];
  const list = counts.map(({ reason, fills }) => `${fills} ${reason.replace('_', ' ')}`).join(', ');
  return [{ severity: 'info', text: `fills without a benchmark, left out: ${list}` }];
}
