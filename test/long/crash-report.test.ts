/** The verdict over kills must see each thing that row 1 forbids. */
import { type CrashReport, judgeOrders, NO_FAULTS, RESUME_LIMIT_MS, wrongWith } from './crash-report.ts';

const GOOD: CrashReport = {
  ...{ runs: 5, messages: 100, lost: 0, doubled: 0, foreign: 0, samples: 180, events: 10 },
  ...{ resumeMsMedian: RESUME_LIMIT_MS - 1, resumeMsMax: 60_000, faults: NO_FAULTS },
};

it('finds nothing wrong with a clean run, though a single start was slow', () => {
  expect(wrongWith(GOOD)).toEqual([]);
});

it.each<[string, Partial<CrashReport>]>([
  ['no kill', { runs: 0 }],
  ['no message', { messages: 0 }],
  ['no sample', { samples: 0 }],
  ['no order step', { events: 0 }],
  ['one lost', { lost: 1 }],
  ['one doubled', { doubled: 1 }],
  ['one foreign', { foreign: 1 }],
  ['a fault of the ledger', { faults: { ...NO_FAULTS, foreign: ['s1/7'] } }],
  ['a fault of the orders', { faults: { ...NO_FAULTS, orders: ['lost o-1'] } }],
  ['slow starts', { resumeMsMedian: RESUME_LIMIT_MS }],
  ['no start that was timed', { resumeMsMedian: NaN }],
])('finds wrong: %s', (_, changed) => {
  expect(wrongWith({ ...GOOD, ...changed })).toHaveLength(1);
});

it('judges orders by id: one lost and one doubled do not cancel out', () => {
  const acknowledged = new Set(['o-1', 'o-2', 'o-3']);
  // o-4 went out, and its acknowledgement never came back: it may be there or not.
  const published = { sent: new Set([...acknowledged, 'o-4']), acknowledged };
  const once = (ids: readonly string[]) => new Map(ids.map((id) => [id, 1] as const));
  const clean = { missing: [], doubled: [], foreign: [] };
  expect(judgeOrders(published, once(['o-1', 'o-2', 'o-3']))).toEqual(clean);
  expect(judgeOrders(published, once(['o-1', 'o-2', 'o-3', 'o-4']))).toEqual(clean);
  const stored = new Map([...once(['o-1', 'x-1']), ['o-2', 2] as const]);
  expect(judgeOrders(published, stored)).toEqual({ missing: ['o-3'], doubled: ['o-2: 2 rows'], foreign: ['x-1'] });
});
