import { bootstrapMean, bootstrapRatio, defaultBlockLength } from './block-bootstrap.ts';
import { normalQuantile } from './normal-quantile.ts';
import { seededUniform } from './seeded-generator.ts';

/** Neighbours depend on each other: x(t) = phi x(t-1) + e(t), with mean 0. */
function autoregressive(n: number, phi: number, seed: number): number[] {
  const uniform = seededUniform(seed);
  let value = 0;
  return Array.from(
    { length: n },
    () => (value = phi * value + normalQuantile((uniform() * (2 ** 32 - 1) + 0.5) / 2 ** 32)),
  );
}

function coverage(blockLength: number | undefined): number {
  const runs = 120;
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const uniform = seededUniform(10_000 + run);
    const options = { uniform, replicates: 199, ...(blockLength === undefined ? {} : { blockLength }) };
    const mean = bootstrapMean(autoregressive(300, 0.6, run), options);
    if (mean !== null && (mean.lower as number) <= 0 && (mean.upper as number) >= 0) covered++;
  }
  return covered / runs;
}

it('covers the mean of observations that depend on their neighbours, which single draws do not', () => {
  const blocks = coverage(undefined);
  const singles = coverage(1);
  expect(blocks).toBeGreaterThan(0.84);
  expect(singles).toBeLessThan(0.76);
  expect(defaultBlockLength(400)).toBe(15);
});

it('gives the same interval for the same seed, and another one for another', () => {
  const values = autoregressive(100, 0.3, 1);
  const of = (seed: number) => bootstrapMean(values, { uniform: seededUniform(seed) });
  expect(of(1)).toEqual(of(1));
  expect(of(1)?.lower).not.toBe(of(2)?.lower);
  expect(of(1)?.value).toBe(of(2)?.value);
});

it('weighs, says no interval for few observations, and nothing without weight', () => {
  const options = { uniform: seededUniform(1) };
  expect(bootstrapRatio([2, 30], [1, 3], options)).toEqual({ value: 8, lower: null, upper: null });
  expect(bootstrapRatio([], [], options)).toBeNull();
  expect(bootstrapRatio([1, 2], [0, 0], options)).toBeNull();
});

it('is a point where all observations are equal', () => {
  expect(bootstrapMean(new Float64Array(20).fill(3), { uniform: seededUniform(1) })).toEqual({
    value: 3,
    lower: 3,
    upper: 3,
  });
});
