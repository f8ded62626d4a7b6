/**
 * Native histogram literals: `{{schema:1 sum:2.5 count:3 z_bucket:1 z_bucket_w:0.001 buckets:[1 0 2] offset:-1
 * n_buckets:[1] n_offset:2 counter_reset_hint:gauge}}`. Prometheus numbers a bucket by its upper bound, one more than
 * OpenTelemetry and we do.
 */
import { type BucketCounts, type CounterReset, ExponentialHistogram } from '@tapewatch/core';

const FIELD = /([a-z_]+):(\[[^\]]*\]|\S+)\s*/y;
const HINTS: Readonly<Record<string, CounterReset>> = {
  gauge: 'gauge',
  reset: 'reset',
  not_reset: 'not_reset',
  unknown: 'unknown',
};

export function parseHistogram(text: string): ExponentialHistogram {
  const body = text.slice(2, -2).trim();
  const fields = new Map<string, string>();
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < body.length) {
    const match = FIELD.exec(body);
    if (match === null) throw new Error(`bad histogram ${text}`);
    fields.set(match[1] as string, match[2] as string);
  }
  const histogram = emptyHistogram(fields);
  for (const [name, value] of fields) setField(histogram, name, { value, fields });
  return histogram;
}

function emptyHistogram(fields: ReadonlyMap<string, string>): ExponentialHistogram {
  const zeroThreshold = Number(fields.get('z_bucket_w') ?? 0);
  if (fields.get('schema') === '-53') {
    return new ExponentialHistogram({ customBounds: numbersOf(fields.get('custom_values') ?? '[]') });
  }
  return new ExponentialHistogram({ scale: Number(fields.get('schema') ?? 0), zeroThreshold });
}

function setField(
  histogram: ExponentialHistogram,
  name: string,
  { value, fields }: { value: string; fields: ReadonlyMap<string, string> },
): void {
  switch (name) {
    case 'schema':
    case 'z_bucket_w':
    case 'offset':
    case 'n_offset':
    case 'custom_values':
      return;
    case 'sum':
      histogram.sum = numberOf(value);
      return;
    case 'count':
      histogram.count = numberOf(value);
      return;
    case 'z_bucket':
      histogram.zeroCount = numberOf(value);
      return;
    case 'buckets':
      return fill(histogram.positive, value, firstIndex(histogram, fields.get('offset')));
    case 'n_buckets':
      return fill(histogram.negative, value, firstIndex(histogram, fields.get('n_offset')));
    case 'counter_reset_hint': {
      const hint = HINTS[value];
      if (hint === undefined) throw new Error(`unknown counter reset hint ${value}`);
      histogram.counterReset = hint;
      return;
    }
    default:
      throw new Error(`unknown histogram field ${name}`);
  }
}

/** Custom bounds are counted from 0 by us as well. */
function firstIndex({ customBounds }: ExponentialHistogram, offset = '0'): number {
  return Number(offset) - (customBounds === undefined ? 1 : 0);
}

function numbersOf(list: string): number[] {
  return list
    .slice(1, -1)
    .trim()
    .split(/\s+/)
    .filter((text) => text !== '')
    .map(numberOf);
}

function numberOf(text: string): number {
  return Number(text.replace(/inf/i, 'Infinity'));
}

function fill(side: BucketCounts, list: string, first: number): void {
  numbersOf(list).forEach((count, i) => {
    if (count !== 0) side.set(first + i, count);
  });
}
