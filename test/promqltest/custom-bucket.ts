/** `load_with_nhcb`: what classic bucket series say, once more as native histograms with custom buckets. */
import type { Labels } from '@tapewatch/core';
import { ExponentialHistogram } from '@tapewatch/core';
import type { SequenceValue, SeriesLine } from './series-notation.ts';

const CLASSIC = /^(.*)_(bucket|sum|count)$/;

interface Family {
  readonly labels: Labels;
  readonly buckets: { upper: number; values: readonly SequenceValue[] }[];
  sums: readonly SequenceValue[];
}

export function customBucketSeries(series: readonly SeriesLine[]): SeriesLine[] {
  const families = new Map<string, Family>();
  for (const { labels, values } of series) {
    const [, base, part] = CLASSIC.exec(labels.metricName) ?? [];
    if (base === undefined || part === 'count') continue;
    const own = labels.without(['le']).with('__name__', base);
    const family = families.get(own.key) ?? { labels: own, buckets: [], sums: [] };
    families.set(own.key, family);
    if (part === 'sum') family.sums = values;
    else family.buckets.push({ upper: Number(labels.get('le').replace('+Inf', 'Infinity')), values });
  }
  return [...families.values()].filter(({ buckets }) => buckets.length > 0).map(toLine);
}

function toLine({ labels, buckets, sums }: Family): SeriesLine {
  buckets.sort((a, b) => a.upper - b.upper);
  const customBounds = buckets.map(({ upper }) => upper).filter(Number.isFinite);
  const length = Math.max(...buckets.map(({ values }) => values.length));
  const values = Array.from({ length }, (_, i): SequenceValue => {
    const cumulative = buckets.map(({ values: list }) => list[i]?.value);
    if (cumulative.some((count) => count === undefined)) return {};
    const histogram = new ExponentialHistogram({ customBounds });
    cumulative.forEach((count, k) => {
      const own = (count as number) - (cumulative[k - 1] ?? 0);
      if (own !== 0) histogram.positive.set(k, own);
    });
    histogram.count = cumulative.at(-1) as number;
    histogram.sum = sums[i]?.value ?? 0;
    return { histogram };
  });
  return { labels, values };
}
