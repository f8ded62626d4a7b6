import { LogPositions } from './log-positions.ts';

const known = [
  { log: 'S/c@1', sequence: 4 },
  { log: 'S/c@8', sequence: 9 },
  { log: 'other@2', sequence: 3 },
  { log: '__batch', sequence: 7 },
];

it('goes on from the ranges that were stored, each log by itself', () => {
  const positions = new LogPositions(known);
  expect(positions.add({ log: 'S/c', sequence: 9, after: 8 })).toBeUndefined();
  expect(positions.add({ log: 'S/c', sequence: 10, after: 9 })).toEqual({ from: 8, to: 10 });
  expect(positions.add({ log: 'other', sequence: 9, after: 8 })).toEqual({ from: 9, to: 9 });
});

it('closes the holes below what a reading of the log says is settled, so that they do not stay for ever', () => {
  const positions = new LogPositions(known);
  expect(positions.add({ log: 'S/c', sequence: 10, after: 9, settledThrough: 7 })).toEqual({ from: 1, to: 10 });
  // The second reading of the same log, behind another outage.
  positions.add({ log: 'S/c', sequence: 20, after: 19, settledThrough: 7 });
  expect(positions.add({ log: 'S/c', sequence: 21, after: 20, settledThrough: 19 })).toEqual({ from: 1, to: 21 });
  expect(positions.add({ log: 'S/c', sequence: 15, after: 14, settledThrough: 19 })).toBeUndefined();
});
