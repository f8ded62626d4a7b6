/** Answers a variable's query with names, through whatever it is given to ask. */
import type { MetricFindValue } from '@grafana/data';
import type { Metadata } from '../metadata.ts';
import { migrateVariable, type VariableQuery } from './variable-query.ts';

export interface ValueSources {
  readonly metadata: Metadata;
  /** Replaces dashboard variables, so that one variable can depend on another. */
  readonly replace: (text: string) => string;
  readonly series: (selector: string) => Promise<readonly Readonly<Record<string, string>>[]>;
}

export async function findValues(stored: VariableQuery | string, sources: ValueSources): Promise<MetricFindValue[]> {
  const query = migrateVariable(stored);
  const match = sources.replace(query.match ?? '');
  switch (query.kind) {
    case 'label_values': {
      const label = sources.replace(query.label ?? '');
      return label === '' ? [] : named(await sources.metadata.labelValues(label, match));
    }
    case 'label_names':
      return named((await sources.metadata.labels(match)).filter((label) => label !== '__name__'));
    case 'metrics': {
      const pattern = toPattern(match);
      return named((await sources.metadata.metrics()).map(({ name }) => name).filter((name) => pattern.test(name)));
    }
    case 'series':
      return match === '' ? [] : named([...new Set((await sources.series(match)).map(seriesText))].sort());
    case 'dimension':
      return named(await sources.metadata.dimension(sources.replace(query.dimension ?? 'strategy')));
  }
}

/** A text that is no regular expression is looked for as it stands. */
function toPattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    return new RegExp(text.replace(/[\\^$*+?.()|[\]{}]/g, '\\$&'));
  }
}

function named(values: readonly string[]): MetricFindValue[] {
  return values.map((text) => ({ text, value: text }));
}

/** PromQL notation, labels in order. */
export function seriesText(labels: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
