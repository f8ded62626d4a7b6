/**
 * The query as Grafana stores it: the documents of `@tapewatch/contract` laid flat, so that fields of one query type
 * survive a look at another. Only types come from the contract (its schemas would weigh 93 KB); a test parses what is
 * built here with the schemas. Pure.
 */
import type { DataQuery } from '@grafana/schema';
import type { QueryType, TapewatchQueryInput, TRADING_DIMENSIONS } from '@tapewatch/contract';

export type TradingDimension = (typeof TRADING_DIMENSIONS)[number];
export const DIMENSIONS: readonly TradingDimension[] = ['strategy', 'venue', 'symbol', 'side', 'account'];

/** Dimensions that a trading query can be filtered by. */
export const FILTER_DIMENSIONS = ['strategy', 'venue', 'symbol', 'account'] as const;
export type FilterDimension = (typeof FILTER_DIMENSIONS)[number];

type Document<T extends QueryType> = Extract<TapewatchQueryInput, { queryType: T }>;
export type PromqlFormat = NonNullable<Document<'promql'>['format']>;
export type EventTableName = NonNullable<Document<'events'>['table']>;
export type AlertState = NonNullable<Document<'alerts'>['state']>;
export type PnlMethod = NonNullable<Document<'pnl'>['method']>;

export interface TapewatchQuery extends DataQuery {
  queryType?: QueryType;
  expr?: string;
  instant?: boolean;
  format?: PromqlFormat;
  legendFormat?: string;
  minStep?: string;
  exemplar?: boolean;
  streaming?: boolean;
  by?: TradingDimension[];
  filters?: Partial<Record<FilterDimension, string[]>>;
  method?: PnlMethod;
  state?: AlertState;
  table?: EventTableName;
  limit?: number;
  orderId?: string;
}

export const QUERY_TYPES: readonly {
  readonly value: QueryType;
  readonly label: string;
  readonly description: string;
}[] = [
  { value: 'promql', label: 'PromQL', description: 'Metrics and latency histograms' },
  { value: 'slippage', label: 'Slippage', description: 'Cost of fills against the mid at order arrival' },
  { value: 'pnl', label: 'P&L', description: 'Profit and loss of the fills in the range' },
  { value: 'alerts', label: 'Alerts', description: "The sidecar's own alerts" },
  { value: 'events', label: 'Events', description: 'Orders, fills, quotes, health results, dead letters' },
];

/** Which fields belong to which document. */
const FIELDS = {
  promql: ['expr', 'instant', 'format', 'legendFormat', 'minStep', 'exemplar', 'streaming'],
  slippage: ['by', 'filters', 'format'],
  pnl: ['by', 'filters', 'method', 'format'],
  alerts: ['state'],
  events: ['table', 'limit', 'orderId'],
} as const satisfies Record<QueryType, readonly (keyof TapewatchQuery)[]>;

/** Grafana's own envelope. */
const ENVELOPE = ['refId', 'hide', 'key', 'datasource', 'queryType'] as const;

export const DEFAULT_EXPR = 'histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[$__rate_interval])))';

export function defaultQuery(queryType: QueryType = 'promql'): Partial<TapewatchQuery> {
  return queryType === 'promql' ? { queryType, expr: DEFAULT_EXPR, legendFormat: 'p99 {{venue}}' } : { queryType };
}

/** Trading queries know a table and a time series, PromQL a heat map as well; an alert needs numbers. */
export function formatsOf(queryType: QueryType): readonly PromqlFormat[] {
  return queryType === 'promql' ? ['time_series', 'table', 'heatmap'] : ['table', 'time_series'];
}

/** The document that is sent: the fields of its type, and nothing of the others. */
export function toDocument(query: TapewatchQuery): TapewatchQuery {
  const type = query.queryType ?? 'promql';
  const kept: readonly string[] = [...ENVELOPE, ...FIELDS[type]];
  const document = Object.fromEntries(
    Object.entries(query).filter(([key, value]) => kept.includes(key) && value !== undefined),
  ) as unknown as TapewatchQuery;
  document.queryType = type;
  if (!namesOrders(document.table)) delete document.orderId;
  if (document.format !== undefined && !formatsOf(type).includes(document.format)) delete document.format;
  return document;
}

/** Which tables can be asked for the rows of one order. */
export function namesOrders(table: EventTableName = 'orders'): boolean {
  return table === 'orders' || table === 'fills';
}

/** False for what must not be sent: hidden, or PromQL that is empty or nothing but comments. */
export function isRunnable(query: TapewatchQuery): boolean {
  if (query.hide === true) return false;
  if ((query.queryType ?? 'promql') !== 'promql') return true;
  return (query.expr ?? '').replace(/^\s*#.*$/gm, '').trim() !== '';
}

/** For query history and lists. */
export function displayText(query: TapewatchQuery): string {
  const type = query.queryType ?? 'promql';
  const label = QUERY_TYPES.find(({ value }) => value === type)?.label ?? type;
  switch (type) {
    case 'promql':
      return query.expr ?? '';
    case 'alerts':
      return `${label}: ${query.state ?? 'active'}`;
    case 'events': {
      const order = namesOrders(query.table) ? (query.orderId ?? '') : '';
      return `${label}: ${query.table ?? 'orders'}${order === '' ? '' : ` of order ${order}`}`;
    }
    case 'slippage':
    case 'pnl': {
      const filters = Object.entries(query.filters ?? {}).filter(([, values]) => values.length > 0);
      const where = filters.map(([name, values]) => `${name} ${values.join(' or ')}`).join(', ');
      return `${label} by ${(query.by ?? ['strategy', 'venue']).join(', ')}${where === '' ? '' : ` for ${where}`}`;
    }
  }
}

/** Keeps every field and changes the type: text is never lost, `toDocument` leaves out what does not belong. */
export function withQueryType(query: TapewatchQuery, queryType: QueryType): TapewatchQuery {
  return { ...query, queryType };
}
