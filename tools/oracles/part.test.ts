import { compareFigures, DEFAULT_TOLERANCE } from './part.ts';

const outcomes = (...args: Parameters<typeof compareFigures>): object =>
  Object.fromEntries(compareFigures(...args).map(({ name, outcome }) => [name, outcome]));

it('passes what agrees, fails what differs or is ours alone, skips what is the reference alone', () => {
  const ours = { same: 1, near: 1 + 1e-10, far: 1.001, mine: 3, none: null, guessed: 4, withheld: null };
  const reference = { same: 1, near: 1, far: 1, theirs: 2, none: null, guessed: null, withheld: 4 };
  expect(outcomes(ours, reference, {})).toEqual({
    same: 'passed',
    near: 'passed',
    far: 'failed',
    theirs: 'skipped',
    none: 'passed',
    guessed: 'failed',
    withheld: 'failed',
    mine: 'failed',
  });
});

it('takes the tolerance of the longest prefix', () => {
  const wide = { relative: 0.5, absolute: 0 };
  const tolerances = { 'a.': wide, 'a.exact': DEFAULT_TOLERANCE };
  expect(outcomes({ 'a.x': 1.2, 'a.exact.x': 1.2 }, { 'a.x': 1, 'a.exact.x': 1 }, tolerances)).toEqual({
    'a.x': 'passed',
    'a.exact.x': 'failed',
  });
});

it('a tiny figure is compared by its own size when no absolute tolerance is given', () => {
  const tolerances = { tail: { relative: 1e-9, absolute: 0 } };
  expect(outcomes({ tail: 2e-300 }, { tail: 1e-300 }, tolerances)).toEqual({ tail: 'failed' });
});
