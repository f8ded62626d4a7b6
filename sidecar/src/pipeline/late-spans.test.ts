/** What is told of samples that came behind the watermark. */
import type { LateSpan } from '../ports.ts';
import { LateSpans } from './late-spans.ts';

function setUp() {
  const late = new LateSpans(['price', 'latency']);
  const told: LateSpan[][] = [];
  const stop = late.onLate((spans) => told.push([...spans]));
  return { late, told, stop };
}

it('tells oldest, newest and the sealed windows, by metric and once', () => {
  const { late, told } = setUp();
  for (const second of [125, 101, 109, 133]) late.note(1, second, 141);
  late.note(0, 138, 141);
  late.tell();
  late.tell();
  expect(told).toEqual([
    [
      // The window from 130 on is sealed at 141, a second behind the ladder's mark; the one that holds 138 too.
      { name: 'latency', oldestMs: 101_000, newestMs: 133_999, windowsMs: [100_000, 120_000, 130_000] },
      { name: 'price', oldestMs: 138_000, newestMs: 138_999, windowsMs: [130_000] },
    ],
  ]);
});

it('tells no window that is still open, and begins anew each time', () => {
  const { late, told, stop } = setUp();
  late.note(0, 95, 100);
  late.tell();
  late.note(0, 95, 101);
  late.tell();
  expect(told.map(([span]) => span?.windowsMs)).toEqual([[], [90_000]]);
  stop();
  late.note(0, 1, 101);
  late.tell();
  expect(told).toHaveLength(2);
});

it('grows with the names', () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `metric_${i}`);
  const late = new LateSpans(names);
  const told: string[] = [];
  late.onLate((spans) => told.push(...spans.map(({ name }) => name)));
  for (const name of [3, 999, 500]) late.note(name, 10, 100);
  late.tell();
  expect(told).toEqual(['metric_3', 'metric_999', 'metric_500']);
});
