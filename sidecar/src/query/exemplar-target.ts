/**
 * What an expression asks of exemplars: each selector in it with the quantile that is taken of it and the aggregation
 * that its series are brought together by. Series of one group make one line of the chart, so they share their exemplars.
 */
import {
  located,
  METRIC_NAME,
  parse,
  PromqlError,
  type Aggregate,
  type Expr,
  type Labels,
  type Matcher,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import { roundUp } from './step.ts';

/** Exemplars of one group that are chosen by quantile: as many as a chart can show apart. */
const MAX_SLICES = 60;
const CHOOSING: ReadonlySet<Aggregate['operation']> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio'] as const);
/** Of a classic histogram; its buckets are one distribution. */
const BUCKET_LABEL = 'le';

export interface ExemplarTarget {
  readonly matchers: readonly Matcher[];
  /** Undefined outside of `histogram_quantile`. */
  readonly quantile: number | undefined;
  /** The aggregation that the percentile is taken of; undefined: of each series. */
  readonly grouping: Grouping | undefined;
}

type Grouping = Pick<Aggregate, 'grouping' | 'without'>;

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Each once. Throws `query.parse`. */
export function exemplarTargets(expr: string): ExemplarTarget[] {
  const targets = new Map<string, ExemplarTarget>();
  collect(parsed(expr), { quantile: undefined, grouping: undefined }, (target) =>
    targets.set(JSON.stringify(target), target),
  );
  return [...targets.values()];
}

/** The metric that a selector names, if it names one. */
export function nameOf({ matchers }: ExemplarTarget): string | undefined {
  return matchers.find(({ name, operator }) => name === METRIC_NAME && operator === '=')?.value;
}

interface Measured {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number;
}

/** Of each group and slice of time the one at the quantile, by nearest rank. O(n log n). */
export function chooseByQuantile<T extends Measured>(
  all: readonly T[],
  { quantile, grouping }: { readonly quantile: number; readonly grouping: Grouping | undefined },
  span: Span,
): T[] {
  const sliceMs = roundUp(Math.max(1, (span.endMs - span.startMs) / MAX_SLICES));
  const byGroup = new Map<string, Map<number, T[]>>();
  for (const one of all) {
    const group = groupKey(one.labels, grouping);
    const bySlice = byGroup.get(group) ?? new Map<number, T[]>();
    byGroup.set(group, bySlice);
    const slice = Math.floor(one.timeMs / sliceMs);
    const slot = bySlice.get(slice);
    if (slot === undefined) bySlice.set(slice, [one]);
    else slot.push(one);
  }
  return [...byGroup.values()].flatMap((bySlice) => [...bySlice.values()].map((list) => atQuantile(list, quantile)));
}

/** The nearest rank: the smallest value that at least the share `q` of them does not exceed. */
function atQuantile<T extends Measured>(list: readonly T[], q: number): T {
  const sorted = [...list].sort((a, b) => a.value - b.value);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(q * sorted.length)));
  return sorted[rank - 1] as T;
}

/** The same for series that the aggregation makes one of. */
function groupKey(labels: Labels, grouping: Grouping | undefined): string {
  const isKept = ([name]: readonly [string, string]): boolean => {
    if (name === BUCKET_LABEL) return false;
    if (grouping === undefined) return true;
    return name !== METRIC_NAME && grouping.grouping.includes(name) !== grouping.without;
  };
  return JSON.stringify(labels.pairs.filter(isKept));
}

type Asked = Pick<ExemplarTarget, 'quantile' | 'grouping'>;

function collect(expr: Expr, asked: Asked, add: (target: ExemplarTarget) => void): void {
  const within = (inner: Expr, change: Partial<Asked> = {}): void => collect(inner, { ...asked, ...change }, add);
  switch (expr.kind) {
    case 'selector':
      return add({ matchers: expr.matchers, ...asked });
    case 'matrix':
      return within(expr.selector);
    case 'call': {
      const [first] = expr.args;
      const isQuantile = expr.name === 'histogram_quantile' && first?.kind === 'number';
      const quantile = isQuantile && !Number.isNaN(first.value) ? first.value : asked.quantile;
      return expr.args.forEach((arg) => within(arg, { quantile }));
    }
    case 'binary':
      within(expr.left);
      return within(expr.right);
    case 'aggregate':
      // The innermost one makes the histogram; what chooses among series changes no group.
      if (CHOOSING.has(expr.operation)) return within(expr.expr);
      return within(expr.expr, { grouping: { grouping: expr.grouping, without: expr.without } });
    case 'subquery':
    case 'unary':
    case 'paren':
      return within(expr.expr);
    case 'number':
    case 'string':
      return;
  }
}

function parsed(expr: string): Expr {
  try {
    return parse(expr);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    const { from, to } = error;
    throw new TapewatchError('query.parse', located(expr, error), { cause: error, details: { from, to } });
  }
}
