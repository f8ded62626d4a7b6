/**
 * A query that failed, as a row. Grafana says of a table or of a single figure without rows what the panel says of "nothing
 * there" ("Nothing is pending or firing", 0), and tells of the failure in the panel's corner only: nobody who is looking for
 * trouble should read that all is well because nothing could be asked. Charts stay empty, which is no claim. Pure.
 */
import type { DataFrame, DataQueryResponse, FieldType } from '@grafana/data';

/** Name of the column; the boards let it through where they choose columns. */
export const FAILURE = 'query failed';

/** `panel`: what the answer is for, by the id of its plugin; undefined outside a dashboard. */
export function withFailure(response: DataQueryResponse, panel: string | undefined): DataQueryResponse {
  const message = (response.errors?.[0] ?? response.error)?.message;
  const isTold = message === undefined || response.data.length > 0;
  if (isTold || (panel !== 'table' && panel !== 'stat')) return response;
  return { ...response, data: [failureFrame(message)] };
}

function failureFrame(message: string): DataFrame {
  // A figure that counts rows counts this one.
  const config = { mappings: [{ type: 'value' as never, options: { 1: { text: 'failed', color: 'red' } } }] };
  return { length: 1, fields: [{ name: FAILURE, type: 'string' as FieldType, config, values: [message] }] };
}
