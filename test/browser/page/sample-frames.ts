/**
 * Seeded latency histograms as `heatmap-cells` frames: two venues, a slow hop in the middle, few samples at the end.
 * The buckets are those of the sidecar (scale 7), built by the same code.
 */
import { ExponentialHistogram } from '@tapewatch/core';
import type { DataFrame } from '@grafana/data';
import { plainFrame } from '../../../plugins/panels/percentile/src/plain-frame.ts';

export const START_MS = Date.UTC(2026, 2, 4, 14, 30);
export const STEP_MS = 15_000;
export const STEPS = 120;
export const END_MS = START_MS + STEPS * STEP_MS;

/** Mulberry32: small, seeded, good enough for a picture. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function gaussian(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

export function latencyFrame(venue: string, { seed, median }: { seed: number; median: number }): DataFrame {
  const next = random(seed);
  const columns = { xMax: [] as number[], yMin: [] as number[], yMax: [] as number[], count: [] as number[] };
  for (let step = 1; step <= STEPS; step++) {
    const histogram = new ExponentialHistogram({ scale: 7 });
    const slow = step > 60 && step < 78 ? 3.5 : 1;
    const samples = step > 100 ? 300 : 2500;
    const drift = 1 + 0.25 * Math.sin(step / 9);
    for (let i = 0; i < samples; i++) {
      const tail = next() < 0.015 ? 6 : 1;
      histogram.observe(median * drift * slow * tail * Math.exp(0.28 * gaussian(next)));
    }
    if (step > 84 && step < 90) continue;
    for (const bucket of histogram.buckets()) {
      columns.xMax.push(START_MS + step * STEP_MS);
      columns.yMin.push(bucket.lower);
      columns.yMax.push(bucket.upper);
      columns.count.push(bucket.count);
    }
  }
  return plainFrame({
    meta: { type: 'heatmap-cells' },
    fields: [
      { name: 'xMax', type: 'time', values: columns.xMax, config: { interval: STEP_MS } },
      { name: 'yMin', type: 'number', values: columns.yMin, config: { unit: 's' } },
      { name: 'yMax', type: 'number', values: columns.yMax, config: { unit: 's' } },
      { name: 'count', type: 'number', values: columns.count, labels: { venue } },
    ],
  });
}

export function sampleFrames(kind: string): DataFrame[] {
  const both = (): DataFrame[] => [
    latencyFrame('XNAS', { seed: 7, median: 0.0008 }),
    latencyFrame('BATS', { seed: 11, median: 0.002 }),
  ];
  switch (kind) {
    case 'latency':
      return both();
    case 'empty':
      return [];
    case 'wrong-shape':
      return [
        plainFrame({
          fields: [
            { name: 'Time', type: 'time', values: [START_MS, END_MS] },
            { name: 'Value', type: 'number', values: [1, 2] },
          ],
        }),
      ];
    default:
      throw new Error(`sample frames ${kind}: expected latency, empty or wrong-shape`);
  }
}
