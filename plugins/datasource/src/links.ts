/**
 * From an id to what is behind it. A mark on a chart and each row that names an order lead to the order's path and steps in
 * Explore, ids of correlations and traces to their path; a label of an exemplar that the settings name, such as `trace_id`,
 * opens its trace in another data source or at an address (`exemplarTraceIdDestinations`, as in Grafana's Prometheus data
 * source). Links are made in the browser, because only the browser knows the data sources.
 */
import type { DataFrame, DataLink, DataQueryResponse, Field } from '@grafana/data';
import type { TraceDestination } from '@tapewatch/contract';
import type { TapewatchQuery } from './query.ts';

/** As Grafana's time series panel knows a frame of exemplars. */
const EXEMPLAR = 'exemplar';
/** Columns of events and of SQL, labels of exemplars; by the part of a trace query that takes them. */
const IDS: Readonly<Record<string, 'orderId' | 'correlationId' | 'traceId'>> = {
  order_id: 'orderId',
  orderId: 'orderId',
  correlation_id: 'correlationId',
  correlationId: 'correlationId',
  traceId: 'traceId',
};
const RAW = '${__value.raw}';

export interface LinkTarget {
  readonly uid: string;
  readonly name: string;
}

export interface TraceLinks {
  readonly destinations: readonly TraceDestination[];
  /** Undefined for a data source that does not exist, or that the user may not see. */
  readonly sourceOf: (uid: string) => { readonly name: string; readonly type: string } | undefined;
}

export function withLinks(response: DataQueryResponse, own: LinkTarget, traces: TraceLinks): DataQueryResponse {
  return { ...response, data: response.data.map((frame: DataFrame) => linkedFrame(frame, own, traces)) };
}

/** A frame without ids is handed on as it is. */
function linkedFrame(frame: DataFrame, own: LinkTarget, traces: TraceLinks): DataFrame {
  const found = frame.fields.map(({ name }) => [
    ...ownLinks(name, own),
    ...(frame.name === EXEMPLAR ? settingsLinks(name, traces) : []),
  ]);
  if (found.every((links) => links.length === 0)) return frame;
  const linked = (field: Field, index: number): Field => {
    const links = found[index] ?? [];
    return links.length === 0 ? field : { ...field, config: { ...field.config, links } };
  };
  return { ...frame, fields: frame.fields.map(linked) };
}

function ownLinks(field: string, { uid, name }: LinkTarget): DataLink[] {
  const id = IDS[field];
  if (id === undefined) return [];
  const link = (title: string, query: Partial<TapewatchQuery>): DataLink => {
    const internal = { query: { refId: 'A', ...query }, datasourceUid: uid, datasourceName: name };
    return { title, url: '', internal };
  };
  const path = link(id === 'orderId' ? 'Path of this order' : 'Path', { queryType: 'trace', [id]: RAW });
  if (id !== 'orderId') return [path];
  return [path, link('Steps of this order', { queryType: 'events', table: 'orders', orderId: RAW })];
}

function settingsLinks(field: string, { destinations, sourceOf }: TraceLinks): DataLink[] {
  const links: DataLink[] = [];
  for (const { name, datasourceUid = '', url = '', urlDisplayLabel = '' } of destinations) {
    if (name !== field) continue;
    const source = datasourceUid === '' ? undefined : sourceOf(datasourceUid);
    if (source !== undefined) {
      const internal = { query: traceQuery(source.type), datasourceUid, datasourceName: source.name };
      links.push({ title: urlDisplayLabel || `Trace in ${source.name}`, url: '', internal });
    }
    if (url !== '') links.push({ title: urlDisplayLabel || `Go to ${url}`, url, targetBlank: true });
  }
  return links;
}

/** One trace by its id: Tempo asks for a language, Jaeger and Zipkin take the id as the query. */
function traceQuery(type: string): { refId: string; query: string; queryType?: string } {
  const query = { refId: 'A', query: RAW };
  return type === 'tempo' ? { ...query, queryType: 'traceql' } : query;
}
