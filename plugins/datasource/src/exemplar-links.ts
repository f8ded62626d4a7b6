/**
 * From a mark on a chart to the order behind it: the field `order_id` of an exemplar gets a link that opens the order's
 * steps in Explore. It is made in the browser, because only the browser knows under which name it knows the data source.
 */
import type { DataFrame, DataLink, DataQueryResponse, Field } from '@grafana/data';
import type { TapewatchQuery } from './query.ts';

/** As Grafana's time series panel knows a frame of exemplars. */
const EXEMPLAR = 'exemplar';
const ORDER_FIELD = 'order_id';

export interface LinkTarget {
  readonly uid: string;
  readonly name: string;
}

export function withOrderLinks(response: DataQueryResponse, target: LinkTarget): DataQueryResponse {
  if (!response.data.some((frame: DataFrame) => frame.name === EXEMPLAR)) return response;
  const link = orderLink(target);
  const linked = (field: Field): Field =>
    field.name === ORDER_FIELD ? { ...field, config: { ...field.config, links: [link] } } : field;
  return {
    ...response,
    data: response.data.map((frame: DataFrame) =>
      frame.name === EXEMPLAR ? { ...frame, fields: frame.fields.map(linked) } : frame,
    ),
  };
}

function orderLink({ uid, name }: LinkTarget): DataLink<TapewatchQuery> {
  const query: TapewatchQuery = { refId: 'A', queryType: 'events', table: 'orders', orderId: '${__value.raw}' };
  return { title: 'Steps of this order', url: '', internal: { query, datasourceUid: uid, datasourceName: name } };
}
