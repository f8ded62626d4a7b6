/**
 * Which traces of a range to read, where it has more than a query reads: the slow ones whole and an even share of the
 * others, each with the number of traces it stands for. A trace counts by its root: when that began and how long it took.
 * Chance is a hash of the trace's id, so that the same range gives the same choice.
 */
import { LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
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
  const root = `SELECT trace_id, max(end_nanos - time_nanos) AS nanos FROM spans
    WHERE ${range} AND parent_span_id = '' ${chosenTraces(request, range, parameters)} GROUP BY trace_id`;
  const from = request.quantile - MARGIN * (1 - request.quantile);
  const [[traces, slow, edge] = []] = await readRows(
    connection,
    `WITH root AS MATERIALIZED (${root}), edge AS (SELECT quantile_disc(nanos, ${from}) AS nanos FROM root)
     SELECT count(*)::DOUBLE, (count(*) FILTER (root.nanos > edge.nanos))::DOUBLE, any_value(edge.nanos) FROM root, edge`,
    parameters,
  );
  const sizes = { slow: Number(slow), rest: Number(traces) - Number(slow) };
  const places = { slow: Math.min(sizes.slow, Math.floor(SLOW_SHARE * slots)), rest: 0 };
  places.rest = Math.min(sizes.rest, slots - places.slow);
  const part = (condition: string, limit: number): string =>
    `(SELECT trace_id FROM root WHERE ${condition} ORDER BY hash(trace_id), trace_id LIMIT ${limit})`;
  const boundary = typeof edge === 'bigint' ? edge : 0n;
  const rows = await readRows(
    connection,
    `WITH root AS MATERIALIZED (${root})
     SELECT trace_id, true FROM ${part(`nanos > ${boundary}`, places.slow)}
     UNION ALL SELECT trace_id, false FROM ${part(`nanos <= ${boundary}`, places.rest)} ORDER BY trace_id`,
    parameters,
  );
  const weights = { slow: sizes.slow / places.slow, rest: sizes.rest / places.rest };
  return {
    ids: rows.map(([id]) => String(id)),
    weights: rows.map(([, isSlow]) => (isSlow === true ? weights.slow : weights.rest)),
    traces: Number(traces),
    slow: rows.filter(([, isSlow]) => isSlow === true).length,
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
