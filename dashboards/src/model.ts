/**
 * The part of Grafana's classic (v1) dashboard JSON that our boards use. Files that Grafana provisions must be in this
 * form: schema v2 is refused there. Own types rather than an SDK, because the form is small, stable and must not change
 * under us; `schemaVersion` is the one that Grafana 12.2 writes.
 */

/** DashboardMigrator's version in Grafana 12.2; a newer Grafana migrates upwards by itself. */
export const SCHEMA_VERSION = 41;
/** Written into panels so that Grafana's own panel migrations know where they start. */
export const GRAFANA_VERSION = '12.2.0';
export const DATASOURCE_TYPE = 'tapewatch-trading-datasource';
export const PERCENTILE_PANEL_TYPE = 'tapewatch-percentile-panel';
/** Width of Grafana's grid in columns. */
export const GRID_COLUMNS = 24;

export interface DatasourceRef {
  readonly type: string;
  readonly uid: string;
}

/** Every panel asks through the board's data source variable, so that one file serves several installations. */
export const TAPEWATCH: DatasourceRef = { type: DATASOURCE_TYPE, uid: '${ds}' };

/** Grafana's own: a panel that shows what another one has asked. */
export const DASHBOARD: DatasourceRef = { type: 'datasource', uid: '-- Dashboard --' };

export type Target = { readonly refId: string; readonly datasource: DatasourceRef } & Readonly<Record<string, unknown>>;

export interface ThresholdStep {
  readonly color: string;
  readonly value: number | null;
}

export interface FieldOverride {
  readonly matcher: { readonly id: 'byName' | 'byRegexp' | 'byType' | 'byFrameRefID'; readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}

export interface FieldConfig {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly overrides: readonly FieldOverride[];
}

export interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Link {
  readonly title: string;
  readonly url: string;
  readonly targetBlank: boolean;
}

/** A panel before it is placed. The id is explicit because alert rules and links name it. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly w: number;
  readonly h: number;
  readonly targets: readonly Target[];
  readonly fieldConfig: FieldConfig;
  readonly options: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly { readonly id: string; readonly options: unknown }[];
  readonly links?: readonly Link[];
  readonly transparent?: boolean;
  readonly interval?: string;
  readonly maxDataPoints?: number;
  /** Variable of the board: one panel for each of its values. */
  readonly repeat?: string;
}

/** A heading and the panels under it, placed from left to right. */
export interface Section {
  readonly id: number;
  readonly title: string;
  readonly collapsed?: boolean;
  /** Variable of the board: the section stands once for each of its values. */
  readonly repeat?: string;
  readonly panels: readonly Panel[];
}

export interface DashboardJson {
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly PlacedPanel[];
  readonly [key: string]: unknown;
}

export interface PlacedPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: GridPosition;
  readonly targets?: readonly Target[];
  readonly panels?: readonly PlacedPanel[];
  readonly [key: string]: unknown;
}
