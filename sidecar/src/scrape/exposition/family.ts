/**
 * Metric families of one page: what its TYPE, HELP and UNIT lines say about a sample's name. Counter semantics follow the
 * type: a classic histogram's and a summary's `_bucket`, `_sum` and `_count` only grow, a gauge histogram's do not.
 */
import { formatShortest, type LabelPair } from '@tapewatch/core';
import { parseNumber } from './number-text.ts';
import type { MetricType } from './text-parser.ts';

export interface Family {
  type: MetricType;
  help: string;
  unit: string;
}

const NO_FAMILY: Readonly<Family> = { type: 'unknown', help: '', unit: '' };

/** What a family's samples are called beside its own name. */
const SUFFIXES: readonly { readonly suffix: string; readonly types: readonly MetricType[]; readonly grows: boolean }[] =
  [
    { suffix: '_bucket', types: ['histogram'], grows: true },
    { suffix: '_count', types: ['histogram', 'summary'], grows: true },
    { suffix: '_sum', types: ['histogram', 'summary'], grows: true },
    { suffix: '_total', types: ['counter'], grows: true },
    { suffix: '_created', types: ['counter', 'histogram', 'summary'], grows: false },
    { suffix: '_bucket', types: ['gaugehistogram'], grows: false },
    { suffix: '_gcount', types: ['gaugehistogram'], grows: false },
    { suffix: '_gsum', types: ['gaugehistogram'], grows: false },
    { suffix: '_info', types: ['info'], grows: false },
  ];

export class Families {
  readonly #byName = new Map<string, Family>();

  /** The family of this name, made when it is new. */
  at(name: string): Family {
    let family = this.#byName.get(name);
    if (family === undefined) this.#byName.set(name, (family = { ...NO_FAMILY }));
    return family;
  }

  /** Kind and family of a sample. Without a TYPE line, names that end in `_total` count as counters, all else as gauges. */
  describe(name: string): { readonly kind: 'counter' | 'gauge'; readonly family: Readonly<Family> } {
    const own = this.#byName.get(name);
    if (own !== undefined && own.type !== 'unknown') {
      return { kind: own.type === 'counter' ? 'counter' : 'gauge', family: own };
    }
    for (const { suffix, types, grows } of SUFFIXES) {
      if (!name.endsWith(suffix)) continue;
      const family = this.#byName.get(name.slice(0, -suffix.length));
      if (family !== undefined && types.includes(family.type)) return { kind: grows ? 'counter' : 'gauge', family };
    }
    return { kind: name.endsWith('_total') ? 'counter' : 'gauge', family: own ?? NO_FAMILY };
  }
}

/**
 * As Prometheus 3: `le="1"` of a histogram and `quantile="1"` of a summary become `1.0`, whatever the format, so that a
 * target which changes its format keeps its series.
 */
export function canonicalPairs(pairs: LabelPair[], type: MetricType): LabelPair[] {
  const name = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined;
  if (name === undefined) return pairs;
  return pairs.map((pair) => (pair[0] === name ? [name, canonicalBound(pair[1])] : pair));
}

/** OpenMetrics writes a float's shortest form with a point or an exponent. */
export function canonicalBound(text: string): string {
  const value = parseNumber(text);
  if (value === undefined) return text;
  const shortest = formatShortest(value);
  return /^-?\d+$/.test(shortest) ? `${shortest}.0` : shortest;
}
