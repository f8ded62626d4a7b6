/**
 * `npm run bench -- promql`: what the engine itself costs, without store and network. Seeded series in memory; each query
 * is warmed up and then timed a number of times in CPU time, so that other programs matter little.
 */
import {
  CumulativeHistograms,
  distributionData,
  evaluate,
  type EvaluationRange,
  ExponentialHistogram,
  histogramColumnsOf,
  Labels,
  parse,
  plan,
  type SeriesData,
} from '@tapewatch/core';
import { compileCapturing } from '../sidecar/src/query/capturing-regex.ts';

const END_MS = 1_700_003_600_000;
const INTERVAL_MS = 15_000;
const ROUNDS = 7;
const VENUES = 20;

interface Case {
  readonly name: string;
  readonly query: string;
  readonly range: EvaluationRange;
  readonly series: readonly SeriesData[];
}

/** Prints a table and, as the last line, one JSON object. */
export interface PromqlResult {
  readonly name: string;
  readonly query: string;
  readonly cpuMsMedian: number;
  readonly cpuMsMin: number;
}

export function benchPromql(): PromqlResult[] {
  return cases().map((one) => {
    const times = measure(one);
    const [min, median] = [times[0] as number, times[times.length >> 1] as number];
    console.log(`${one.name.padEnd(60)} CPU median ${median.toFixed(1)} ms, least ${min.toFixed(1)} ms`);
    return { name: one.name, query: one.query, cpuMsMedian: median, cpuMsMin: min };
  });
}

function measure({ query, range, series }: Case): number[] {
  const times: number[] = [];
  const expr = parse(query);
  for (let round = 0; round < ROUNDS + 2; round++) {
    const started = process.cpuUsage();
    const planned = plan(expr, range, { text: query });
    const data = planned.selects.map(() => series);
    evaluate(planned, data, { regex: compileCapturing });
    // The first two rounds warm up.
    const { user, system } = process.cpuUsage(started);
    if (round >= 2) times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b);
}

function cases(): Case[] {
  const instant: EvaluationRange = { startMs: END_MS, endMs: END_MS, stepMs: 0 };
  const hour: EvaluationRange = { startMs: END_MS - 3_540_000, endMs: END_MS, stepMs: 60_000 };
  const thousand = counters(1_000, 260);
  const many = counters(5_000, 300);
  const distributions = histograms(1_000, 25);
  const dense = deltas(200, 960, 960);
  const sparse = deltas(2_500, 60, 60);
  const quarter: EvaluationRange = { startMs: END_MS - 895_000, endMs: END_MS, stepMs: 5_000 };
  return [
    { name: '1,000 series, 60 steps: rate', query: 'rate(fills_total[5m])', range: hour, series: thousand },
    { name: '1,000 series, 60 steps: selector', query: 'fills_total', range: hour, series: thousand },
    {
      name: '1,000 series, 60 steps: sum by (venue) (rate)',
      query: 'sum by (venue) (rate(fills_total[5m]))',
      range: hour,
      series: thousand,
    },
    {
      name: '1,000 series, 60 steps: topk',
      query: 'topk(10, rate(fills_total[5m]))',
      range: hour,
      series: thousand,
    },
    {
      name: '1,000 series, 60 steps: a / on(...) a',
      query: 'rate(fills_total[5m]) / on(venue, instance) rate(fills_total[1m])',
      range: hour,
      series: thousand,
    },
    {
      name: '5,000 series of 300 samples, instant: sum by (venue) (rate)',
      query: 'sum by (venue) (rate(fills_total[5m]))',
      range: instant,
      series: many,
    },
    {
      name: '1,000 distributions, instant: p99 by venue',
      query: 'histogram_quantile(0.99, sum by (venue) (rate(ack_seconds[5m])))',
      range: instant,
      series: distributions,
    },
    {
      name: '200 distributions as deltas, 180 steps: p99 by venue',
      query: 'histogram_quantile(0.99, sum by (venue) (rate(ack_seconds[1m])))',
      range: quarter,
      series: dense,
    },
    {
      name: '2,500 distributions as deltas, instant: p99 by venue',
      query: 'histogram_quantile(0.99, sum by (venue) (rate(ack_seconds[1m])))',
      range: instant,
      series: sparse,
    },
  ];
}

function labelsOf(name: string, index: number): Labels {
  return Labels.from({ __name__: name, venue: `venue-${index % VENUES}`, instance: `host-${index}`, strategy: 'mm' });
}

function counters(series: number, samples: number): SeriesData[] {
  const next = generator(20_261_121);
  return Array.from({ length: series }, (_, index) => {
    const timesMs = Array.from({ length: samples }, (_unused, i) => END_MS - (samples - 1 - i) * INTERVAL_MS);
    let total = 0;
    const values = timesMs.map(() => (total = next() < 0.002 ? 0 : total + Math.floor(next() * 50)));
    return { labels: labelsOf('fills_total', index), timesMs, values };
  });
}

function histograms(series: number, samples: number): SeriesData[] {
  const next = generator(20_261_122);
  return Array.from({ length: series }, (_, index) => {
    const timesMs = Array.from({ length: samples }, (_unused, i) => END_MS - (samples - 1 - i) * INTERVAL_MS);
    let current = new ExponentialHistogram();
    const points = timesMs.map(() => {
      current = current.clone();
      for (let i = 0; i < 40; i++) current.observe(0.002 * Math.exp(1.2 * (next() + next() + next() - 1.5)));
      return current;
    });
    return { labels: labelsOf('ack_seconds', index), timesMs, values: timesMs.map(() => NaN), histograms: points };
  });
}

/** Windows of a second with ten observations each, in the form in which the store hands them over. */
function deltas(series: number, seconds: number, span: number): SeriesData[] {
  const next = generator(20_261_123);
  return Array.from({ length: series }, (_, index) => {
    const rows = Array.from({ length: seconds }, () => {
      const histogram = new ExponentialHistogram();
      for (let i = 0; i < 10; i++) histogram.observe(0.002 * Math.exp(1.2 * (next() + next() + next() - 1.5)));
      return histogram.encode();
    });
    const timesMs = rows.map((_unused, i) => END_MS - (span - 1 - i) * 1_000);
    const columns = histogramColumnsOf(rows);
    const ends = Uint32Array.from(rows, (_unused, i) => i + 1);
    const source = { columns, rows: Uint32Array.from(rows, (_unused, i) => i), ends, baseCount: 1_000 };
    const head = { labels: labelsOf('ack_seconds', index), levelsMs: [1_000] };
    return distributionData(head, timesMs, new CumulativeHistograms(source, () => undefined));
  });
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
