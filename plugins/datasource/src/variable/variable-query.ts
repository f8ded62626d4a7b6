/** What a dashboard variable asks for, and how the texts that Prometheus users know are read. Pure. */
import type { DataQuery } from '@grafana/schema';

export type VariableKind = 'label_values' | 'label_names' | 'metrics' | 'series' | 'dimension';

export interface VariableQuery extends DataQuery {
  kind: VariableKind;
  /** label_values: the label. */
  label?: string;
  /** label_values, label_names, series: a selector, '' for all. metrics: a regular expression. */
  match?: string;
  /** dimension: strategy, venue, symbol or account. */
  dimension?: string;
}

export const DEFAULT_VARIABLE: VariableQuery = { refId: 'variable', kind: 'label_values', label: 'venue', match: '' };

export const VARIABLE_KINDS: readonly {
  readonly value: VariableKind;
  readonly label: string;
  readonly description: string;
}[] = [
  { value: 'label_values', label: 'Label values', description: 'Values of a label, of all series or of a selector' },
  { value: 'label_names', label: 'Label names', description: 'Names of labels' },
  { value: 'metrics', label: 'Metric names', description: 'Names of metrics that match a regular expression' },
  { value: 'series', label: 'Series', description: 'Label sets of a selector' },
  {
    value: 'dimension',
    label: 'Trading dimension',
    description: 'Strategies, venues, symbols, accounts of orders and fills',
  },
];

/** Reads `label_values(metric, label)` and its relatives, and whatever was stored. Idempotent. */
export function migrateVariable(stored: unknown): VariableQuery {
  if (typeof stored === 'string') return fromText(stored.trim());
  if (typeof stored !== 'object' || stored === null) return DEFAULT_VARIABLE;
  const query = stored as Partial<VariableQuery> & { query?: unknown };
  if (VARIABLE_KINDS.some(({ value }) => value === query.kind))
    return { ...query, refId: query.refId ?? 'variable' } as VariableQuery;
  // Grafana wraps a text in `query`, and so does Prometheus' editor.
  return query.query === undefined ? DEFAULT_VARIABLE : migrateVariable(query.query);
}

function fromText(text: string): VariableQuery {
  const call = /^(\w+)\(([\s\S]*)\)$/.exec(text);
  const [name, inside] = [call?.[1], call?.[2]?.trim() ?? ''];
  switch (name) {
    case 'label_names':
      return { refId: 'variable', kind: 'label_names', match: inside };
    case 'metrics':
      return { refId: 'variable', kind: 'metrics', match: inside };
    case 'query_result':
      return { refId: 'variable', kind: 'series', match: inside };
    case 'label_values': {
      const parts = /^(?:([\s\S]+),)?\s*([\w$]+)$/.exec(inside);
      return { refId: 'variable', kind: 'label_values', label: parts?.[2] ?? '', match: parts?.[1]?.trim() ?? '' };
    }
    default:
      return text === '' ? DEFAULT_VARIABLE : { refId: 'variable', kind: 'series', match: text };
  }
}

/** For the variable's entry in lists. */
export function describeVariable(query: VariableQuery): string {
  switch (query.kind) {
    case 'label_values':
      return `label_values(${query.match ? `${query.match}, ` : ''}${query.label ?? ''})`;
    case 'label_names':
      return `label_names(${query.match ?? ''})`;
    case 'metrics':
      return `metrics(${query.match ?? ''})`;
    case 'series':
      return query.match ?? '';
    case 'dimension':
      return `dimension(${query.dimension ?? ''})`;
  }
}
