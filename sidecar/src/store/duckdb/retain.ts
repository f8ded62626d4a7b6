/**
 * Deletes what is older than its retention, in portions that fit the engine's memory, each with the horizon that readers go
 * by in one transaction. Before raw samples of gauges and counters go, their 1 s windows are made. DuckDB reuses the space of
 * deleted rows after a checkpoint.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EVENT_TABLES } from '@tapewatch/contract';
import { LEVELS, LEVEL_SECONDS, type Level } from '../level.ts';
import { cutoffsUntil, GRID_SECONDS, type Cutoffs, type Horizon } from '../retention.ts';
import { relationOf } from './event-columns.ts';
import { countBySecond, nanosAt, windowTable } from './fold.ts';
import { foldSlices } from './fold-slice.ts';
import { insertRawWindows } from './raw-windows.ts';
import { OPEN_TRANSITIONS } from './read-recovery.ts';
import { readRows, transaction, within } from './sql.ts';
import { writeMarks } from './write-batch.ts';

/** Spans of a busy table become narrower: each of these seconds is made of whole ones of the next. */
export const WIDTHS = [
  31_449_600, 2_419_200, 604_800, 86_400, 21_600, 7_200, 3_600, 1_800, 900, 300, 60, 20, 10, 5, 1,
] as const;
const HORIZONS = ['raw', ...LEVELS] as const;

export function horizonMark(level: Level | 'raw'): string {
  return `__horizon_${level}`;
}

export async function readHorizon(connection: DuckDBConnection): Promise<Horizon> {
  const rows = await readRows(
    connection,
    `SELECT log, sequence FROM positions WHERE log LIKE '\\_\\_horizon%' ESCAPE '\\'`,
  );
  const marks = new Map(rows.map(([name, seconds]) => [name as string, Number(seconds)]));
  return Object.fromEntries(HORIZONS.map((level) => [level, marks.get(horizonMark(level)) ?? 0])) as unknown as Horizon;
}

export function writeHorizon(connection: DuckDBConnection, horizon: Horizon): Promise<void> {
  return writeMarks(
    connection,
    HORIZONS.map((level) => [horizonMark(level), horizon[level]] as const),
  );
}

interface Expiring {
  readonly relation: string;
  readonly timeColumn: 'time_nanos' | 'start_nanos';
  readonly beforeNanos: bigint;
  /** Cutoffs of this table are whole multiples. */
  readonly gridSeconds: number;
}

/** The tables that may be long. */
function expiring({ horizon, events }: Cutoffs): Expiring[] {
  const raw = { timeColumn: 'time_nanos', beforeNanos: nanosAt(horizon.raw), gridSeconds: GRID_SECONDS.raw } as const;
  return [
    { relation: 'samples', ...raw },
    { relation: 'histogram_samples', ...raw },
    ...LEVELS.flatMap((level) =>
      (['value', 'distribution'] as const).map((kind): Expiring => {
        const beforeNanos = nanosAt(horizon[level] - LEVEL_SECONDS[level]) + 1n;
        const gridSeconds = GRID_SECONDS[level];
        return { relation: windowTable(kind, level), timeColumn: 'start_nanos', beforeNanos, gridSeconds };
      }),
    ),
    ...EVENT_TABLES.map((table): Expiring => {
      return { relation: relationOf(table), timeColumn: 'time_nanos', beforeNanos: events[table], gridSeconds: 1 };
    }),
  ];
}

function expiredRows({ relation, timeColumn, beforeNanos }: Expiring): string {
  return `${relation} WHERE ${timeColumn} < ${beforeNanos}::BIGINT`;
}

/**
 * What of the cutoffs to go by first, so that about `maxRows` rows go at once: a store that stood still over a weekend has more
 * than the engine can delete in a transaction. The cutoffs themselves when it is all of them.
 */
