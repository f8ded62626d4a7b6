/**
 * Samples of gauges and counters read as they are stored and put in order here, which takes less than half of the time that
 * the engine needs to sort or group them. Of a query whose steps are wider than samples stay in sight, only what is in
 * sight of a step is read.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { SelectRequest } from '@tapewatch/core';
import { LEVEL_SECONDS } from '../level.ts';
import type { ValueSegment } from '../select-plan.ts';
import { nanosAtMs, nanosRange } from '../time-range.ts';
import { arrangeRows, type Steps, type ValueColumns } from './arrange-rows.ts';
import { nanosAt, windowTable } from './fold.ts';
import type { ReadSource } from './segment.ts';
import { seriesIn, within } from './sql.ts';
import { splitStamps } from './stamp-halves.ts';
import { readColumns } from './vector-read.ts';

/** Rows that are arranged here, some 50 bytes each. */
const MAX_PLAIN_ROWS = 1_000_000;
/** Windows that there could be at most: with more, too many rows are too likely to try. */
const MAX_PLAIN_WINDOWS = 20_000_000;

/** Undefined when there are too many rows for it, or all windows of a level are asked for. */
export async function readPlainly(
  connection: DuckDBConnection,
  source: ReadSource,
  { segment, request }: { segment: ValueSegment; request: SelectRequest },
): Promise<ValueColumns | undefined> {
  const steps = stepsOf(request);
  // Rows of one window add up, which only the engine does; but the newest of a step is the newest of its windows.
  if (segment.level !== 'raw' && steps === undefined) return undefined;
  const statement = statementFor(source, segment, request);
  if (statement === undefined) return undefined;
  const [series, stamps, values] = await readColumns(connection, statement, ['u32', 'i64', 'f64']);
  if (series.length > MAX_PLAIN_ROWS) return undefined;
  return arrangeRows({ series, ...splitStamps(stamps), values }, segment, steps);
}

function stepsOf({ newestOfStep, resolutionMs, endMs }: SelectRequest): Steps | undefined {
  if (newestOfStep !== true) return undefined;
  return { endMs: Math.floor(endMs), stepMs: wholeStep(resolutionMs) };
}

function wholeStep(resolutionMs: number): number {
  return resolutionMs === 0 ? 0 : Math.max(1, Math.round(resolutionMs));
}

/** One row more than may be read tells that there are too many. Undefined when there must be. */
function statementFor(
  { ids, relation }: ReadSource,
  { level, startMs, endMs }: ValueSegment,
  request: SelectRequest,
): string | undefined {
  const { from, to } = nanosRange(startMs, endMs);
  const limit = `LIMIT ${MAX_PLAIN_ROWS + 1}`;
  if (level === 'raw') {
    return `SELECT series_id, time_nanos, value FROM ${relation('samples', from, to)}
      WHERE ${seriesIn(ids)} AND ${within('time_nanos', from, to)} ${inSight('time_nanos', request)} ${limit}`;
  }
  const widthMs = LEVEL_SECONDS[level] * 1_000;
  const visible = request.lookbackMs === undefined ? 1 : (request.lookbackMs + widthMs) / request.resolutionMs;
  const mostRows = ((endMs - startMs) / widthMs) * ids.length * Math.min(1, visible);
  if (mostRows > MAX_PLAIN_WINDOWS) return undefined;
  const widthNanos = nanosAt(LEVEL_SECONDS[level]);
  // The stamps of the last samples are looked at here: a filter on a second column takes as long as all of the rest.
  return `SELECT series_id, last_nanos, last
    FROM ${relation(windowTable('value', level), from - widthNanos, to)}
    WHERE ${seriesIn(ids)} AND ${within('start_nanos', from - widthNanos, to)} ${inSight('start_nanos', request, widthMs)}
    ${mostRows > MAX_PLAIN_ROWS ? limit : ''}`;
}

/** A condition for stamps that the end of a step sees, or for starts of windows of a width in which such a stamp may be. */
export function inSight(stamp: string, { lookbackMs, resolutionMs, endMs }: SelectRequest, widthMs = 0): string {
  const stepMs = wholeStep(resolutionMs);
  if (lookbackMs === undefined || lookbackMs + widthMs >= stepMs) return '';
  const end = nanosAtMs(Math.floor(endMs) + 1) - 1n;
  return `AND (${end} - ${stamp}) % ${nanosAtMs(stepMs)} < ${nanosAtMs(lookbackMs + widthMs)}`;
}
