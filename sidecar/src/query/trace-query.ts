/**
 * Answers one order's path as a trace for Grafana's trace view: the spans that name the order or its correlation id, and the
 * steps of the order itself as spans of the service `orders`, so that an order without any instrumentation has a path too.
 * Any of the three ids finds the others. Stamps are milliseconds, as Grafana's trace frames have them.
 */
import type { TraceQuery } from '@tapewatch/contract';
import type { Notice, Table, TableField } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope, StoreReader, TraceRow } from '../ports.ts';
import { emptyTable } from './promql-table.ts';
import { fillsOf, gather, TraceReads } from './trace-read.ts';
import { orderRows, spanRow } from './trace-row.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

export async function runTrace(
  query: TraceQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const { orderId, correlationId, traceId } = query;
  const asked = [orderId, correlationId, traceId].filter((id) => id !== '');
  if (asked.length === 0)
    throw new TapewatchError(
      'query.invalid',
      'orderId, correlationId, traceId: all are empty; a trace needs one of them',
    );
  const range = { startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope) };
  const executedQuery = `trace of ${asked.join(', ')}`;
  const reads = new TraceReads(reader, range, signal);
  const { orders, spans } = await gather(new Set(asked), reads);
  const fills = await fillsOf(orders, reads);
  const rows = [...spans.map(spanRow), ...orderRows(orders, fills, spans)];
  if (rows.length === 0) return [emptyTable('table', executedQuery)];
  const table = emptyTable('table', executedQuery, cutNotices(reads));
  return [{ ...table, name: 'Trace', fields: fieldsOf(rows), visualisation: 'trace' }];
}

function cutNotices(reads: TraceReads): Notice[] {
  const text = reads.notice('shorten the range or ask by the id of the order');
  return text === undefined ? [] : [{ severity: 'warning', text }];
}

function fieldsOf(rows: readonly TraceRow[]): TableField[] {
  const document = (name: 'serviceTags' | 'tags' | 'logs'): TableField => ({
    name,
    type: 'json',
    values: rows.map((row) => JSON.stringify(row[name])),
  });
  const text = (name: keyof TraceRow): TableField => ({
    name,
    type: 'string',
    values: rows.map((row) => String(row[name])),
  });
  const number = (name: 'startTime' | 'duration' | 'statusCode', unit?: string): TableField => ({
    ...{ name, type: 'number', values: rows.map((row) => row[name]) },
    ...(unit === undefined ? {} : { unit }),
  });
  return [
    ...(['traceID', 'spanID', 'parentSpanID', 'operationName', 'serviceName', 'kind'] as const).map(text),
    ...[number('statusCode'), text('statusMessage'), number('startTime'), number('duration', 'ms')],
    ...(['serviceTags', 'tags', 'logs'] as const).map(document),
  ];
}
