/**
 * The head's series by metric name, and which of them a list of matchers selects. Rules and boards repeat the same
 * selectors for ever, so the answer is kept, and only series that are new since are tested again.
 */
import { compileMatchers, METRIC_NAME, type Labels, type Matcher, type SeriesDefinition } from '@tapewatch/core';
import { compileRegex } from '../regex.ts';

/** Selectors whose answers are kept; past it the one that was asked first goes. */
const MAX_SELECTORS = 2_000;
/** Series in kept answers, all together; past it the answers start anew. */
const MAX_KEPT_SERIES = 4_000_000;

interface Selection {
  readonly test: (labels: Labels) => boolean;
  readonly series: SeriesDefinition[];
  /** How many series of the group were tested. */
  tested: number;
}

export class SeriesDirectory {
  #all: SeriesDefinition[] = [];
  readonly #byId: (SeriesDefinition | undefined)[] = [];
  readonly #byName = new Map<string, SeriesDefinition[]>();
  #selections = new Map<string, Selection>();
  #byList = new WeakMap<readonly Matcher[], Selection>();
  #kept = 0;
  /** Entries of the lists that count no more. */
  #gone = 0;

  define(definition: SeriesDefinition): void {
    if (this.#byId[definition.id] !== undefined) return;
    this.#byId[definition.id] = definition;
    this.#all.push(definition);
    const { metricName } = definition.labels;
    const group = this.#byName.get(metricName);
    if (group === undefined) this.#byName.set(metricName, [definition]);
    else group.push(definition);
  }

  /** Lets series go; what selectors had found is found again. The lists are cleared of them once they are half of all. */
  forget(ids: readonly number[]): void {
    for (const id of ids) {
      if (this.#byId[id] === undefined) continue;
      this.#byId[id] = undefined;
      this.#gone++;
    }
    if (this.#gone * 2 > this.#all.length) this.#clear();
    this.#forget();
  }

  /** A series that came back stands in the lists a second time, with the definition that counts. */
  #isHere(definition: SeriesDefinition): boolean {
    return this.#byId[definition.id] === definition;
  }

  #clear(): void {
    const isHere = (definition: SeriesDefinition): boolean => this.#isHere(definition);
    this.#all = this.#all.filter(isHere);
    for (const [name, group] of this.#byName) {
      const kept = group.filter(isHere);
      if (kept.length === 0) this.#byName.delete(name);
      else this.#byName.set(name, kept);
    }
    this.#gone = 0;
  }

  get(id: number): SeriesDefinition | undefined {
    return this.#byId[id];
  }

  /** In the order of definition. Throws what a bad pattern makes the regular expression engine throw. */
  matching(matchers: readonly Matcher[]): readonly SeriesDefinition[] {
    // A parsed query keeps its list of matchers, so the list itself finds the answer without its text.
    let known = this.#byList.get(matchers);
    if (known === undefined) {
      const key = JSON.stringify(matchers.map(({ name, operator, value }) => [name, operator, value]));
      known = this.#selections.get(key) ?? this.#remember(key, matchers);
      this.#byList.set(matchers, known);
    }
    const group = this.#groupOf(matchers);
    for (; known.tested < group.length; known.tested++) {
      const candidate = group[known.tested] as SeriesDefinition;
      if (!this.#isHere(candidate) || !known.test(candidate.labels)) continue;
      known.series.push(candidate);
      this.#kept++;
    }
    if (this.#kept > MAX_KEPT_SERIES) this.#forget();
    return known.series;
  }

  #groupOf(matchers: readonly Matcher[]): readonly SeriesDefinition[] {
    const name = matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.operator === '=');
    return name === undefined ? this.#all : (this.#byName.get(name.value) ?? []);
  }

  #remember(key: string, matchers: readonly Matcher[]): Selection {
    const selection: Selection = { test: compileMatchers(matchers, compileRegex), series: [], tested: 0 };
    const [first] = this.#selections.keys();
    if (this.#selections.size >= MAX_SELECTORS && first !== undefined) {
      this.#kept -= this.#selections.get(first)?.series.length ?? 0;
      this.#selections.delete(first);
    }
    this.#selections.set(key, selection);
    return selection;
  }

  #forget(): void {
    this.#selections = new Map();
    this.#byList = new WeakMap();
    this.#kept = 0;
  }
}
