/** A part of the 500 faults (`npm run bench -- attribution` runs all), and of the runs that measure coverage. */
import { costCoverage } from './cost-experiment.ts';
import { FAULT_KINDS } from './fault-cases.ts';
import { falseName, runFault, summarise } from './fault-experiment.ts';

const FAULTS = 15;

it('names injected slow stages, exactly and with few abstentions (proves: TRC-05)', () => {
  const outcomes = Array.from({ length: FAULTS }, (_, seed) => runFault(seed));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
  const all = summarise(outcomes).find(({ kind }) => kind === 'all');
  expect(all?.rightOfNamed).toBeGreaterThanOrEqual(0.95);
  expect(all?.abstainedOfClear).toBeLessThanOrEqual(0.1);
  expect(all?.sumsExactly).toBe(1);
  // What a chart of p99 by hop would have named.
  expect(all?.highestP99Right).toBeLessThan(all?.rightOfNamed ?? 0);
});

it('names nothing where nothing is slow, although clocks move', () => {
  expect(Array.from({ length: 2 }, (_, seed) => falseName(seed)).filter(Boolean)).toEqual([]);
});

it('the interval of the cost per millisecond covers the truth, and counts every stale fill', () => {
  const cost = costCoverage(40, 0.3);
  // 40 runs at 95 %: fewer than 34 are a matter of 1 in 1,000.
  expect(cost.covered).toBeGreaterThanOrEqual(34 / 40);
  expect(cost.staleCounted).toBe(true);
  expect(cost.naiveCovered).toBeLessThan(0.5);
});
