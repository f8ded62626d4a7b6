/**
 * The query as Grafana stores it: the documents of `@tapewatch/contract` laid flat, so that fields of one query type
 * survive a look at another. Only types come from the contract (its schemas would weigh 93 KB); a test parses what is
 * built here with the schemas. Pure.
 */
import type { DataQuery } from '@grafana/schema';
import type { QueryType, TapewatchQueryInput } from '@tapewatch/contract';
import { carried } from './form/carried.ts';
import { fieldsOf, type QueryForm } from './form/field.ts';
import { FORMS } from './form/forms.ts';

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

export interface QueryTypeChoice {
  readonly value: QueryType;
  readonly label: string;
  readonly description: string;
  readonly group: QueryForm['group'];
}

export const QUERY_TYPES: readonly QueryTypeChoice[] = [
  { value: 'promql', label: 'PromQL', description: 'Metrics and latency histograms', group: 'Metrics' },
  ...Object.entries(FORMS).map(([value, { label, description, group }]) => ({
    value: value as QueryType,
    ...{ label, description, group },
  })),
];

const PROMQL_FIELDS = ['expr', 'instant', 'format', 'legendFormat', 'minStep', 'exemplar', 'streaming'] as const;
const PROMQL_FORMATS: readonly PromqlFormat[] = ['time_series', 'table', 'heatmap'];

/** Grafana's own envelope. */
const ENVELOPE = ['refId', 'hide', 'key', 'datasource', 'queryType'] as const;

export const DEFAULT_EXPR = 'histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[$__rate_interval])))';

export const DEFAULT_SQL = 'SELECT venue, count(*) AS fills FROM fills WHERE $__timeFilter(time) GROUP BY ALL';

export function defaultQuery(queryType: QueryType = 'promql'): Partial<TapewatchQuery> {
  if (queryType === 'promql') return { queryType, expr: DEFAULT_EXPR, legendFormat: 'p99 {{venue}}' };
  return queryType === 'sql' ? { queryType, rawSql: DEFAULT_SQL } : { queryType };
}

/** Empty where the type has no choice; an alert needs numbers. */
export function formatsOf(queryType: QueryType): readonly string[] {
  if (queryType === 'promql') return PROMQL_FORMATS;
  const field = fieldsOf(FORMS[queryType]).find(({ key }) => key === 'format');
  return field?.control === 'choice' ? field.options.map(({ value }) => value) : [];
}

/** The document that is sent: the fields of its type, and nothing of the others. */
export function toDocument(query: TapewatchQuery): TapewatchQuery {
  const type = query.queryType ?? 'promql';
  const document = { queryType: type } as Record<string, unknown>;
  for (const key of ENVELOPE) if (query[key] !== undefined) document[key] = query[key];
  document['queryType'] = type;
  for (const [key, value] of sentFields(type, query)) if (value !== undefined) document[key] = value;
  return document as unknown as TapewatchQuery;
}

function sentFields(type: QueryType, query: TapewatchQuery): readonly (readonly [key: string, value: unknown])[] {
  if (type === 'promql') {
    const knowsFormat = PROMQL_FORMATS.some((format) => format === query.format);
    return PROMQL_FIELDS.filter((key) => key !== 'format' || knowsFormat).map((key) => [key, query[key]]);
  }
  return fieldsOf(FORMS[type])
    .filter((field) => field.when?.(query) ?? true)
    .map((field) => [field.key, carried(field, query[field.key])]);
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
  if (type === 'promql') return query.expr ?? '';
  const form = FORMS[type];
  const fields = fieldsOf(form).filter((field) => field.when?.(query) ?? true);
  const parts = fields.flatMap((field) => {
    const value = field.control === 'choice' ? query[field.key] : carried(field, query[field.key]);
    switch (field.control) {
      case 'pills':
        return [`by ${((value as readonly string[] | undefined) ?? field.default).join(', ')}`];
      case 'filters': {
        const filters = Object.entries(query.filters ?? {}).filter(([, values]) => (values?.length ?? 0) > 0);
        return filters.length === 0
          ? []
          : [`for ${filters.map(([name, values]) => `${name} ${values?.join(' or ')}`).join(', ')}`];
      }
      case 'choice':
        return field.key === 'table' || field.key === 'state' ? [String(value ?? field.default)] : [];
      case 'text':
        return value === undefined || value === '' ? [] : [`${field.label.toLowerCase()} ${String(value)}`];
      case 'sql':
        return [String(value ?? '')];
      default:
        return [];
    }
  });
  return [form.group === 'Records' ? `${form.label}:` : form.label, ...parts].join(' ');
}

/** Keeps every field and changes the type: text is never lost, `toDocument` leaves out what does not belong. */
export function withQueryType(query: TapewatchQuery, queryType: QueryType): TapewatchQuery {
  // SQL starts with an example where nothing was typed.
  return queryType === 'sql' ? { rawSql: DEFAULT_SQL, ...query, queryType } : { ...query, queryType };
}
