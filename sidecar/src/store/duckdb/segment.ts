/**
 * Segments: closed spans of a table as Parquet files beside the database, sorted by series and time. The database names
 * them, so a file counts from the transaction on that takes its rows out of the table. A reader sees both as one relation.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { LEVELS } from '../level.ts';
import { windowTable } from './fold.ts';
import type { LateSamples } from './late-samples.ts';
import { segmentFolder } from './segment-folder.ts';
import { quoted, readRows, transaction } from './sql.ts';

export interface Segment {
  readonly file: string;
  readonly relation: string;
  /** Stamps of its rows: inclusive, exclusive. */
  readonly fromNanos: bigint;
  readonly toNanos: bigint;
  readonly rowCount: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Greater than of those that were named before. */
  readonly age: number;
}

/** A table whose closed spans become segments. */
export interface Sealable {
  readonly relation: string;
  readonly timeColumn: 'time_nanos' | 'start_nanos';
  /** Length of a span; a busy one is split until its rows are few enough to leave at once. */
  readonly spanSeconds: number;
  /** The files of such a span are merged into one when it is closed. */
  readonly mergedSeconds: number;
  /** Rows of a Parquet row group: a series' rows lie in one or two of them, and that much is read for them. */
  readonly groupRows: number;
  /** Of Parquet pages. Lists of buckets shrink as little by zstd as by lz4 (6 % apart), which costs a third less to read. */
  readonly codec: 'zstd' | 'lz4';
}

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** Tables are in order of time and slow to read one series from, so spans leave them soon; files are merged later. */
const WINDOW_SPANS = { '1s': HOUR, '10s': 2 * HOUR, '1m': 6 * HOUR, '1h': 7 * DAY } as const;
/** Long enough that three years are some hundred files, short enough that retention frees space steadily. */
const MERGED_SPANS = { '1s': 6 * HOUR, '10s': DAY, '1m': 7 * DAY, '1h': 28 * DAY } as const;
const NUMBERS = { groupRows: 61_440, codec: 'zstd' } as const;
/** Lists of buckets make rows long. */
const HISTOGRAMS = { groupRows: 16_384, codec: 'lz4' } as const;

const RAW = { timeColumn: 'time_nanos', spanSeconds: HOUR, mergedSeconds: HOUR } as const;

export const SEALABLE: readonly Sealable[] = [
  { relation: 'samples', ...RAW, ...NUMBERS },
  { relation: 'histogram_samples', ...RAW, ...HISTOGRAMS },
  ...LEVELS.flatMap((level) =>
    (['value', 'distribution'] as const).map((kind): Sealable => {
      return {
        relation: windowTable(kind, level),
        timeColumn: 'start_nanos',
        spanSeconds: WINDOW_SPANS[level],
        mergedSeconds: MERGED_SPANS[level],
        ...(kind === 'value' ? NUMBERS : HISTOGRAMS),
      };
    }),
  ),
];

/** The segments of one database, kept in memory, because every read asks. */
export class SegmentList {
  readonly #folder: string;
  readonly #late: LateSamples | undefined;
  #segments: readonly Segment[] = [];
  #changes = 0;
  #change: Promise<void> | undefined;
  #endChange: () => void = () => undefined;

  /** `late`: samples that are no windows yet, which readers are to find at every level. */
  constructor(databasePath: string, late?: LateSamples) {
    this.#late = late;
    this.#folder = resolve(segmentFolder(databasePath));
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  pathOf(file: string): string {
    return join(this.#folder, file);
  }

  async load(connection: DuckDBConnection): Promise<void> {
    const rows = await readRows(
      connection,
      `SELECT file, relation, from_nanos, to_nanos, row_count, bytes, sha256, rowid FROM segments ORDER BY from_nanos, file`,
    );
    this.#segments = rows.map(([file, relation, fromNanos, toNanos, rowCount, bytes, sha256, age]) => ({
      file: file as string,
      relation: relation as string,
      fromNanos: fromNanos as bigint,
      toNanos: toNanos as bigint,
      rowCount: Number(rowCount),
      bytes: Number(bytes),
      sha256: sha256 as string,
      age: Number(age),
    }));
  }

  /** Commits what moves rows to another file, and names the files anew; readers wait for the list, or read again. */
  async commitChange(connection: DuckDBConnection, work: () => Promise<void>): Promise<void> {
    try {
      await transaction(connection, async () => {
        await work();
        this.beginChange();
      });
      await this.load(connection);
    } catch (error) {
      // It may be in the file all the same; where that cannot be asked, it is when the file is opened anew.
      await this.load(connection).catch(() => undefined);
      throw error;
    } finally {
      this.endChange();
    }
  }

  /**
   * Between a commit that moves rows to another file and the list that names it, a reader would miss those rows or see them
   * twice. Called before that commit; `endChange` follows in any case.
   */
  beginChange(): void {
    this.#changes++;
    this.#change = new Promise((resolve) => (this.#endChange = resolve));
  }

  /** Without effect when nothing had begun. */
  endChange(): void {
    if (this.#change === undefined) return;
    this.#changes++;
    this.#change = undefined;
    this.#endChange();
  }

  /** Reads between changes: again when one began meanwhile. `read` asks the list and the tables. */
  async readSettled<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.#change;
      const changes = this.#changes;
      const result = await read();
      if (this.#changes === changes) return result;
    }
  }

  /**
   * What to read a table from for stamps in [from, to): the table alone, or with its segments. Both have a column
   * `arrival` that orders rows of equal stamps as they came.
   */
  readonly relation: RelationOf = (relation, from, to) => {
    const within = this.#segments.filter(
      (segment) => segment.relation === relation && segment.fromNanos < to && segment.toNanos > from,
    );
    const files = within.toSorted((a, b) => a.age - b.age).map(({ file }) => quoted(this.pathOf(file)));
    const late = this.#late?.relation(relation, from, to);
    const table = `SELECT *, rowid + ${AFTER_SEGMENTS} AS arrival FROM ${relation}${late === undefined ? '' : ` UNION ALL ${late}`}`;
    if (files.length === 0) return `(${table})`;
    const source = `read_parquet([${files.join()}], file_row_number = true`;
    if (!overlap(within)) {
      return `(SELECT * EXCLUDE (file_row_number), file_row_number AS arrival FROM ${source}) UNION ALL ${table})`;
    }
    // Equal stamps may lie in several files.
    return `(SELECT * EXCLUDE (file_row_number, filename),
        (list_position([${files.join()}], filename) - 1) * ${ROWS_OF_A_FILE}::BIGINT + file_row_number AS arrival
      FROM ${source}, filename = true) UNION ALL ${table})`;
  };
}

export type RelationOf = (relation: string, from: bigint, to: bigint) => string;

/** Which series, and what their tables are read from. */
export interface ReadSource {
  readonly ids: readonly number[];
  readonly relation: RelationOf;
}

/** Whether spans of files overlap, as they do when late rows were sealed on their own. */
function overlap(segments: readonly Segment[]): boolean {
  const inOrder = segments.toSorted((a, b) => (a.fromNanos < b.fromNanos ? -1 : 1));
  return inOrder.some(({ toNanos }, i) => toNanos > (inOrder[i + 1]?.fromNanos ?? toNanos));
}

/** More than a file has, and more than 16,000 files have: what is in the table came later. */
const [ROWS_OF_A_FILE, AFTER_SEGMENTS] = [2 ** 26, 2 ** 40];

export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
