/**
 * Labels: the identity of a series, as sorted name/value pairs.
 * An absent label and an empty value are the same thing (Prometheus data model), so empty values are dropped.
 * Two label sets are equal if and only if their `key` is equal; the key is unambiguous for any bytes in values.
 */

/** The label that holds the metric name. */
export const METRIC_NAME = '__name__';

/** Labels that describe the metric under its name; any change of the values makes them untrue. */
const METADATA = [METRIC_NAME, '__type__', '__unit__'];

export type LabelPair = readonly [name: string, value: string];

export class Labels {
  static readonly empty = new Labels([]);

  readonly #pairs: readonly LabelPair[];
  #key: string | undefined;
  /** Kept, since every function that changes values asks for it, and label sets are interned by the store. */
  #unnamed: Labels | undefined;

  private constructor(sortedPairs: readonly LabelPair[]) {
    this.#pairs = sortedPairs;
  }

  /** Builds from a record or pairs; a later pair with the same name wins; empty values are dropped. */
  static from(source: Readonly<Record<string, string>> | Iterable<LabelPair>): Labels {
    const byName = new Map<string, string>(Symbol.iterator in source ? source : Object.entries(source));
    const pairs: LabelPair[] = [];
    for (const [name, value] of byName) if (value !== '') pairs.push([name, value]);
    // An array that grew has room for more than a dozen; label sets are kept by the hundred thousand, so a copy that fits.
    return pairs.length === 0 ? Labels.empty : new Labels(pairs.sort(byLabelName).slice());
  }

  /** The value of a label, or the empty string when it is absent. */
  get(name: string): string {
    for (const [candidate, value] of this.#pairs) if (candidate === name) return value;
    return '';
  }

  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  get size(): number {
    return this.#pairs.length;
  }

  /** Pairs in ascending order of name (UTF-16 code units). */
  get pairs(): readonly LabelPair[] {
    return this.#pairs;
  }

  /** Canonical identity: equal keys mean equal label sets. */
  get key(): string {
    this.#key ??= JSON.stringify(this.#pairs);
    return this.#key;
  }

  /** A copy with one label set; an empty value removes it. */
  with(name: string, value: string): Labels {
    return Labels.from([...this.#pairs, [name, value]]);
  }

  /** A copy without the named labels. */
  without(names: Iterable<string>): Labels {
    const drop = new Set(names);
    const pairs = this.#pairs.filter(([name]) => !drop.has(name));
    return pairs.length === this.#pairs.length ? this : new Labels(pairs);
  }

  /** A copy with only the named labels. */
  only(names: Iterable<string>): Labels {
    const keep = new Set(names);
    return new Labels(this.#pairs.filter(([name]) => keep.has(name)));
  }

  /** Without the name and what describes the metric as named: its type and unit. */
  withoutMetricName(): Labels {
    this.#unnamed ??= this.without(METADATA);
    return this.#unnamed;
  }

  equals(other: Labels): boolean {
    return this === other || this.key === other.key;
  }

  toRecord(): Record<string, string> {
    return Object.fromEntries(this.#pairs);
  }

  toJSON(): Record<string, string> {
    return this.toRecord();
  }

  /** PromQL notation: `order_ack_seconds{venue="XNAS"}`. */
  toString(): string {
    const rest = this.#pairs.filter(([name]) => name !== METRIC_NAME);
    const inner = rest.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
    return inner === '' && this.metricName !== '' ? this.metricName : `${this.metricName}{${inner}}`;
  }
}

function byLabelName(a: LabelPair, b: LabelPair): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
