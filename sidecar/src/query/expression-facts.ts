/**
 * What merging and caching need to know of an expression: its normal form (the same for texts that mean the same), the
 * metrics that it reads, and whether the value at one step depends on nothing but data up to that step (plus a known
 * offset). Only then may old steps be kept when the range moves on.
 */
import {
  DEFAULT_LOOKBACK_MS,
  durationMs,
  METRIC_NAME,
  type At,
  type Duration,
  type EvaluationRange,
  type Expr,
  type VectorSelector,
} from '@tapewatch/core';

export interface ExpressionFacts {
  readonly normal: string;
  /** Undefined when a selector names no metric: then every metric counts. */
  readonly names: ReadonlySet<string> | undefined;
  /** The value at a step is the same in every range that has this step. */
  readonly stepLocal: boolean;
  /** The newest data that a step reads lie this far after it; negative for `offset`. */
  readonly newestOffsetMs: number;
  /** The newest stamp that every step reads because of `@`; -Infinity without one. */
  readonly newestPinnedMs: number;
  /** Nodes of the tree, a measure of the work per series and step. */
  readonly nodes: number;
}

/**
 * Functions that look at one step's data only, and at that of their arguments. One that is not listed is evaluated over
 * the whole range, and any change of any metric counts (`info` reads others), so a new function is safe at once.
 */
const STEP_LOCAL = new Set(
  `abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp clamp_max clamp_min cos
  cosh count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv double_exponential_smoothing
  exp first_over_time floor histogram_avg histogram_count histogram_error_bound histogram_fraction
  histogram_fraction_max histogram_fraction_min histogram_quantile histogram_quantile_lower
  histogram_quantile_reliable histogram_quantile_upper histogram_quantiles
  histogram_stddev histogram_stdvar histogram_sum holt_winters hour idelta increase irate label_join label_replace
  last_over_time ln log10 log2 mad_over_time max_of max_over_time min_of min_over_time minute month pi predict_linear
  present_over_time quantile_over_time rad rate resets round scalar sgn sin sinh sort sort_by_label sort_by_label_desc
  sort_desc sqrt start_timestamp stddev_over_time stdvar_over_time sum_over_time tan tanh time timestamp ts_of_first_over_time
  ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time vector year`.split(/\s+/),
);

interface Surroundings {
  /** How far enclosing subqueries shift what is read, milliseconds into the past. */
  readonly shiftMs: number;
  readonly pinned: number | undefined;
}

export function factsOf(expr: Expr, range: EvaluationRange, lookbackMs = DEFAULT_LOOKBACK_MS): ExpressionFacts {
  const walker = new Walker(range, lookbackMs);
  walker.visit(expr, { shiftMs: 0, pinned: undefined });
  return {
    normal: normalForm(expr),
    names: walker.names,
    stepLocal: walker.stepLocal,
    newestOffsetMs: walker.newestOffsetMs,
    newestPinnedMs: walker.newestPinnedMs,
    nodes: walker.nodes,
  };
}

class Walker {
  names: Set<string> | undefined = new Set();
  stepLocal = true;
  newestOffsetMs = -Infinity;
  newestPinnedMs = -Infinity;
  nodes = 0;
  readonly #range: EvaluationRange;
  readonly #lookbackMs: number;

  constructor(range: EvaluationRange, lookbackMs: number) {
    this.#range = range;
    this.#lookbackMs = lookbackMs;
  }

  visit(expr: Expr, around: Surroundings): void {
    this.nodes++;
    switch (expr.kind) {
      case 'selector':
        return this.#selector(expr, around);
      case 'matrix':
        this.#duration(expr.range);
        return this.#selector(expr.selector, around);
      case 'subquery':
        this.#duration(expr.range);
        if (expr.step !== undefined) this.#duration(expr.step);
        return this.visit(expr.expr, this.#shifted(expr, around));
      case 'call':
        if (!STEP_LOCAL.has(expr.name)) this.#unknown();
        return expr.args.forEach((arg) => this.visit(arg, around));
      case 'binary':
        this.visit(expr.left, around);
        return this.visit(expr.right, around);
      case 'aggregate':
        if (expr.param !== undefined) this.visit(expr.param, around);
        return this.visit(expr.expr, around);
      case 'unary':
      case 'paren':
        return this.visit(expr.expr, around);
      case 'number':
      case 'string':
        return;
    }
  }

  #unknown(): void {
    this.stepLocal = false;
    this.names = undefined;
  }

  #selector(selector: VectorSelector, around: Surroundings): void {
    const named = selector.matchers.find(({ name, operator }) => name === METRIC_NAME && operator === '=');
    if (named === undefined) this.names = undefined;
    else this.names?.add(named.value);
    const { shiftMs, pinned } = this.#shifted(selector, around);
    const reachMs = (selector.extension === 'smoothed' ? this.#lookbackMs : 0) - shiftMs;
    if (pinned === undefined) this.newestOffsetMs = Math.max(this.newestOffsetMs, reachMs);
    else this.newestPinnedMs = Math.max(this.newestPinnedMs, pinned + reachMs);
  }

  #shifted({ offset, at }: { offset?: Duration; at?: At }, around: Surroundings): Surroundings {
    const shiftMs = around.shiftMs + (offset === undefined ? 0 : this.#duration(offset));
    if (at === undefined) return { shiftMs, pinned: around.pinned };
    if (at.kind === 'time') return { shiftMs: shiftMs - around.shiftMs, pinned: at.ms };
    this.stepLocal = false;
    const pinned = at.kind === 'start' ? this.#range.startMs : this.#range.endMs;
    return { shiftMs: shiftMs - around.shiftMs, pinned };
  }

  /** `range()` makes a duration depend on the whole range. */
  #duration(duration: Duration): number {
    if (JSON.stringify(duration).includes('"range"')) this.stepLocal = false;
    return durationMs(duration, this.#range);
  }
}

const normalForms = new WeakMap<Expr, string>();

/** The tree without positions and parentheses, matchers in order. Equal texts of it mean equal answers. */
export function normalForm(expr: Expr): string {
  const known = normalForms.get(expr) ?? normalized(expr);
  normalForms.set(expr, known);
  return known;
}

function normalized(expr: Expr): string {
  return JSON.stringify(expr, (key, value: unknown): unknown => {
    if (key === 'from' || key === 'to') return undefined;
    if (key === 'matchers') return sortedMatchers(value as VectorSelector['matchers']);
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
      return Object.is(value, -0) ? '-0' : String(value);
    }
    let inner = value as { readonly kind?: string; readonly expr?: unknown } | null;
    while (inner?.kind === 'paren') inner = inner.expr as typeof inner;
    return inner;
  });
}

function sortedMatchers(matchers: VectorSelector['matchers']): VectorSelector['matchers'] {
  const text = ({ name, operator, value }: (typeof matchers)[number]): string => `${name}\n${operator}\n${value}`;
  return [...matchers].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
