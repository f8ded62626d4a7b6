/** Whatever sizes batches have: each holds what was added, and the room for a large one does not stay for good. */
import fc from 'fast-check';
import type { Quote } from '@tapewatch/core';
import { quoteOf, T0 } from '../store/store.fixture.ts';
import { BatchBuilder } from './batch-builder.ts';

function fill(builder: BatchBuilder, rows: number): void {
  for (let i = 0; i < rows; i++) builder.addSample(i + 1, 100 + i, i, i / 2);
}

it('hands over exactly what was added, batch after batch', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 6 }), (sizes) => {
      const builder = new BatchBuilder();
      for (const rows of sizes) {
        fill(builder, rows);
        const { samples } = builder.take().batch;
        expect(samples.values).toHaveLength(rows);
        expect(samples.values.every((value, i) => value === i / 2 && samples.seriesIds[i] === i + 1)).toBe(true);
        expect(samples.seconds.every((second, i) => second === 100 + i && samples.nanos[i] === i)).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

it('gives the room of a large batch back within a few small ones, and keeps it for batches of its size', () => {
  const builder = new BatchBuilder();
  fill(builder, 300_000);
  builder.take();
  const large = builder.room;
  expect(large).toBeGreaterThanOrEqual(300_000);
  fill(builder, 100_000);
  builder.take();
  expect(builder.room).toBe(large);
  for (let i = 0; i < 10; i++) {
    fill(builder, 1_000);
    builder.take();
  }
  expect(builder.room).toBeLessThanOrEqual(8_192);
});

it('events are whole after a small batch has followed a large one', () => {
  const builder = new BatchBuilder();
  const bidsOf = (rows: number): readonly unknown[] => {
    for (let i = 0; i < rows; i++) builder.addEvent(quoteOf(T0 + BigInt(i), i) satisfies Quote);
    const [quotes] = builder.take().batch.eventBatches ?? [];
    return Array.from((quotes?.columns['bid'] as { items: Float64Array }).items);
  };
  for (const rows of [10_000, 3, 5_000, 1]) expect(bidsOf(rows)).toEqual(Array.from({ length: rows }, (_, i) => i));
});
