/**
 * The neutral table between evaluation and its readers: one table becomes one Grafana frame or one JSON document.
 * `kind` and `version` follow Grafana's data plane contract.
 */
import type { Labels } from './labels.ts';

export type TableKind =
  | 'timeseries-multi'
  | 'timeseries-wide'
  | 'timeseries-long'
  | 'numeric-multi'
  | 'numeric-long'
  | 'heatmap-cells'
  | 'table';

export type FieldValues =
  | { readonly type: 'time'; readonly values: readonly (bigint | null)[] }
  | { readonly type: 'number'; readonly values: readonly (number | null)[] | Float64Array }
  | { readonly type: 'string'; readonly values: readonly (string | null)[] }
  /** Documents as text. */
  | { readonly type: 'json'; readonly values: readonly (string | null)[] }
  | { readonly type: 'boolean'; readonly values: readonly (boolean | null)[] };

export type TableField = FieldValues & {
  readonly name: string;
  readonly labels?: Labels;
  /** Grafana unit id: `s`, `percentunit`, `bytes`, `currencyUSD`, `short`, ... */
  readonly unit?: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly decimals?: number;
  /** Pixels that a table should give the column, where its content is wider than usual. */
  readonly width?: number;
  /** Regular spacing of a time field, milliseconds; a larger gap is shown as a gap. */
  readonly intervalMs?: number;
};

/** A figure about the query itself, for Grafana's query inspector. */
export interface TableStat {
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
}

export interface Notice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

export interface Table {
  readonly name: string;
  readonly kind: TableKind;
  readonly version: readonly [major: number, minor: number];
  /** All of equal length. Empty: "no data", with the kind still stated. */
  readonly fields: readonly TableField[];
  readonly notices: readonly Notice[];
  readonly executedQuery: string;
  /** Grafana's preferredVisualisationType, e.g. `graph` or `table`. */
  readonly visualisation?: 'graph' | 'table' | 'logs' | 'trace';
  /** `annotations`: marks over a chart, not data of it; Grafana draws those named `exemplar` as exemplars. */
  readonly topic?: 'annotations';
  readonly stats?: readonly TableStat[];
}
