/**
 * The ladder of a store file: the open windows in memory, the marks of every level, and the folds into wider levels.
 * After a failed transaction nobody knows what memory and file have in common, so the windows are rebuilt from the file
 * before the next one.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { KindCodes, Ladder, RawRows, SealedWindows } from '@tapewatch/core';
import { NO_MARKS, type Marks } from '../level.ts';
import { DAY_SECONDS, dueFolds, lastCheckpoint, runCheckpoint, runFold } from './fold.ts';
import { readMarks, restoreLadder } from './restore-ladder.ts';
import { transaction } from './sql.ts';
import { writeMarks } from './write-batch.ts';
import { markName } from './write-windows.ts';

export class StoreLadder {
  #ladder: Ladder | undefined;
  #marks: Marks = NO_MARKS;
  #checkedDay = 0;

  /** What is committed. */
  get marks(): Marks {
    return this.#marks;
  }

  /** Rebuilds what memory holds from the file. */
  async load(connection: DuckDBConnection, kinds: KindCodes): Promise<void> {
    this.#marks = await readMarks(connection);
    this.#ladder = await restoreLadder(connection, { marks: this.#marks, kinds, nowSeconds: nowSeconds() });
  }

  forget(): void {
    this.#ladder = undefined;
  }

  /** Takes rows in and yields what they seal, for the transaction that stores both. */
  async feed(connection: DuckDBConnection, rows: RawRows, kinds: KindCodes): Promise<SealedWindows> {
    if (this.#ladder === undefined) await this.load(connection, kinds);
    return (this.#ladder as Ladder).feed(rows, kinds, nowSeconds());
  }

  async tick(connection: DuckDBConnection, kinds: KindCodes, atSeconds: number): Promise<SealedWindows> {
    if (this.#ladder === undefined) await this.load(connection, kinds);
    return (this.#ladder as Ladder).tick(atSeconds);
  }

  /** After the commit: the first rungs stand there, and the wider levels follow, a transaction each. */
  async committed(connection: DuckDBConnection, { marks }: SealedWindows): Promise<void> {
    this.#raise('value', '10s', marks.valuesSeconds);
    this.#raise('distribution', '1s', marks.distributionsSeconds);
    await this.catchUp(connection);
  }

  async catchUp(connection: DuckDBConnection): Promise<void> {
    for (const kind of ['value', 'distribution'] as const) {
      for (const fold of dueFolds(kind, this.#marks[kind])) {
        await transaction(connection, async () => {
          await runFold(connection, fold);
          await writeMarks(connection, [[markName(kind, fold.level), fold.to]]);
        });
        this.#raise(kind, fold.level, fold.to);
      }
    }
    await this.#checkpoint(connection);
  }

  /** Cumulates a day when its last hour is sealed. */
  async #checkpoint(connection: DuckDBConnection): Promise<void> {
    const day = Math.floor(this.#marks.distribution['1h'] / DAY_SECONDS) * DAY_SECONDS;
    if (day === this.#checkedDay) return;
    await transaction(connection, async () => {
      const from = await lastCheckpoint(connection, day);
      if (from < day) await runCheckpoint(connection, { from, to: day });
    });
    this.#checkedDay = day;
  }

  #raise<K extends keyof Marks>(kind: K, level: keyof Marks[K], to: number): void {
    const marks = this.#marks[kind];
    if (to > (marks[level as keyof typeof marks] as number)) {
      this.#marks = { ...this.#marks, [kind]: { ...marks, [level]: to } };
    }
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
