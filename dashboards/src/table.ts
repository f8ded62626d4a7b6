/**
 * Tables that fit: a frame of the sidecar has every figure there is, a panel names the columns that answer its question, in
 * order, and the heads that people read. What is not named is hidden; the query editor and Explore show it all.
 */
import { absolute, BY_THRESHOLD, FAILURE, fields, named, steps, WITHHELD, WRAPPED } from './field.ts';
import type { FieldOverride, Panel } from './model.ts';
import { common, type Common } from './panel.ts';

export interface Column {
  /** Name of the frame's field. */
  readonly name: string;
  /** Default: the name. */
  readonly title?: string;
  /** In pixels; without it the column shares what is left, but at least `MIN_COLUMN_WIDTH`. */
  readonly width?: number;
  /** Further field settings: colours, decimals, value texts. */
  readonly show?: Readonly<Record<string, unknown>>;
}

export interface TableSpec extends Omit<Common, 'transformations' | 'overrides'> {
  readonly columns: readonly Column[];
  /** By the column's name. */
  readonly sortBy?: { readonly column: string; readonly descending: boolean };
  /** What stands in a table without rows: why, or what that means. */
  readonly noValue: string;
  /** Unit of the columns whose frame has none. */
  readonly unit?: string;
  /** Offers a filter in each head: for long lists. */
  readonly filterable?: boolean;
}

/** Grafana's own is 150, and a table of a dozen figures would be cut at its right edge. */
export const MIN_COLUMN_WIDTH = 80;

export function table(spec: TableSpec): Panel {
  const { columns, sortBy, noValue } = spec;
  return {
    ...common({ ...spec, transformations: [only(columns)] }),
    type: 'table',
    fieldConfig: fields(
      {
        color: BY_THRESHOLD,
        custom: {
          align: 'auto',
          cellOptions: { type: 'auto' },
          filterable: spec.filterable ?? false,
          inspect: false,
          minWidth: MIN_COLUMN_WIDTH,
        },
        mappings: WITHHELD,
        noValue,
        thresholds: absolute(steps('text')),
        unit: spec.unit ?? 'short',
      },
      [...columns.flatMap(overrideOf), named(FAILURE, WRAPPED)],
    ),
    options: {
      cellHeight: 'sm',
      footer: { countRows: false, fields: '', reducer: ['sum'], show: false },
      showHeader: true,
      sortBy: sortBy === undefined ? [] : [{ desc: sortBy.descending, displayName: titleOf(columns, sortBy.column) }],
    },
  };
}

function only(columns: readonly Column[]): { id: string; options: object } {
  const byName = <T>(value: (index: number) => T): Record<string, T> =>
    Object.fromEntries(columns.map(({ name }, index) => [name, value(index)]));
  return {
    id: 'organize',
    options: {
      excludeByName: {},
      // What failed must not read as `noValue`, which says that there is nothing.
      includeByName: { ...byName(() => true), [FAILURE]: true },
      indexByName: byName((index) => index),
      renameByName: {},
    },
  };
}

function overrideOf({ name, title, width, show }: Column): readonly FieldOverride[] {
  const properties = {
    ...(title === undefined ? {} : { displayName: title }),
    ...(width === undefined ? {} : { 'custom.width': width }),
    ...show,
  };
  return Object.keys(properties).length === 0 ? [] : [named(name, properties)];
}

/** Grafana sorts by the head that it shows. */
function titleOf(columns: readonly Column[], name: string): string {
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new Error(`the table is sorted by "${name}", which is none of its columns`);
  return column.title ?? name;
}
