/**
 * Exemplars of an expression from both sources: orders, which are found in their rows, and what publishers sent, as far
 * as it is kept in memory. Of the latter those of all matching series, or inside `histogram_quantile` for each group and
 * slice of time the one whose value is the quantile of those kept.
 */
import { compileMatchers, type Labels } from '@tapewatch/core';
import type { Exemplar, ExemplarSeries, FindExemplars, KeptExemplars, StoreReader } from '../ports.ts';
import { compileRegex } from '../regex.ts';
import { chooseByQuantile, exemplarTargets, type ExemplarTarget, type Span } from './exemplar-target.ts';
import { refuseTooManyRows } from './limit.ts';
import { orderExemplars, type FoundExemplar } from './order-exemplar.ts';

export interface ExemplarSources {
  readonly reader: StoreReader;
  readonly kept: KeptExemplars;
}

export function exemplarFinder({ reader, kept }: ExemplarSources): FindExemplars {
  return async (expr, span, signal) => {
    const targets = exemplarTargets(expr);
    const orders = await Promise.all(targets.map((target) => orderExemplars(target, span, reader, signal)));
    return bySeries([...orders.flat(), ...targets.flatMap((target) => sentExemplars(target, span, kept))]);
  };
}

function sentExemplars(target: ExemplarTarget, span: Span, kept: KeptExemplars): FoundExemplar[] {
  const series = kept.select(compileMatchers(target.matchers, compileRegex), span);
  refuseTooManyRows(
    series.reduce((sum, { exemplars }) => sum + exemplars.length, 0),
    'exemplars',
  );
  const all = series.flatMap(({ labels, exemplars }) =>
    exemplars.map(({ timeMs, value, labels: own }) => ({ labels, timeMs, value, own })),
  );
  const { quantile, grouping } = target;
  return quantile === undefined ? all : chooseByQuantile(all, { quantile, grouping }, span);
}

/** Each exemplar once: two selectors of an expression may read one series. */
function bySeries(found: readonly FoundExemplar[]): ExemplarSeries[] {
  const series = new Map<string, { readonly labels: Labels; readonly exemplars: Map<string, Exemplar> }>();
  for (const { labels, timeMs, value, own } of found) {
    const known = series.get(labels.key) ?? { labels, exemplars: new Map<string, Exemplar>() };
    series.set(labels.key, known);
    known.exemplars.set(JSON.stringify([timeMs, value, own]), { timeMs, value, labels: own });
  }
  return [...series.values()].map(({ labels, exemplars }) => ({
    labels,
    exemplars: [...exemplars.values()].sort((a, b) => a.timeMs - b.timeMs),
  }));
}
