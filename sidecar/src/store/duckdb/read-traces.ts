/**
 * Which traces of a range to read, where it has more than a query reads: the slow ones whole and an even share of the
 * others, each with the number of traces it stands for. A trace counts by its root: when that began and how long it took.
 * Chance is a hash of the trace's id, so that the same range gives the same choice.
 */
import { DOUBLE, LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import type { TraceSample, TraceSampleRequest } from '../../ports.ts';
import { readRows, within, type Parameters } from './sql.ts';

const ORDER_FILTERS = ['strategy', 'venue', 'symbol', 'account'] as const;
/** Steps of an order, its fills and its spans: no trace counts as fewer rows. */
const LEAST_ROWS_PER_TRACE = 4;
/** Of the traces that may be read, at most this share is of the slow ones; the others say what is normal. */
const SLOW_SHARE = 0.5;
/** Reaches below the asked quantile by this share of what is above it: a way may be a little shorter than its root. */
const MARGIN = 0.5;

/** Undefined where everything may be read, or where no trace has a root. */
export async function readTraceSample(
  connection: DuckDBConnection,
  request: TraceSampleRequest,
): Promise<TraceSample | undefined> {
  const range = within('time_nanos', request.startNanos, request.endNanos);
  const [[spans, roots] = []] = await readRows(
    connection,
    `SELECT count(*)::DOUBLE, (count(*) FILTER (parent_span_id = ''))::DOUBLE FROM spans WHERE ${range}`,
  );
  const rowsPerTrace = Math.max(LEAST_ROWS_PER_TRACE, Number(spans) / Number(roots));
  if (Number(roots) === 0 || Number(roots) * rowsPerTrace <= request.rows) return undefined;
  const slots = Math.floor(request.rows / rowsPerTrace);
  const parameters: Parameters = { values: [], types: [] };
  const chosen = chosenTraces(request, range, parameters);
  const place = (value: number): string => {
    parameters.types.push(DOUBLE);
    return `$${parameters.values.push(value)}`;
  };
  const from = place(request.quantile - MARGIN * (1 - request.quantile));
  const [all, slow] = [place(slots), place(Math.floor(SLOW_SHARE * slots))];
  const rows = await readRows(
    connection,
    `WITH root AS (
       SELECT trace_id, max(end_nanos - time_nanos) AS nanos FROM spans
       WHERE ${range} AND parent_span_id = '' ${chosen} GROUP BY trace_id),
     ranked AS (
       SELECT trace_id, row_number() OVER (ORDER BY nanos, trace_id) > ${from} * count(*) OVER () AS is_slow FROM root),
     shuffled AS (
       SELECT trace_id, is_slow, count(*) OVER kind AS size,
         row_number() OVER (PARTITION BY is_slow ORDER BY hash(trace_id), trace_id) AS turn,
         count(*) FILTER (is_slow) OVER () AS slow_ones
       FROM ranked WINDOW kind AS (PARTITION BY is_slow)),
     granted AS (
       SELECT *, least(size, CASE WHEN is_slow THEN ${slow} ELSE ${all} - least(slow_ones, ${slow}) END) AS places
       FROM shuffled)
     SELECT trace_id, size / places AS weight, is_slow FROM granted WHERE turn <= places ORDER BY trace_id`,
    parameters,
  );
  const weights = rows.map(([, weight]) => Number(weight));
  return {
    ids: rows.map(([id]) => String(id)),
    weights,
    traces: Math.round(weights.reduce((sum, weight) => sum + weight, 0)),
    slow: rows.filter(([, , isSlow]) => isSlow === true).length,
  };
}

/** Conditions on a root's name, and on the orders that the trace belongs to: those that name its id, or the same as one of its spans. */
function chosenTraces({ operation, orders }: TraceSampleRequest, range: string, parameters: Parameters): string {
  const conditions: string[] = [];
  if (operation !== '') {
    parameters.types.push(VARCHAR);
    conditions.push(`AND name = $${parameters.values.push(operation)}`);
  }
  const filters = ORDER_FILTERS.filter((column) => orders[column].length > 0).map((column) => {
    parameters.types.push(LIST(VARCHAR));
    return `AND ${column} IN (SELECT unnest($${parameters.values.push(listValue([...orders[column]]))}))`;
  });
  if (filters.length > 0) {
    const named = `SELECT unnest([order_id, correlation_id]) FROM orders WHERE ${range} ${filters.join(' ')}`;
    conditions.push(`AND trace_id IN (
      SELECT trace_id FROM spans WHERE ${range} AND correlation_id <> '' AND correlation_id IN (${named})
      UNION ALL SELECT * FROM (${named}))`);
  }
  return conditions.join(' ');
}
