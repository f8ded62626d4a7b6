/**
 * `info(v, {selector})`: adds the data labels of info series (`target_info` by default) to the series of `v` that share
 * their identifying labels `instance` and `job`. Of two versions of one info series the newer counts. The plan reads
 * the info series as the call's companion, at the times at which the first argument reads its own.
 * Source: Prometheus, promql/info.go.
 */
import { type Labels, METRIC_NAME } from '../../model/labels.ts';
import { compileMatchers, type Matcher } from '../../model/matcher.ts';
import { type Call, withoutParens } from '../ast.ts';
import { PromqlError } from '../error.ts';
import { type Column, isEmpty, joinEqual, newColumn, put, sampleAt, type Value } from '../vector.ts';
import { vectorArgument } from './arguments.ts';
import type { CallContext, FunctionDefinition } from './definition.ts';

const IDENTIFYING = ['instance', 'job'] as const;
const DEFAULT_INFO = 'target_info';

export const infoFunctions: readonly FunctionDefinition[] = [
  {
    name: 'info',
    doc: 'Adds the data labels of the info series with the same instance and job (target_info unless the selector names others).',
    args: [
      { name: 'v', type: 'vector' },
      { name: 'selector', type: 'vector', optional: true, labelsOnly: true },
    ],
    returns: 'vector',
    companion: (call) => {
      const { data, names } = matchersOf(call);
      return [...data, ...names];
    },
    evaluate: enrich,
  },
];

/** Matchers on data labels, and those that select the info metrics; negative ones alone mean all named `*_info`. */
function matchersOf(call: Call): { data: Matcher[]; names: Matcher[] } {
  const second = call.args[1];
  const selector = second === undefined ? undefined : withoutParens(second);
  const matchers = selector?.kind === 'selector' ? selector.matchers : [];
  const data = matchers.filter(({ name }) => name !== METRIC_NAME);
  const names = matchers.filter(({ name }) => name === METRIC_NAME);
  if (names.length === 0) return { data, names: [{ name: METRIC_NAME, operator: '=', value: DEFAULT_INFO }] };
  const isPositive = names.some(({ operator }) => operator === '=' || operator === '=~');
  const all: Matcher = { name: METRIC_NAME, operator: '=~', value: '.+_info' };
  return { data, names: isPositive ? names : [all, ...names] };
}

function enrich(context: CallContext): Value {
  const { data, names } = matchersOf(context.call);
  const compile = (pattern: string): ((text: string) => boolean) => {
    const match = context.regex(pattern);
    return (text) => match(text) !== undefined;
  };
  const isInfo = compileMatchers(names, compile);
  const base = vectorArgument(context, 0);
  const infos = new InfoSeries(context, context.companion());
  const wanted = new Set(data.map(({ name }) => name));
  const mayStayBare = data.every((matcher) => compileMatchers([matcher], compile)(NO_LABELS));
  const results: Column[] = [];
  for (const column of base) {
    if (isInfo(column.labels)) results.push(column);
    else results.push(...enrichColumn(column, { infos, wanted, mayStayBare }));
  }
  return { type: 'vector', columns: joinEqual(results, context.call) };
}

/** What a label set without labels answers: the empty value for every name. */
const NO_LABELS = { get: () => '' } as unknown as Labels;

interface Enrichment {
  readonly infos: InfoSeries;
  /** Data labels that are taken over; none means all. */
  readonly wanted: ReadonlySet<string>;
  /** Whether a series without a matching info series stays as it is. */
  readonly mayStayBare: boolean;
}

/** One result per label set that the series has over time. */
function enrichColumn(column: Column, { infos, wanted, mayStayBare }: Enrichment): Column[] {
  const steps = column.values.length;
  const results = new Map<string, Column>();
  const known = new Map<string, Labels>();
  const versions = infos.versionsFor(column.labels);
  for (let step = 0; step < steps; step++) {
    const sample = sampleAt(column, step);
    if (sample === undefined) continue;
    const chosen = infos.newestAt(versions, step);
    if (chosen.length === 0 && !mayStayBare) continue;
    const key = chosen.join(' ');
    const labels = known.get(key) ?? infos.addTo(column.labels, chosen, wanted);
    known.set(key, labels);
    let result = results.get(labels.key);
    if (result === undefined) {
      result = newColumn(labels, steps);
      results.set(labels.key, result);
    }
    put(result, step, sample);
  }
  return [...results.values()].filter((result) => !isEmpty(result));
}

/** The info series by what identifies them; columns hold the stamps of their samples. */
class InfoSeries {
  readonly #context: CallContext;
  readonly #columns: readonly Column[];
  /** Identity to indexes of columns, one list per info metric. */
  readonly #byIdentity = new Map<string, Map<string, number[]>>();

  constructor(context: CallContext, columns: readonly Column[]) {
    this.#context = context;
    this.#columns = columns;
    columns.forEach(({ labels, histograms }, index) => {
      if (histograms !== undefined) {
        throw new PromqlError('execution', `info sample should be float: ${String(labels)}`, context.call);
      }
      const identity = identityOf(labels);
      const metrics = this.#byIdentity.get(identity) ?? new Map<string, number[]>();
      this.#byIdentity.set(identity, metrics);
      metrics.set(labels.metricName, [...(metrics.get(labels.metricName) ?? []), index]);
    });
  }

  versionsFor(labels: Labels): readonly (readonly number[])[] {
    if (IDENTIFYING.every((name) => labels.get(name) === '')) return [];
    return [...(this.#byIdentity.get(identityOf(labels))?.values() ?? [])];
  }

  /** Per info metric the column with the newest sample at a step. Throws when two are equally new. */
  newestAt(versions: readonly (readonly number[])[], step: number): number[] {
    return versions.flatMap((indexes) => {
      const there = indexes.filter((index) => this.#columns[index]?.present[step] === 1);
      const newest = Math.max(...there.map((index) => this.#stampAt(index, step)));
      const [first, second] = there.filter((index) => this.#stampAt(index, step) === newest);
      if (first === undefined) return [];
      if (second === undefined) return [first];
      const [a, b] = [first, second].map((index) => String(this.#columns[index]?.labels));
      const message = `found duplicate series for info metric: ${a} and ${b} at ${newest * 1000}`;
      throw new PromqlError('execution', message, this.#context.call);
    });
  }

  addTo(base: Labels, chosen: readonly number[], wanted: ReadonlySet<string>): Labels {
    const added = new Map<string, string>();
    for (const index of chosen) {
      for (const [name, value] of this.#columns[index]?.labels.pairs ?? []) {
        if (name === METRIC_NAME || (wanted.size > 0 && !wanted.has(name))) continue;
        const other = added.get(name);
        if (other !== undefined && other !== value) {
          const message = `conflicting label: ${name}; two info metrics give it different values`;
          throw new PromqlError('execution', message, this.#context.call);
        }
        if (base.get(name) === '') added.set(name, value);
      }
    }
    let labels = base;
    for (const [name, value] of added) labels = labels.with(name, value);
    return labels;
  }

  #stampAt(index: number, step: number): number {
    return this.#columns[index]?.values[step] ?? -Infinity;
  }
}

function identityOf(labels: Labels): string {
  return JSON.stringify(IDENTIFYING.map((name) => labels.get(name)));
}
