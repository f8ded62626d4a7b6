/**
 * Seeded series with the traits that break engines: counter resets, gaps longer than the lookback, late starts and early
 * ends, NaN and infinities, negative values, classic buckets. Stamps lie in the first half of their second and queries
 * are asked at the half, so that no sample stands on the edge of a window (2.x and 3.x treat that edge differently).
 */
import { ExponentialHistogram, Labels, type SeriesData } from '@tapewatch/core';

export const START_MS = 1_700_000_000_000;
export const LENGTH_MS = 3_600_000;
const INTERVAL_MS = 15_000;
/** Counters stay above it, so that no extrapolation reaches zero (see expressions.ts). */
const COUNTER_FLOOR = 1_000_000;
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];

/** Mulberry32: a small generator with a full period of 2^32. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function marketData(seed: number): SeriesData[] {
  const next = random(seed);
  const series: SeriesData[] = [];
  const venues = ['XNAS', 'BATS', 'ARCX'];
  const strategies = ['mm', 'arb', 'twap'];
  for (const venue of venues) {
    series.push(
      walk({ __name__: 'venue_weight', venue, region: venue === 'ARCX' ? 'west' : 'east' }, next, { around: 2 }),
    );
    for (const strategy of strategies) {
      series.push(count({ __name__: 'fills_total', venue, strategy }, next));
      series.push(count({ __name__: 'rejects_total', venue, strategy, reason: 'risk' }, next));
      series.push(walk({ __name__: 'pnl_usd', venue, strategy }, next, { around: 0 }));
      series.push(walk({ __name__: 'latency_seconds', venue, strategy }, next, { around: 0.004 }));
    }
    series.push(...buckets({ venue }, next));
  }
  series.push(special(next));
  // After the others, so that their values do not depend on these.
  for (const venue of venues) {
    for (const strategy of strategies) {
      series.push(native({ __name__: 'fill_seconds', venue, strategy }, next));
    }
  }
  return series;
}

/** A cumulative native histogram with resets; the floor stands in the zero bucket. */
function native(labels: Record<string, string>, next: () => number): SeriesData {
  const timesMs = stamps(next);
  let current = emptyHistogram();
  const histograms = timesMs.map(() => {
    current = next() < 0.01 ? emptyHistogram() : current.clone();
    const observations = Math.floor(next() * 30);
    for (let i = 0; i < observations; i++) current.observe((next() - 0.1) * Math.exp(4 * next()) * 0.01);
    return current;
  });
  return { labels: Labels.from(labels), timesMs, values: timesMs.map(() => NaN), histograms };
}

function emptyHistogram(): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale: 4, zeroThreshold: 1e-4 });
  histogram.observe(0, COUNTER_FLOOR);
  return histogram;
}

function stamps(next: () => number): number[] {
  const times: number[] = [];
  const first = next() < 0.2 ? Math.floor(next() * 600_000) : 0;
  const last = next() < 0.2 ? LENGTH_MS - Math.floor(next() * 600_000) : LENGTH_MS;
  const gapAt = next() < 0.3 ? next() * LENGTH_MS : Infinity;
  for (let time = first; time < last; time += INTERVAL_MS) {
    const inGap = time > gapAt && time < gapAt + 420_000;
    if (inGap || next() < 0.02) continue;
    const whole = Math.floor((START_MS + time + next() * 2_000) / 1000) * 1000;
    times.push(whole + 1 + Math.floor(next() * 490));
  }
  return times.filter((time, i) => i === 0 || time > (times[i - 1] as number));
}

function build(labels: Record<string, string>, next: () => number, value: () => number): SeriesData {
  const timesMs = stamps(next);
  return { labels: Labels.from(labels), timesMs, values: timesMs.map(value) };
}

function count(labels: Record<string, string>, next: () => number): SeriesData {
  let total = COUNTER_FLOOR + Math.floor(next() * 1000);
  const pace = 1 + next() * 40;
  return build(labels, next, () => {
    total = next() < 0.01 ? COUNTER_FLOOR : total + Math.floor(next() * pace);
    return total;
  });
}

function walk(labels: Record<string, string>, next: () => number, { around }: { around: number }): SeriesData {
  let value = around;
  const scale = around === 0 ? 100 : around / 10;
  return build(labels, next, () => {
    value += (next() - 0.5) * scale;
    return around === 0 ? value : Math.abs(value);
  });
}

function special(next: () => number): SeriesData {
  const odd = [NaN, Infinity, -Infinity, 0];
  return build({ __name__: 'odd_value', venue: 'XNAS' }, next, () => {
    return next() < 0.2 ? (odd[Math.floor(next() * odd.length)] as number) : next();
  });
}

function buckets(labels: Record<string, string>, next: () => number): SeriesData[] {
  const timesMs = stamps(next);
  const uppers = [...BOUNDS, Infinity];
  const totals = uppers.map((_, k) => COUNTER_FLOOR * (k + 1));
  const values: number[][] = uppers.map(() => []);
  for (const _ of timesMs) {
    for (let i = 0; i < 20; i++) {
      const latency = 0.003 * Math.exp((next() + next() + next() - 1.5) * 2);
      uppers.forEach((upper, k) => (totals[k] = (totals[k] as number) + Number(latency <= upper)));
    }
    uppers.forEach((_upper, k) => values[k]?.push(totals[k] as number));
  }
  return uppers.map((upper, k) => ({
    labels: Labels.from({ __name__: 'ack_seconds_bucket', ...labels, le: upper === Infinity ? '+Inf' : String(upper) }),
    timesMs,
    values: values[k] as number[],
  }));
}
