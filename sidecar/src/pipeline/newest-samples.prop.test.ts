import fc from 'fast-check';
import { NewestSamples } from './newest-samples.ts';

it('knows the newest sample of any series again, and no other', () => {
  const sample = fc.record({
    series: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constantFrom(1_023, 1_024, 5_000)),
    seconds: fc.integer({ min: 1, max: 2 }),
    nanos: fc.integer({ min: 0, max: 1 }),
    value: fc.constantFrom(0, 1, NaN, Infinity),
    ends: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
      const newest = new NewestSamples();
      const model = new Map<number, string>();
      for (const { series, seconds, nanos, value, ends } of samples) {
        const key = `${seconds} ${nanos} ${value}`;
        expect(newest.isRepeat(series, seconds, nanos, value)).toBe(model.get(series) === key);
        model.set(series, key);
        if (!ends) continue;
        newest.forget(series);
        model.delete(series);
      }
    }),
  );
});
