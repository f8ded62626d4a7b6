/**
 * What an answer is worth, said with it: how exact a percentile is, and what was read. Averaged percentiles, too few
 * observations and the stored level that answered are said by the engine itself, as warnings and infos.
 */
import { parse, withoutParens, type Expr, type TableStat } from '@tapewatch/core';
import type { PromqlStats } from '../ports.ts';

/** Calls whose values are those of their argument. */
const KEEPING = /^(?:label_|sort|clamp|round$|absent$)/;
const CHOOSING = new Set(['max', 'min', 'topk', 'bottomk', 'limitk', 'limit_ratio']);

export interface Worth {
  readonly stats?: readonly TableStat[];
  readonly description?: string;
}

export function worthOf(expr: string, stats: PromqlStats | undefined): Worth {
  if (stats === undefined) return {};
  const { errorBound } = stats;
  const quantile = errorBound === undefined ? undefined : quantileOf(parse(expr));
  const read: TableStat[] = [
    { name: 'Series read', value: stats.series },
    { name: 'Samples read', value: stats.samples },
    { name: 'Evaluation', value: stats.seconds, unit: 's' },
    { name: 'Answered from the cache', value: stats.cache === 'miss' ? 0 : stats.cache === 'hit' ? 1 : 0.5 },
  ];
  if (errorBound !== undefined && quantile !== undefined) {
    const description = `${percentileName(quantile)}, exact within ${percent(errorBound)}`;
    return { description, stats: [...read, { name: 'Largest error', value: errorBound, unit: 'percentunit' }] };
  }
  return { stats: read };
}

/** The quantile that the values of an expression are; undefined when they are something else. */
function quantileOf(expr: Expr): number | undefined {
  const inner = withoutParens(expr);
  switch (inner.kind) {
    case 'call': {
      const [first, second] = inner.args;
      if (inner.name === 'histogram_quantile') return first?.kind === 'number' ? first.value : undefined;
      const source = first?.kind === 'number' ? second : first;
      return KEEPING.test(inner.name) && source !== undefined ? quantileOf(source) : undefined;
    }
    case 'aggregate':
      return CHOOSING.has(inner.operation) ? quantileOf(inner.expr) : undefined;
    case 'binary':
      return ['>', '<', '>=', '<=', 'and', 'or', 'unless'].includes(inner.operator) && !inner.bool
        ? quantileOf(inner.left)
        : undefined;
    default:
      return undefined;
  }
}

/** 0.99 to `p99`, 0.999 to `p99.9`. */
function percentileName(quantile: number): string {
  return `p${Number((quantile * 100).toPrecision(12))}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
