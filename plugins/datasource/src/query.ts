/**
 * The query as Grafana stores it: the documents of `@tapewatch/contract` laid flat, so that fields of one query type
 * survive a look at another. Only types come from the contract (its schemas would weigh 93 KB); a test parses what is
 * built here with the schemas. Pure.
 */
import type { DataQuery } from '@grafana/schema';
import type { QueryType, TapewatchQueryInput } from '@tapewatch/contract';
import { carried, FIELDS, LABELS, type Values } from './document.ts';

/** Dimensions that a trading query can be filtered by. */
export const FILTER_DIMENSIONS = ['strategy', 'venue', 'symbol', 'account'] as const;
export type FilterDimension = (typeof FILTER_DIMENSIONS)[number];

type Document = TapewatchQueryInput;
type KeyOf<D> = D extends unknown ? Exclude<keyof D, 'queryType'> : never;
type ValueOf<D, K extends PropertyKey> = D extends { [key in K]?: infer V } ? V : never;

/** The field of whichever documents have it. */
export type DocumentFields = { [K in KeyOf<Document>]?: ValueOf<Document, K> };
export type PromqlFormat = NonNullable<Extract<Document, { queryType: 'promql' }>['format']>;

export interface TapewatchQuery extends DataQuery, DocumentFields {
  queryType?: QueryType;
}

export const QUERY_TYPES = Object.keys(FIELDS) as readonly QueryType[];

/** Grafana's own envelope. */
const ENVELOPE = ['refId', 'hide', 'key', 'datasource', 'queryType'] as const;

export const DEFAULT_EXPR = 'histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[$__rate_interval])))';

export const DEFAULT_SQL = 'SELECT venue, count(*) AS fills FROM fills WHERE $__timeFilter(time) GROUP BY ALL';

export function defaultQuery(queryType: QueryType = 'promql'): Partial<TapewatchQuery> {
  if (queryType === 'promql') return { queryType, expr: DEFAULT_EXPR, legendFormat: 'p99 {{venue}}' };
  return queryType === 'sql' ? { queryType, rawSql: DEFAULT_SQL } : { queryType };
}

/** As a new alert rule shows it: nobody has chosen anything yet. */
export function isUntouched(query: TapewatchQuery): boolean {
  return query.queryType === 'promql' && query.expr === DEFAULT_EXPR && query.instant === undefined;
}

/** Empty where the type has no choice; an alert needs numbers. */
export function formatsOf(queryType: QueryType): readonly string[] {
  const fields: Readonly<Record<string, Values>> = FIELDS[queryType];
  return (fields['format'] ?? []) as readonly string[];
}

/** Which tables can be asked for the rows of one order. */
export function namesOrders({ table = 'orders' }: Pick<TapewatchQuery, 'table'>): boolean {
  return table === 'orders' || table === 'fills';
}

/** The document that is sent: the fields of its type, without values that only another type's field of that name has. */
export function toDocument(query: TapewatchQuery): TapewatchQuery {
  const type = query.queryType ?? 'promql';
  const stored = query as unknown as Readonly<Record<string, unknown>>;
  const document: Record<string, unknown> = {};
  for (const key of ENVELOPE) if (stored[key] !== undefined) document[key] = stored[key];
  document['queryType'] = type;
  for (const key of Object.keys(FIELDS[type])) {
    const value = carried(type, key, stored[key]);
    const belongs = type !== 'events' || key !== 'orderId' || namesOrders(query);
    if (value !== undefined && belongs) document[key] = value;
  }
  return document as unknown as TapewatchQuery;
}

/** False for what must not be sent: hidden, or a text that is empty or nothing but comments. */
export function isRunnable(query: TapewatchQuery): boolean {
  if (query.hide === true) return false;
  const type = query.queryType ?? 'promql';
  if (type === 'sql') return (query.rawSql ?? '').replace(/--.*$/gm, '').trim() !== '';
  if (type === 'trace') return [query.orderId, query.correlationId, query.traceId].some((id) => (id ?? '') !== '');
  if (type !== 'promql') return true;
  return (query.expr ?? '').replace(/^\s*#.*$/gm, '').trim() !== '';
}

/** For query history and lists. */
export function displayText(query: TapewatchQuery): string {
  const type = query.queryType ?? 'promql';
  const { expr = '', rawSql = '', state = 'active', table = 'orders' } = query;
  if (type === 'promql') return expr;
  if (type === 'sql') return rawSql;
  const ids = type === 'trace' || (type === 'events' && namesOrders(query)) ? orderText(query) : '';
  if (type === 'alerts') return `${LABELS.alerts}: ${state}`;
  if (type === 'events') return `${LABELS.events}: ${table}${ids}`;
  const by =
    'by' in FIELDS[type]
      ? ((carried(type, 'by', query.by) as readonly string[] | undefined) ?? DEFAULT_BY[type])
      : undefined;
  const filters = Object.entries(query.filters ?? {}).filter(([, values]) => (values?.length ?? 0) > 0);
  const where = filters.map(([name, values]) => `${name} ${values?.join(' or ')}`).join(', ');
  return `${LABELS[type]}${by === undefined || by.length === 0 ? '' : ` by ${by.join(', ')}`}${where === '' ? '' : ` for ${where}`}${ids}`;
}

/** What the contract groups by where nothing is said. */
const DEFAULT_BY: Partial<Record<QueryType, readonly string[]>> = {
  ...{ pnl: ['strategy', 'venue'], slippage: ['strategy', 'venue'], execution: ['strategy', 'venue'] },
  ...{ performance: ['strategy'], markouts: ['venue'], impact: ['symbol'] },
};

function orderText({ orderId = '', correlationId = '', traceId = '' }: TapewatchQuery): string {
  const id = orderId || correlationId || traceId;
  return id === '' ? '' : ` of ${orderId === '' ? '' : 'order '}${id}`;
}

/** Keeps every field and changes the type: text is never lost, `toDocument` leaves out what does not belong. */
export function withQueryType(query: TapewatchQuery, queryType: QueryType): TapewatchQuery {
  // What is typed starts with an example where nothing was. Grafana would send that of PromQL, too: it fills empty queries.
  if (queryType === 'sql') return { rawSql: DEFAULT_SQL, ...query, queryType };
  if (queryType === 'promql' && query.expr === undefined) return { ...defaultQuery(), ...query, queryType };
  return { ...query, queryType };
}
