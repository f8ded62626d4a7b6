/**
 * What an editor shows of a query type, as data: one entry per field of its document, with the control, the words and the
 * default that the contract has. The editor draws them, `toDocument` sends them, `displayText` reads them. Pure.
 */
import type { FilterDimension, TapewatchQuery } from '../query.ts';

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly description?: string;
}

export type Control =
  /** All at a glance, each a press away; the order of choice is the order of columns. */
  | { readonly control: 'pills'; readonly offered: readonly string[]; readonly default: readonly string[] }
  /** One list for each dimension that can be filtered by. */
  | { readonly control: 'filters'; readonly dimensions: readonly FilterDimension[] }
  | { readonly control: 'choice'; readonly options: readonly Option[]; readonly default: string }
  | {
      readonly control: 'number';
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly isWhole?: true;
      /** Left empty, the sidecar's configuration has it; `default` is what that has where nobody set it. */
      readonly isConfigured?: true;
    }
  /** Numbers with commas between them. */
  | { readonly control: 'numbers'; readonly default: readonly number[]; readonly max: number }
  /** Words with commas between them; `default` is what the contract puts there. */
  | { readonly control: 'words'; readonly default: readonly string[]; readonly placeholder: string }
  | { readonly control: 'text'; readonly placeholder: string; readonly default?: string }
  | { readonly control: 'switch'; readonly default: boolean }
  /** `hasOpen`: returns of bars within a day may keep to the session. */
  | { readonly control: 'calendar'; readonly hasOpen?: true }
  /** A number for each name, or none. */
  | { readonly control: 'amounts'; readonly names: readonly { readonly value: string; readonly label: string }[] }
  | { readonly control: 'sql' };

export type FieldKey = Exclude<keyof TapewatchQuery, 'refId' | 'hide' | 'key' | 'datasource' | 'queryType'>;

export type Field = Control & {
  readonly key: FieldKey;
  readonly label: string;
  readonly tooltip?: string;
  /** An alert compares numbers: there is no format to choose. */
  readonly inAlerts?: false;
  /** Shown only then: what the answer does not depend on would be turned in vain. */
  readonly when?: (query: TapewatchQuery, isAlert: boolean) => boolean;
};

export interface QueryForm {
  readonly description: string;
  readonly group: 'Metrics' | 'Trading' | 'Latency' | 'Records';
  /** Rows of fields, as they stand in the editor. */
  readonly rows: readonly (readonly Field[])[];
}

export function fieldsOf(form: QueryForm): readonly Field[] {
  return form.rows.flat();
}

export const FORMAT_FIELD = {
  key: 'format',
  label: 'Format',
  control: 'choice',
  default: 'table',
  inAlerts: false,
  options: [
    { value: 'table', label: 'Table' },
    { value: 'time_series', label: 'Time series' },
  ],
} as const satisfies Field;

/** Of charts and rules, which show one figure; a table has them all. */
export const isOneFigure: Field['when'] = ({ format }, isAlert) => isAlert || format === 'time_series';

/** Options whose label is the value in words: `fill_rate` becomes `Fill rate`. */
export function optionsOf(values: readonly string[]): Option[] {
  return values.map((value) => {
    const words = value.replaceAll('_', ' ');
    return { value, label: words.charAt(0).toUpperCase() + words.slice(1) };
  });
}
