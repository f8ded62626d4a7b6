/**
 * A batch in typed arrays and plain objects: what can cross to the store's thread by transfer, and what the appender
 * reads without making rows.
 */
import { histogramColumnsOf, Labels, type LabelPair, type RawRows, type SeriesDefinition } from '@tapewatch/core';
import type { ColumnBatch, EventBatch, EventColumn, TransitionRow } from '../../ports.ts';

/** A series definition or transition whose labels are plain pairs. */
export type PlainSeries = Omit<SeriesDefinition, 'labels'> & { readonly pairs: readonly LabelPair[] };
export type PlainTransition = Omit<TransitionRow, 'labels'> & { readonly pairs: readonly LabelPair[] };

export interface PackedBatch extends RawRows {
  readonly series: readonly PlainSeries[];
  readonly events: ColumnBatch['events'];
  readonly eventBatches: readonly EventBatch[];
  readonly transitions: readonly PlainTransition[];
  readonly positions: ColumnBatch['positions'];
}

/** Copies, so that transferring the result takes nothing away from the owner of the batch, who may have to repeat it. */
export function packBatch(batch: ColumnBatch): PackedBatch {
  const { samples, events, positions } = batch;
  return {
    series: batch.series.map(withPairs),
    samples: {
      seriesIds: samples.seriesIds.slice(),
      seconds: samples.seconds.slice(),
      nanos: samples.nanos.slice(),
      values: samples.values.slice(),
    },
    histograms: packHistograms(batch.histograms),
    events,
    eventBatches: (batch.eventBatches ?? []).map(copied),
    transitions: batch.transitions.map(withPairs),
    positions,
  };
}

function copied(batch: EventBatch): EventBatch {
  const columns = Object.entries(batch.columns).map(([field, column]) => [field, copyOf(column)] as const);
  return { ...batch, columns: Object.fromEntries(columns) };
}

function copyOf(column: EventColumn): EventColumn {
  switch (column.kind) {
    case 'numbers':
      return { ...column, items: column.items.slice() };
    case 'stamps':
      return { ...column, items: column.items.slice(), isNull: column.isNull.slice() };
    case 'counts':
      return { ...column, items: column.items.slice(), isNull: column.isNull.slice() };
    case 'texts':
      return { ...column, codes: column.codes.slice() };
    case 'ids':
      return column;
  }
}

export function packHistograms(rows: ColumnBatch['histograms']): RawRows['histograms'] {
  return {
    seriesIds: Uint32Array.from(rows, ({ seriesId }) => seriesId),
    seconds: Uint32Array.from(rows, ({ seconds }) => seconds),
    nanos: Uint32Array.from(rows, ({ nanos }) => nanos),
    histograms: histogramColumnsOf(rows.map(({ histogram }) => histogram)),
  };
}

/** The buffers of every column, for the transfer list of a message. */
export function buffersOf({ samples, histograms, eventBatches }: PackedBatch): ArrayBuffer[] {
  return buffersIn([samples, histograms, eventBatches]);
}

/** The buffers of all typed arrays in plain records, each once. */
export function buffersIn(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (item: unknown): void => {
    if (ArrayBuffer.isView(item)) found.add(item.buffer as ArrayBuffer);
    else if (typeof item === 'object' && item !== null) Object.values(item).forEach(visit);
  };
  visit(value);
  return [...found];
}

export function withPairs<T extends { readonly labels: Labels }>(
  row: T,
): Omit<T, 'labels'> & { pairs: readonly LabelPair[] } {
  const { labels, ...rest } = row;
  return { ...rest, pairs: labels.pairs };
}

export function withLabels<T extends { readonly pairs: readonly LabelPair[] }>(
  row: T,
): Omit<T, 'pairs'> & { labels: Labels } {
  const { pairs, ...rest } = row;
  return { ...rest, labels: Labels.from(pairs) };
}
