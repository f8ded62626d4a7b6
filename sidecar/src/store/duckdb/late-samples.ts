/**
 * Samples that come in bulk for hours that every level has sealed, as a backfill's do. A row of its own in three tables
 * of windows costs several times what the sample costs, so these wait as raw rows in `late_samples` and become windows
 * later, many of a window at once. Until then a reader of any level finds each of them as a window of one sample: rows of
 * one window add up when read.
 */
import { BIGINT, DOUBLE, UINTEGER, type DuckDBConnection } from '@duckdb/node-api';
import { KIND_CODES, type KindCodes, type RawColumns } from '@tapewatch/core';
import { LEVELS, LEVEL_SECONDS } from '../level.ts';
import { nanosAt, windowTable } from './fold.ts';
import { insertRawWindows, IS_SAMPLE } from './raw-windows.ts';
import { absorbExpiredRows } from './retain.ts';
import { sortedBySeries, takenRows } from './series-order.ts';
import { readRows, transaction, within } from './sql.ts';
import { appendPacked } from './vector-append.ts';

/** Fewer of a batch are cheaper as windows at once; then readers have one table less to look at. */
const BULK_ROWS = 1_000;
/** Rows that become windows in one transaction, which other writers wait for about a second. */
const MAX_FOLDED_ROWS = 500_000;
/** More of them are folded although others still come: readers look at every one. */
const MAX_WAITING_ROWS = 5_000_000;
/** What came without an order of its own is after everything in tables and segments. */
const AFTER_TABLES = 2 ** 41;
const END_OF_TIME = 2n ** 63n - 1n;

export class LateSamples {
  readonly #bulkRows: number;
  /** At most so many wait; 0 means none for certain. */
  #rows = 0;
  #grew = false;

  /** `bulkRows`: from so many in a batch on they wait. */
  constructor(bulkRows = BULK_ROWS) {
    this.#bulkRows = bulkRows;
  }

  get rows(): number {
    return this.#rows;
  }

  async load(connection: DuckDBConnection): Promise<void> {
    const [row] = await readRows(connection, 'SELECT count(*) FROM late_samples');
    this.#rows = Number(row?.[0] ?? 0);
  }

