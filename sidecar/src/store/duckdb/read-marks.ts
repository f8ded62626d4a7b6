/**
 * The mid of many instruments at every step of a chart. As long as the quotes of the range are not too many to hold, they
 * come as columns in the order in which they are stored and one pass keeps the newest of each step; beyond that the engine
 * groups them, which takes four times as long and no memory here.
 */
import { LIST, listValue, UINTEGER, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { midOf } from '@tapewatch/core';
import type { MarkRequest } from '../../ports.ts';
import { readQuotesBefore } from './read-quotes.ts';
import { readRows, within, type Parameters } from './sql.ts';
import { readColumns } from './vector-read.ts';

/** Quotes that are held at once: 32 bytes each. */
const MAX_QUOTES_HELD = 2_500_000;
const MS = 1_000_000n;

/**
 * The mid that stood strictly before the end of each step's millisecond, instrument by instrument: the newest quote of
 * each step from one pass over the quotes of the range, carried on where a step has none, from what stood before it.
 */
export async function readMarks(connection: DuckDBConnection, request: MarkRequest): Promise<Float64Array> {
  const { instruments, startMs, count } = request;
  const marks = new Float64Array(instruments.length * count).fill(NaN);
  if (marks.length === 0) return marks;
  const firstNanos = (BigInt(startMs) + 1n) * MS;
  const asked = instruments.map(({ venue, symbol }) => ({ venue, symbol, timeNanos: firstNanos }));
  const isSet = new Uint8Array(marks.length);
  const { instrument, step, mid } = await readNewest(connection, request, firstNanos);
  for (let row = 0; row < instrument.length; row++) {
    const at = (instrument[row] as number) * count + (step[row] as number);
    marks[at] = mid[row] as number;
    isSet[at] = 1;
  }
  (await readQuotesBefore(connection, asked)).forEach((quote, i) => {
    marks[i * count] = midOf(quote).mid ?? NaN;
    isSet[i * count] = 1;
  });
  for (let at = 1; at < marks.length; at++) {
    if (at % count !== 0 && isSet[at] === 0) marks[at] = marks[at - 1] as number;
  }
  return marks;
}

/** Mids of quotes; of one instrument and step a later one replaces those before it. */
interface Newest {
  readonly instrument: Uint32Array;
  readonly step: Uint32Array;
  readonly mid: Float64Array;
}

async function readNewest(
  connection: DuckDBConnection,
  { instruments, stepMs, count }: MarkRequest,
  firstNanos: bigint,
): Promise<Newest> {
  const stepNanos = BigInt(stepMs) * MS;
  const range = within('time_nanos', firstNanos, firstNanos + stepNanos * BigInt(count - 1));
  const parameters: Parameters = {
    values: [
      listValue(instruments.map((_, i) => i)),
      listValue(instruments.map(({ venue }) => venue)),
      listValue(instruments.map(({ symbol }) => symbol)),
    ],
    types: [LIST(UINTEGER), LIST(VARCHAR), LIST(VARCHAR)],
  };
  const [[quotes] = []] = await readRows(connection, `SELECT count(*)::DOUBLE FROM quotes WHERE ${range}`);
  const step = `(time_nanos - ${firstNanos}) // ${stepNanos} + 1`;
  const asked = 'WITH asked AS (SELECT unnest($1) AS number, unnest($2) AS venue, unnest($3) AS symbol)';
  if (Number(quotes) > MAX_QUOTES_HELD || stepNanos > MAX_STEP_NANOS) {
    const [instrument, steps, mid] = await readColumns(
      connection,
      `${asked} SELECT number, (${step})::UINTEGER AS step, arg_max(${MID_SQL}, time_nanos::HUGEINT * 4294967296 + rowid)
       FROM quotes JOIN asked USING (venue, symbol) WHERE ${range} GROUP BY ALL`,
      ['u32', 'u32', 'f64'],
      parameters,
    );
    return { instrument, step: steps, mid };
  }
  const [instrument, steps, mid, sinceStep, rowIds] = await readColumns(
    connection,
    `${asked} SELECT number, (${step})::UINTEGER, ${MID_SQL}, ((time_nanos - ${firstNanos}) % ${stepNanos})::DOUBLE, quotes.rowid::DOUBLE
     FROM quotes JOIN asked USING (venue, symbol) WHERE ${range}`,
    ['u32', 'u32', 'f64', 'f64', 'f64'],
    parameters,
  );
  return newestOfEach(
    { instrument, step: steps, mid },
    { sinceStep, rowIds },
    { rows: instruments.length * count, count },
  );
}

/** Time within a step is a double, exact up to here. */
const MAX_STEP_NANOS = BigInt(Number.MAX_SAFE_INTEGER);

/** Mostly in order of time already. Of equal stamps the one that is stored last counts. */
function newestOfEach(
  { instrument, step, mid }: Newest,
  { sinceStep, rowIds }: { readonly sinceStep: Float64Array; readonly rowIds: Float64Array },
  { rows, count }: { readonly rows: number; readonly count: number },
): Newest {
  const newest = new Float64Array(rows).fill(-1);
  const newestRow = new Float64Array(rows).fill(-1);
  let kept = 0;
  for (let row = 0; row < mid.length; row++) {
    const at = (instrument[row] as number) * count + (step[row] as number);
    const [since, last] = [sinceStep[row] as number, newest[at] as number];
    if (since < last || (since === last && (rowIds[row] as number) < (newestRow[at] as number))) continue;
    newest[at] = since;
    newestRow[at] = rowIds[row] as number;
    [instrument[kept], step[kept], mid[kept]] = [instrument[row] as number, step[row] as number, mid[row] as number];
    kept++;
  }
  return {
    instrument: instrument.subarray(0, kept),
    step: step.subarray(0, kept),
    mid: mid.subarray(0, kept),
  };
}

/** As `midOf`: NaN, not NULL, where a side is missing or the book is crossed, because such a book has no mid. */
const MID_SQL = `CASE WHEN bid > 0 AND ask > 0 AND bid <= ask THEN (bid + ask) / 2 ELSE 'NaN'::DOUBLE END`;
