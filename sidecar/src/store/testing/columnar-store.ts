/** A store that is given the events of a batch as columns wherever there are columns for them, as the pipeline does. */
import type { EventRow, TradingEvent } from '@tapewatch/core';
import { EventColumns } from '../../pipeline/event-columns.ts';
import { BATCHED_TABLES, type BatchedTable, type ColumnBatch, type EventBatch, type Store } from '../../ports.ts';

export function columnar(store: Store): Store {
  return new Proxy(store, {
    get: (target, name: keyof Store) =>
      name === 'append'
        ? (batch: ColumnBatch) => target.append(inColumns(batch))
        : (target[name] as (...values: unknown[]) => unknown).bind(target),
  });
}

function inColumns(batch: ColumnBatch): ColumnBatch {
  const events = batch.events.filter((row) => !hasColumns(row));
  const eventBatches = BATCHED_TABLES.flatMap((table) => {
    const rows = batch.events.filter((row) => row.table === table && hasColumns(row));
    return rows.length === 0 ? [] : [eventBatchOf(table, rows as TradingEvent[])];
  });
  return { ...batch, events, eventBatches };
}

export function eventBatchOf(table: BatchedTable, rows: readonly TradingEvent[]): EventBatch {
  const columns = new EventColumns(table);
  for (const row of rows) columns.add(row);
  return columns.take();
}

function hasColumns(row: EventRow): boolean {
  return (BATCHED_TABLES as readonly string[]).includes(row.table);
}