export async function firstCutoffs(connection: DuckDBConnection, cutoffs: Cutoffs, maxRows: number): Promise<Cutoffs> {
  const countOf = async (some: Cutoffs): Promise<number> => {
    const counts = expiring(some).map((one) => `(SELECT count(*) FROM ${expiredRows(one)})`);
    const [row] = await readRows(connection, `SELECT ${counts.join(' + ')}`);
    return Number(row?.[0] ?? 0);
  };
  if ((await countOf(cutoffs)) <= maxRows) return cutoffs;
  const oldest = await oldestOf(connection, expiring(cutoffs));
  let first = cutoffs;
  if (oldest === undefined) return first;
  for (const width of WIDTHS.filter((seconds) => seconds % oldest.gridSeconds === 0)) {
    first = cutoffsUntil(cutoffs, (Math.floor(oldest.second / width) + 1) * width);
    if ((await countOf(first)) <= maxRows) break;
  }
  return first;
}

/** Of rows that are to go: within their oldest hour, the oldest of the finest grid. */
async function oldestOf(
  connection: DuckDBConnection,
  tables: readonly Expiring[],
): Promise<{ readonly second: number; readonly gridSeconds: number } | undefined> {
  const each = tables.map(
    (one) => `SELECT min(${one.timeColumn}) AS oldest, ${one.gridSeconds} FROM ${expiredRows(one)}`,
  );
  const [row] = await readRows(
    connection,
    `SELECT oldest, grid FROM (${each.join(' UNION ALL ')}) AS found(oldest, grid)
     WHERE oldest IS NOT NULL ORDER BY oldest // 3600000000000, grid, oldest LIMIT 1`,
  );
  return row && { second: Number((row[0] as bigint) / 1_000_000_000n), gridSeconds: Number(row[1]) };
}

/** Deletes what is older, and writes the horizon. Returns rows removed. */
export function retainRows(connection: DuckDBConnection, cutoffs: Cutoffs): Promise<number> {
  const { horizon, transitions } = cutoffs;
  const tables = expiring(cutoffs);
  const deletions = [
    ...tables.map(expiredRows),
    `distribution_checkpoints WHERE until_nanos < (
       SELECT max(until_nanos) FROM distribution_checkpoints WHERE until_nanos <= ${nanosAt(horizon['1h'])}::BIGINT)`,
    `transitions WHERE time_nanos < ${transitions}::BIGINT AND rowid NOT IN (${OPEN_TRANSITIONS})`,
  ];
  return transaction(connection, async () => {
    await makeSecondWindows(connection, `samples WHERE time_nanos < ${nanosAt(horizon.raw)}::BIGINT`);
    let removed = 0;
    for (const deletion of deletions) removed += (await connection.run(`DELETE FROM ${deletion}`)).rowsChanged;
    await writeMarks(
      connection,
      HORIZONS.map((level) => [horizonMark(level), horizon[level]] as const),
    );
    return removed;
  });
}

/**
 * Rows that came after their retention: what stands for them are their windows, at once, since readers look for nothing
 * else before the horizon.
 */
export function absorbExpired(connection: DuckDBConnection, { raw }: Horizon): Promise<void> {
  return transaction(connection, () => absorbExpiredRows(connection, raw));
}

/** As `absorbExpired`, inside the caller's transaction. */
export async function absorbExpiredRows(connection: DuckDBConnection, rawSeconds: number): Promise<void> {
  const expired = `samples WHERE time_nanos < ${nanosAt(rawSeconds)}::BIGINT`;
  await makeSecondWindows(connection, expired);
  await connection.run(`DELETE FROM ${expired}`);
}

/** Raw samples that become windows at once; with little memory the engine can group no more. */
const MAX_GROUPED_ROWS = 250_000;

/** Of raw samples that are about to go. The wider windows have the exact increases. */
export async function makeSecondWindows(connection: DuckDBConnection, source: string): Promise<void> {
  const counts = await countBySecond(connection, `FROM ${source}`, 'time_nanos');
  for (const { from, to } of foldSlices(counts, 1, MAX_GROUPED_ROWS).flat()) {
    const slice = `${source} AND ${within('time_nanos', nanosAt(from), nanosAt(to))}`;
    await insertRawWindows(connection, { source: slice, level: '1s', revised: false });
  }
}