  /** What the ladder takes in at once, and what waits: gauges and counters before the stamp, which all levels have sealed. */
  split(samples: RawColumns, kinds: KindCodes, sealedSeconds: number): { prompt: RawColumns; late: RawColumns } {
    const { seriesIds, seconds } = samples;
    const isLate = (row: number): boolean =>
      (seconds[row] as number) < sealedSeconds && kinds[seriesIds[row] as number] !== KIND_CODES.distribution;
    let late = 0;
    for (let row = 0; row < seconds.length; row++) if (isLate(row)) late++;
    // While others wait, a few must wait, too: the later of two rows with one stamp tells the value.
    if (late === 0 || (late < this.#bulkRows && this.#rows === 0)) return { prompt: samples, late: NOTHING };
    if (late === seconds.length) return { prompt: NOTHING, late: samples };
    return {
      prompt: picked(samples, seconds.length - late, (row) => !isLate(row)),
      late: picked(samples, late, isLate),
    };
  }

  /** Inside the transaction of a batch. */
  async write(connection: DuckDBConnection, samples: RawColumns): Promise<void> {
    if (samples.seriesIds.length === 0) return;
    const { seriesIds, stamps, values } = sortedBySeries(samples);
    // Before the commit: a reader that looks for them in vain loses nothing.
    this.#rows += seriesIds.length;
    this.#grew = true;
    const columns = [
      { type: UINTEGER, items: seriesIds },
      { type: BIGINT, items: stamps },
      { type: DOUBLE, items: values },
    ];
    await appendPacked(connection, 'late_samples', { columns, rowCount: seriesIds.length });
  }

  /** Those with stamps in [from, to) as rows of a table, `arrival` included; undefined where the table has no part in them. */
  relation(table: string, from: bigint, to: bigint): string | undefined {
    if (this.#rows === 0) return undefined;
    const arrival = `rowid + ${AFTER_TABLES} AS arrival FROM late_samples`;
    if (table === 'samples') return `SELECT *, ${arrival}`;
    const level = LEVELS.find((candidate) => windowTable('value', candidate) === table);
    if (level === undefined) return undefined;
    const width = nanosAt(LEVEL_SECONDS[level]);
    const end = to > END_OF_TIME - width ? END_OF_TIME : to + width;
    const finite = (otherwise: string): string => `CASE WHEN isfinite(value) THEN value ELSE ${otherwise} END`;
    return `SELECT series_id, time_nanos // ${width} * ${width} AS start_nanos, 1::DOUBLE AS count,
        ${finite('0')} AS sum, ${finite(`'inf'`)} AS min, ${finite(`'-inf'`)} AS max, value AS first,
        time_nanos AS first_nanos, value AS last, time_nanos AS last_nanos, 0::DOUBLE AS increase, true AS revised,
        ${arrival} WHERE ${within('time_nanos', from, end)} AND ${IS_SAMPLE}`;
  }

  /** Whether it is time to make windows of them: nothing came since the last call, or too many wait. */
  isFoldDue(): boolean {
    const isQuiet = !this.#grew;
    this.#grew = false;
    return this.#rows > 0 && (isQuiet || this.#rows > MAX_WAITING_ROWS);
  }

  /**
   * Puts the oldest of them into all levels and among the other raw samples, of which none before `rawSeconds` are kept.
   * Returns how many; Infinity when there are none.
   */
  async fold(connection: DuckDBConnection, rawSeconds: number): Promise<number> {
    const span = await oldestSpan(connection);
    if (span !== undefined) await transaction(connection, () => foldSpan(connection, span, rawSeconds));
    await this.load(connection);
    return span?.rows ?? Infinity;
  }
}

interface Span {
  readonly from: bigint;
  readonly to: bigint;
  readonly rows: number;
}

/** Whole minutes. */
async function oldestSpan(connection: DuckDBConnection): Promise<Span | undefined> {
  const minute = nanosAt(60);
  const minutes = await readRows(
    connection,
    `SELECT time_nanos // ${minute}, count(*) FROM late_samples GROUP BY 1 ORDER BY 1`,
  );
  const [first] = minutes;
  if (first === undefined) return undefined;
  const from = first[0] as bigint;
  let [last, rows] = [from, Number(first[1])];
  for (const [number, count] of minutes.slice(1)) {
    if (rows + Number(count) > MAX_FOLDED_ROWS) break;
    rows += Number(count);
    last = number as bigint;
  }
  return { from: from * minute, to: (last + 1n) * minute, rows };
}

async function foldSpan(connection: DuckDBConnection, { from, to }: Span, rawSeconds: number): Promise<void> {
  const source = `late_samples WHERE ${within('time_nanos', from, to)}`;
  for (const level of LEVELS.slice(1)) await insertRawWindows(connection, { source, level, revised: true });
  await connection.run(`INSERT INTO samples SELECT * FROM ${source} ORDER BY rowid`);
  await connection.run(`DELETE FROM ${source}`);
  if (from < nanosAt(rawSeconds)) await absorbExpiredRows(connection, rawSeconds);
}

const NOTHING: RawColumns = {
  seriesIds: new Uint32Array(0),
  seconds: new Uint32Array(0),
  nanos: new Uint32Array(0),
  values: new Float64Array(0),
};

function picked(samples: RawColumns, rows: number, takes: (row: number) => boolean): RawColumns {
  const numbers = new Uint32Array(rows);
  let size = 0;
  for (let row = 0; row < samples.seconds.length; row++) if (takes(row)) numbers[size++] = row;
  return takenRows(samples, numbers);
}
