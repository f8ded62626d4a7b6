import fc from 'fast-check';
import { CommitSchedule } from './commit-schedule.ts';

const T0 = 1_000_000;
const AWAITED = { isEmpty: false, isAwaited: true };
const UNAWAITED = { isEmpty: false, isAwaited: false };
const EMPTY = { isEmpty: true, isAwaited: false };

/** Milliseconds until a commit is wanted, looked at each millisecond from the first row on. */
function waited(schedule: CommitSchedule, batch: typeof AWAITED, fromMs = T0): number {
  for (let ms = 0; ms <= 10_000; ms++) {
    schedule.tick(fromMs + ms, batch);
    if (schedule.isWanted) return ms;
  }
  return Infinity;
}

describe('CommitSchedule', () => {
  it('lets rows wait for an interval, those that nobody waits for four, and nothing for ever', () => {
    expect(waited(new CommitSchedule(250), AWAITED)).toBe(250);
    expect(waited(new CommitSchedule(250), UNAWAITED)).toBe(1_000);
    expect(waited(new CommitSchedule(250), EMPTY)).toBe(Infinity);
  });

  it('answers a request at once, or 60 ms after the last commit began', () => {
    const schedule = new CommitSchedule(250);
    schedule.request();
    expect(waited(schedule, AWAITED)).toBe(0);
    schedule.begin(T0)(T0 + 5);
    schedule.request();
    expect(waited(schedule, AWAITED, T0 + 10)).toBe(50);
    schedule.begin(T0 + 60);
    // Nobody asked since.
    expect(waited(schedule, AWAITED, T0 + 1_000)).toBe(250);
  });

  it('lets a slow store rest between commits as long as one takes, but for the interval at most', () => {
    for (const { tookMs, rests } of [
      { tookMs: 80, rests: 160 },
      { tookMs: 900, rests: 250 },
    ]) {
      const schedule = new CommitSchedule(250);
      schedule.begin(T0)(T0 + tookMs);
      schedule.request();
      expect(waited(schedule, AWAITED)).toBe(rests);
    }
  });

  it('begins no commit of nothing for a request', () => {
    const schedule = new CommitSchedule(250);
    schedule.request();
    expect(waited(schedule, EMPTY)).toBe(Infinity);
  });

  it('never lets a request wait longer than rows', () => {
    const schedule = new CommitSchedule(20);
    schedule.begin(T0);
    schedule.request();
    expect(waited(schedule, AWAITED, T0 + 1)).toBe(19);
  });

  it('waits no longer when the clock is set back', () => {
    for (const byMs of [5, 30, 59, 60, 3_600_000]) {
      const schedule = new CommitSchedule(250);
      schedule.begin(T0);
      schedule.request();
      expect(waited(schedule, AWAITED, T0 - byMs)).toBe(0);
    }
    const back = T0 - 3_600_000;
    const rows = new CommitSchedule(250);
    rows.tick(T0, AWAITED);
    expect(waited(rows, AWAITED, back)).toBe(250);
  });

  it('tells how long the oldest row waits, under way or not', () => {
    const schedule = new CommitSchedule(250);
    expect(schedule.behindMs(T0)).toBe(0);
    schedule.tick(T0, AWAITED);
    expect(schedule.behindMs(T0 + 7)).toBe(7);
    const first = schedule.begin(T0 + 10);
    schedule.tick(T0 + 15, AWAITED);
    expect(schedule.behindMs(T0 + 20)).toBe(20);
    const second = schedule.begin(T0 + 20);
    first(T0 + 20);
    expect(schedule.behindMs(T0 + 30)).toBe(15);
    second(T0 + 30);
    expect(schedule.behindMs(T0 + 30)).toBe(0);
  });

  it('begins commits that requests ask for at most each 60 ms, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 200 }), (gaps) => {
        const schedule = new CommitSchedule(250);
        const begun: number[] = [];
        let now = T0;
        for (const gap of gaps) {
          now += gap;
          schedule.request();
          schedule.tick(now, AWAITED);
          if (!schedule.isWanted) continue;
          schedule.begin(now)(now);
          begun.push(now);
        }
        expect(begun[0]).toBe(T0 + (gaps[0] ?? 0));
        for (let i = 1; i < begun.length; i++) expect((begun[i] ?? 0) - (begun[i - 1] ?? 0)).toBeGreaterThanOrEqual(60);
      }),
    );
  });
});
