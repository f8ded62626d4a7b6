/** A metric with its samples, as it is shown to a scraper, whatever the text format. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'info' | 'unknown';

export interface ExposedSample {
  /** Full name: `_bucket`, `_sum`, `_count`, `_total`, `_info` included. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Shown where the reader wants it (`/federate`). */
  readonly timeMs?: number;
}

export interface MetricFamily {
  /** As the text format of Prometheus names it: a counter with `_total`, an info metric with `_info`. */
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly unit: string;
  readonly samples: readonly ExposedSample[];
}

/**
 * One family a name: what was collected under a name of our own stands in our family, a sample once. Where the types
 * disagree the first family stays alone, because one name can have one type only.
 */
export function mergeFamilies(families: readonly MetricFamily[]): MetricFamily[] {
  const byName = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = byName.get(family.name);
    byName.set(family.name, known === undefined ? family : merged(known, family));
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function merged(first: MetricFamily, second: MetricFamily): MetricFamily {
  const identity = ({ name, labels }: ExposedSample): string => JSON.stringify([name, Object.entries(labels).sort()]);
  const seen = new Set(first.samples.map(identity));
  const added = second.samples.filter((sample) => !seen.has(identity(sample)));
  if (first.type !== second.type && first.type !== 'unknown' && second.type !== 'unknown') return first;
  const type = first.type === 'unknown' ? second.type : first.type;
  return { ...first, type, help: first.help || second.help, samples: [...first.samples, ...added] };
}
