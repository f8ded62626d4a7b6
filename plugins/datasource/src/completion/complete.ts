/** What to offer in a situation, from names that are there already. Pure; `requirements` says which names to fetch. */
import type { FunctionInfo, MetricInfo } from '../metadata.ts';
import type { Situation } from './situation.ts';

export interface CompletionItem {
  readonly label: string;
  /** `$0` marks where the cursor goes. */
  readonly insert: string;
  readonly kind: 'metric' | 'function' | 'keyword' | 'label' | 'value' | 'duration' | 'variable';
  readonly detail: string;
  readonly documentation: string;
  /** Open the list again behind the inserted text. */
  readonly again: boolean;
}

export interface CompletionNames {
  readonly metrics: readonly MetricInfo[];
  readonly functions: readonly FunctionInfo[];
  readonly labels: readonly string[];
  readonly values: readonly string[];
  /** Dashboard variables, without the dollar sign. */
  readonly variables: readonly string[];
}

export type Requirement =
  | { readonly names: 'none' }
  | { readonly names: 'metrics-and-functions' }
  | { readonly names: 'labels'; readonly selector: string }
  | { readonly names: 'values'; readonly label: string; readonly selector: string };

export function requirementOf(situation: Situation): Requirement {
  switch (situation.kind) {
    case 'expression':
      return { names: 'metrics-and-functions' };
    case 'label-name':
      return { names: 'labels', selector: situation.selector };
    case 'label-value':
      return { names: 'values', label: situation.label, selector: situation.selector };
    default:
      return { names: 'none' };
  }
}

const AGGREGATIONS = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'topk',
  'bottomk',
  'quantile',
  'stddev',
  'stdvar',
  'group',
  'count_values',
];
const MACROS: readonly (readonly [string, string])[] = [
  ['$__rate_interval', 'Wide enough for a rate at any zoom'],
  ['$__interval', 'The step of the panel'],
  ['$__range', 'The whole time range'],
];
const DURATIONS = ['1m', '5m', '15m', '1h', '1d'];

/** More than this nobody scrolls through, and Monaco must filter it on every key. */
export const MAX_ITEMS = 2_000;

export function complete(situation: Situation, names: CompletionNames): CompletionItem[] {
  switch (situation.kind) {
    case 'none':
      return [];
    case 'duration':
      return [
        ...MACROS.map(([label, detail]) => item('duration', label, { detail })),
        ...DURATIONS.map((label) => item('duration', label)),
      ];
    case 'expression':
      return expressionItems(situation.word, names);
    case 'label-name':
      return names.labels
        .filter((label) => label !== '__name__' && !situation.used.includes(label))
        .slice(0, MAX_ITEMS)
        .map((label) =>
          situation.inGrouping ? item('label', label) : item('label', label, { insert: `${label}="$0"`, again: true }),
        );
    case 'label-value':
      return [
        ...names.values.map((value) => item('value', value, { insert: quote(escapeValue(value), situation.quoted) })),
        ...names.variables.map((name) =>
          item('variable', `$${name}`, { insert: quote(`\\$${name}`, situation.quoted), detail: 'variable' }),
        ),
      ].slice(0, MAX_ITEMS);
  }
}

function expressionItems(word: string, names: CompletionNames): CompletionItem[] {
  const metrics = narrowed(names.metrics, word).map(({ name, kind, unit, help }) =>
    item('metric', name, { detail: unit === '' || unit === '1' ? kind : `${kind}, ${unit}`, documentation: help }),
  );
  const functions = names.functions.map(({ name, signature, help }) =>
    item('function', name, {
      insert: `${name}($0)`,
      // The name stands beside it; with it twice both would be cut.
      detail: signature.startsWith(name) ? signature.slice(name.length).trim() : signature,
      documentation: help,
      again: true,
    }),
  );
  const known = new Set(names.functions.map(({ name }) => name));
  const aggregations = AGGREGATIONS.filter((name) => !known.has(name)).map((name) =>
    item('function', name, { insert: `${name}($0)`, detail: 'aggregation', again: true }),
  );
  return [...metrics, ...functions, ...aggregations];
}

/** With very many metrics only those that contain what was typed. */
function narrowed(metrics: readonly MetricInfo[], word: string): readonly MetricInfo[] {
  if (metrics.length <= MAX_ITEMS) return metrics;
  const wanted = word.toLowerCase();
  return metrics.filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, MAX_ITEMS);
}

function quote(text: string, quoted: boolean): string {
  return quoted ? text : `"${text}"`;
}

/** For a PromQL string, and for Monaco's snippet around it, in which `$`, `}` and the backslash mean something. */
function escapeValue(value: string): string {
  return value
    .replace(/\\/g, '\\\\')
    .replace(/"/g, '\\"')
    .replace(/[\\$}]/g, '\\$&');
}

function item(
  kind: CompletionItem['kind'],
  label: string,
  more: Partial<Omit<CompletionItem, 'kind' | 'label'>> = {},
): CompletionItem {
  return { kind, label, insert: label.replace(/\$/g, '\\$&'), detail: '', documentation: '', again: false, ...more };
}
