import { Handover } from './handover.ts';

const FORGOTTEN = { sinceMs: 1_000, untilMs: 2_000 };

async function isSettled(work: Promise<void> | undefined): Promise<boolean> {
  let settled = false;
  void work?.then(() => (settled = true));
  await jest.advanceTimersByTimeAsync(0);
  return settled;
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('lets those wait for the commit whose range begins in what memory let go, and nobody else', async () => {
  const handover = new Handover();
  expect(handover.settling(1_500)).toBeUndefined();
  let commit = (): void => undefined;
  handover.begin(FORGOTTEN, new Promise<void>((resolve) => (commit = resolve)));
  expect([999, 2_000].map((ms) => handover.settling(ms))).toEqual([undefined, undefined]);
  const waits = [1_000, 1_999].map((ms) => handover.settling(ms));
  expect(await isSettled(waits[0])).toBe(false);
  commit();
  expect(await isSettled(waits[0])).toBe(true);
  expect(await isSettled(waits[1])).toBe(true);
  expect(handover.settling(1_500)).toBeUndefined();
});

it.each([
  ['fails', () => Promise.reject(new Error('the disk is full'))],
  ['takes too long', () => new Promise<void>(() => undefined)],
])('waits no more for a commit that %s', async (_, commit) => {
  const handover = new Handover();
  handover.begin(FORGOTTEN, commit());
  const wait = handover.settling(1_500);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(await isSettled(wait)).toBe(true);
  expect(handover.settling(1_500)).toBeUndefined();
});
