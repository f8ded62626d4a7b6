/** The port between the store and the place where users' SQL runs: rows of event tables as files that nobody else writes. */
import type { EventTable } from '@tapewatch/core';

export interface EventExportRequest {
  readonly tables: readonly {
    readonly table: EventTable;
    /** Names as in the file; undefined means all. The stamp is always there. */
    readonly columns: readonly string[] | undefined;
  }[];
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
  /** Of all tables together; past it `query.limit`. */
  readonly maxRows: number;
  /** Of the files; past it `query.limit` too, and where the disk has no room. */
  readonly maxBytes: number;
}

export interface ExportedEvents {
  /** Belongs to whoever asked, who removes it. */
  readonly folder: string;
  readonly rows: number;
  readonly files: readonly { readonly table: EventTable; readonly path: string }[];
}

export interface EventExporter {
  /** Parquet files of a consistent state of the tables. Absent where events are not on disk. */
  exportEvents?(request: EventExportRequest, signal?: AbortSignal): Promise<ExportedEvents>;
}
