/** Named bounds of a query. Reaching one is an error or a notice, never a silent cut. */
import type { Table } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';

/** Rows that one query may read or return. */
export const MAX_ROWS = 1_000_000;
/** Points of one series, as in Prometheus. */
export const MAX_POINTS_PER_SERIES = 11_000;
/** Time steps of a heat map: each step carries a whole histogram. */
export const MAX_HEATMAP_STEPS = 300;
/** Marks looked up for one P&L chart: steps times open instruments. */
export const MAX_MARKS = 200_000;
/** Order ids in one question to the store. */
export const MAX_ORDER_IDS_PER_READ = 5_000;

export function refuseTooManyRows(rows: number, what: string): void {
  if (rows <= MAX_ROWS) return;
  throw new TapewatchError(
    'query.limit',
    `the query needs more than ${MAX_ROWS} ${what}; shorten the time range, add filters or group by fewer dimensions`,
    { details: { limit: MAX_ROWS } },
  );
}

export function rowsOf(table: Table): number {
  return table.fields[0]?.values.length ?? 0;
}
