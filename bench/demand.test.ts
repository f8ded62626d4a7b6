import { demandTable, figure, shorterThan, verdictOf, type Bound, type Demand } from './demand.ts';

const demand = (rest: Partial<Demand>): Demand => ({
  name: 'CPU',
  value: 10,
  unit: '%',
  bound: 'at most',
  limit: 40,
  ...rest,
});

it.each<[Bound, number, string]>([
  ['at most', 40, 'met'],
  ['at most', 40.1, 'missed'],
  ['below', 39.9, 'met'],
  ['below', 40, 'missed'],
  ['at least', 40, 'met'],
  ['at least', 39.9, 'missed'],
  ['above', 40.1, 'met'],
  ['above', 40, 'missed'],
])('%s 40: %d is %s', (bound, value, verdict) => {
  expect(verdictOf(demand({ bound, value }))).toBe(verdict);
});

it('tells a goal from a limit, in both directions', () => {
  expect(verdictOf(demand({ goal: 20, value: 20 }))).toBe('goal');
  expect(verdictOf(demand({ goal: 20, value: 21 }))).toBe('met');
  expect(verdictOf(demand({ goal: 20, value: 41 }))).toBe('missed');
  expect(verdictOf(demand({ bound: 'at least', goal: 100, value: 100 }))).toBe('goal');
  expect(verdictOf(demand({ bound: 'at least', goal: 100, value: 99 }))).toBe('met');
});

it('judges neither what was not measured nor what was measured too shortly', () => {
  expect(verdictOf(demand({ value: undefined }))).toBe('not judged');
  expect(verdictOf(demand({ unjudged: 'seconds 5, full 60' }))).toBe('not judged');
  expect(verdictOf(demand({ value: 1_000, unjudged: 'seconds 5, full 60' }))).toBe('not judged');
});

it('misses a demand on a figure that is no number', () => {
  for (const bound of ['at most', 'below', 'at least', 'above'] as const)
    expect(verdictOf(demand({ bound, value: NaN }))).toBe('missed');
});

it('tells which settings of a run are smaller than the full ones', () => {
  expect(shorterThan({ seconds: 60, series: 5_000 }, { seconds: 60, series: 10_000 })).toBe('');
  expect(shorterThan({ seconds: 60, series: 5_000 }, { seconds: 10, series: 100 })).toBe(
    'seconds 10, full 60; series 100, full 5,000',
  );
  expect(shorterThan({ seconds: 60 }, { seconds: NaN })).toBe('seconds NaN, full 60');
});

it('prints a line for each demand, with why it is not judged', () => {
  const demands = [
    demand({ goal: 20, value: 35.44, rows: ['PRF-04'] }),
    demand({ name: 'rate', bound: 'at least', unit: '/s', limit: 1_000_000, value: 999_684.4 }),
    demand({ name: 'memory', value: undefined }),
    demand({ name: 'short', unjudged: 'seconds 5, full 60' }),
  ];
  expect(demandTable(demands)).toEqual({
    CPU: { measured: '35.4 %', demanded: 'at most 40', goal: '20', verdict: 'met', rows: 'PRF-04' },
    rate: { measured: '999,684 /s', demanded: 'at least 1,000,000', goal: '', verdict: 'missed', rows: '' },
    memory: { measured: '', demanded: 'at most 40', goal: '', verdict: 'not judged: not measured', rows: '' },
    short: { measured: '10 %', demanded: 'at most 40', goal: '', verdict: 'not judged: seconds 5, full 60', rows: '' },
  });
  expect(figure(0.001234)).toBe('0.00123');
});
