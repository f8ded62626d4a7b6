/**
 * From a mark on a chart to what is behind it. The field `order_id` of an exemplar gets a link that opens the order's steps
 * in Explore; a field that the settings name, such as `trace_id`, opens its trace in another data source or at an address
 * (`exemplarTraceIdDestinations`, as in Grafana's Prometheus data source). Links are made in the browser, because only
 * the browser knows the data sources.
 */
import type { DataFrame, DataLink, DataQueryResponse, Field } from '@grafana/data';
import type { TraceDestination } from '@tapewatch/contract';
import type { TapewatchQuery } from './query.ts';

/** As Grafana's time series panel knows a frame of exemplars. */
const EXEMPLAR = 'exemplar';
const ORDER_FIELD = 'order_id';
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

export function withExemplarLinks(response: DataQueryResponse, own: LinkTarget, traces: TraceLinks): DataQueryResponse {
  if (!response.data.some((frame: DataFrame) => frame.name === EXEMPLAR)) return response;
  const linked = (field: Field): Field => {
    const links = linksOf(field.name, own, traces);
    return links.length === 0 ? field : { ...field, config: { ...field.config, links } };
  };
  return {
    ...response,
    data: response.data.map((frame: DataFrame) =>
      frame.name === EXEMPLAR ? { ...frame, fields: frame.fields.map(linked) } : frame,
    ),
  };
}

function linksOf(field: string, own: LinkTarget, { destinations, sourceOf }: TraceLinks): DataLink[] {
  const links: DataLink[] = field === ORDER_FIELD ? [orderLink(own) as DataLink] : [];
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

function orderLink({ uid, name }: LinkTarget): DataLink<TapewatchQuery> {
  const query: TapewatchQuery = { refId: 'A', queryType: 'events', table: 'orders', orderId: RAW };
  return { title: 'Steps of this order', url: '', internal: { query, datasourceUid: uid, datasourceName: name } };
}

/** One trace by its id: Tempo asks for a language, Jaeger and Zipkin take the id as the query. */
function traceQuery(type: string): { refId: string; query: string; queryType?: string } {
  const query = { refId: 'A', query: RAW };
  return type === 'tempo' ? { ...query, queryType: 'traceql' } : query;
}
