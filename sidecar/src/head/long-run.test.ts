/** A day of a desk on virtual time: what the head keeps in memory is bounded by its two limits, the whole day. */
import { Labels, METRIC_NAME, type SeriesDefinition } from '@tapewatch/core';
import type { ColumnBatch } from '../ports.ts';
import { Head } from './head.ts';

const T0 = 1_700_000_000;
const HOUR = 3_600;
const COUNT = 4;
const SERIES: SeriesDefinition[] = Array.from({ length: COUNT }, (_, i) => ({
  id: i + 1,
  labels: Labels.from({ [METRIC_NAME]: i % 2 === 0 ? 'depth' : 'ack_seconds', n: String(i) }),
  kind: i % 2 === 0 ? 'gauge' : 'distribution',
  stream: 'a',
  unit: '',
  help: '',
}));

/** One sample of each series. */
function batchAt(second: number): ColumnBatch {
  const samples = {
    seriesIds: Uint32Array.from(SERIES, ({ id }) => id),
    seconds: new Uint32Array(COUNT).fill(second),
    nanos: new Uint32Array(COUNT),
    values: Float64Array.from(SERIES, ({ id }) => 0.001 * (1 + ((second * id) % 97))),
  };
  return { series: [], samples, histograms: [], events: [], transitions: [], positions: [] };
}

/** Bytes at the end of each hour, and how far back the head is complete at the end, seconds. */
function day(limits: { readonly keepMs: number; readonly maxBytes: number }): { bytes: number[]; kept: number } {
  let now = T0 * 1_000;
  const head = new Head({ ...limits, startMs: 0, now: () => now, streams: ['a'], scale: 7 }, SERIES);
  const bytes: number[] = [];
  for (let second = 1; second <= 24 * HOUR; second++) {
    head.append(batchAt(T0 + second));
    now += 1_000;
    head.seal('a', T0 + second, new Map());
    if (second % 10 === 0) head.evict();
    if (second % HOUR === 0) bytes.push(head.bytes);
  }
  return { bytes, kept: (now - head.completeSinceMs) / 1_000 };
}

it('keeps to its limits of time and of memory for a day, and both can be set (proves: STO-10)', () => {
  const byTime = day({ keepMs: 2 * HOUR * 1_000, maxBytes: 1e9 });
  expect(byTime.kept).toBe(2 * HOUR);
  // Full after two hours; from then on a plateau, give or take the memory that is given back in pieces.
  const plateau = byTime.bytes[2] as number;
  for (const bytes of byTime.bytes.slice(2)) expect(bytes).toBeLessThan(plateau * 1.3);

  expect(day({ keepMs: HOUR * 1_000, maxBytes: 1e9 }).kept).toBe(HOUR);

  const maxBytes = Math.round(plateau / 2);
  const byMemory = day({ keepMs: 24 * HOUR * 1_000, maxBytes });
  expect(byMemory.kept).toBeLessThan(2 * HOUR);
  for (const bytes of byMemory.bytes) expect(bytes).toBeLessThan(maxBytes * 1.3);
});
