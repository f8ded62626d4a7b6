/** What can be asked for: metrics with kind, unit and help, functions with signatures, and selectors as matchers. */
import {
  functionSignatures,
  located,
  parse,
  PromqlError,
  type Matcher,
  type SeriesDefinition,
  type SeriesKind,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import { problemsOf, type ExpressionProblem } from './expression-problem.ts';

export interface MetricEntry {
  readonly name: string;
  readonly kind: SeriesKind;
  readonly unit: string;
  readonly help: string;
}

export interface FunctionEntry {
  readonly name: string;
  readonly signature: string;
  readonly help: string;
}

export interface Catalogue {
  /** In order of name. */
  metrics(): MetricEntry[];
  functions(): readonly FunctionEntry[];
  /** Unit of a metric; undefined when nobody stated it. */
  unitOf(name: string): string | undefined;
  /** Matchers of a series selector. Throws `query.parse`. */
  matchers(selector: string): readonly Matcher[];
  /** What is wrong with an expression that is being written. */
  problems(expr: string): readonly ExpressionProblem[];
}

export function createCatalogue(series: () => Iterable<SeriesDefinition>): Catalogue {
  const functions = functionSignatures().map(({ name, signature, doc, status }) => ({
    name,
    signature,
    help: status === 'stable' ? doc : `${doc} (${status === 'ours' ? 'Tapewatch' : 'experimental in Prometheus'})`,
  }));
  const byName = (): Map<string, MetricEntry> => {
    const entries = new Map<string, MetricEntry>();
    for (const { labels, kind, unit, help } of series()) {
      const name = labels.metricName;
      if (!entries.has(name)) entries.set(name, { name, kind, unit, help });
    }
    return entries;
  };
  const units = new Map<string, string>();
  return {
    metrics: () => [...byName().values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    functions: () => functions,
    unitOf(name) {
      // A metric's unit does not change, so what was found once is kept; what was not is looked up again.
      const known = units.get(name);
      if (known !== undefined) return known;
      const unit = byName().get(name)?.unit;
      if (unit === undefined || unit === '') return undefined;
      units.set(name, unit);
      return unit;
    },
    matchers: selectorMatchers,
    problems: problemsOf,
  };
}

function selectorMatchers(selector: string): readonly Matcher[] {
  try {
    const expr = parse(selector);
    if (expr.kind === 'selector') return expr.matchers;
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    throw new TapewatchError('query.parse', `${selector}: ${located(selector, error)}`, { cause: error });
  }
  throw new TapewatchError('query.parse', `${selector} is not a series selector such as up{job="x"}`);
}
