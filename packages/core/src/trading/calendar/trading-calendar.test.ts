import fc from 'fast-check';
import { TimeZone } from './time-zone.ts';
import { TradingCalendar, UTC_DAYS, type CalendarOptions } from './trading-calendar.ts';

const at = (text: string): number => Date.parse(text);
const iso = (timeMs: number): string => new Date(timeMs).toISOString();
const HOUR = 3_600_000;

describe('TimeZone', () => {
  it.each([
    ['America/New_York', { year: 2026, month: 7, day: 1 }, '2026-07-01T21:00:00.000Z'],
    ['America/New_York', { year: 2026, month: 1, day: 5 }, '2026-01-05T22:00:00.000Z'],
    ['Asia/Kolkata', { year: 2026, month: 1, day: 5 }, '2026-01-05T11:30:00.000Z'],
    ['Australia/Lord_Howe', { year: 2026, month: 7, day: 1 }, '2026-07-01T06:30:00.000Z'],
  ])('17:00 in %s on %p', (name, date, expected) => {
    expect(iso(new TimeZone(name).timeMs({ ...date, minuteOfDay: 17 * 60 }))).toBe(expected);
  });

  it('takes the moment after the jump for a wall time that is skipped, and the first of two', () => {
    const zone = new TimeZone('Europe/Berlin');
    const skipped = { year: 2026, month: 3, day: 29, minuteOfDay: 150 };
    expect(iso(zone.timeMs(skipped))).toBe('2026-03-29T01:30:00.000Z');
    expect(iso(zone.timeMs({ year: 2026, month: 10, day: 25, minuteOfDay: 150 }))).toBe('2026-10-25T00:30:00.000Z');
  });

  it('finds the moment again from its wall time, except in the hour that comes twice', () => {
    const zone = new TimeZone('America/New_York');
    fc.assert(
      fc.property(fc.integer({ min: at('2020-01-01') / 60_000, max: at('2030-01-01') / 60_000 }), (minute) => {
        const timeMs = minute * 60_000;
        const found = zone.timeMs(zone.wallTime(timeMs));
        expect([0, HOUR]).toContain(timeMs - found);
        if (timeMs !== found) expect(zone.offsetMs(found)).toBe(zone.offsetMs(timeMs) + HOUR);
      }),
    );
  });

  it('names a zone that is not known', () => {
    expect(() => new TimeZone('Mars/Olympus')).toThrow(/Mars\/Olympus/);
  });
});

describe('TradingCalendar', () => {
  const futures = new TradingCalendar({
    timeZone: 'America/New_York',
    close: '17:00',
    weekends: false,
    holidays: ['2026-11-26'],
  });

  it('ends the day at the close, and what follows belongs to the next date', () => {
    expect(futures.dayOf(at('2026-11-17T21:59:59.999Z')).date).toBe('2026-11-17');
    expect(futures.dayOf(at('2026-11-17T22:00:00Z'))).toEqual({
      date: '2026-11-18',
      startMs: at('2026-11-17T22:00:00Z'),
      endMs: at('2026-11-18T22:00:00Z'),
    });
  });

  it('has a short day in spring and a long one in autumn', () => {
    const always = new TradingCalendar({ timeZone: 'Europe/Berlin', close: '00:00', weekends: true, holidays: [] });
    const hours = (text: string): number => {
      const { startMs, endMs } = always.dayOf(at(text));
      return (endMs - startMs) / HOUR;
    };
    expect([hours('2026-03-29T12:00Z'), hours('2026-10-25T12:00Z'), hours('2026-06-01T12:00Z')]).toEqual([23, 25, 24]);
    expect(iso(always.dayOf(at('2026-03-29T12:00Z')).startMs)).toBe('2026-03-28T23:00:00.000Z');
  });

  it('gives weekends and holidays to the trading day that follows', () => {
    expect(futures.dayOf(at('2026-11-21T12:00Z')).date).toBe('2026-11-23');
    expect(futures.dayOf(at('2026-11-26T12:00Z'))).toMatchObject({
      date: '2026-11-27',
      startMs: at('2026-11-25T22:00Z'),
    });
    expect(futures.dayBefore(futures.dayOf(at('2026-11-27T12:00Z'))).date).toBe('2026-11-25');
    expect(futures.dayAfter(futures.dayOf(at('2026-11-25T12:00Z'))).date).toBe('2026-11-27');
  });

  it('begins the week at the close before its first trading day', () => {
    const week = futures.weekOf(at('2026-11-27T12:00Z'));
    expect([week.date, iso(week.startMs), iso(week.endMs)]).toEqual([
      '2026-11-23',
      '2026-11-20T22:00:00.000Z',
      '2026-11-27T22:00:00.000Z',
    ]);
  });

  it('covers all of time once: each day starts where the one before ended', () => {
    fc.assert(
      fc.property(fc.integer({ min: at('2024-01-01'), max: at('2028-01-01') }), (timeMs) => {
        const day = futures.dayOf(timeMs);
        expect(day.startMs <= timeMs && timeMs < day.endMs).toBe(true);
        expect(futures.dayOf(day.startMs).date).toBe(day.date);
        expect(futures.dayOf(day.endMs)).toEqual(futures.dayAfter(day));
        expect(futures.dayBefore(day).endMs).toBe(day.startMs);
      }),
    );
  });

  it('has sessions: bars after the open until the close, on trading days, whatever the clock does', () => {
    const stocks = { timeZone: 'America/New_York', open: '09:30', close: '16:00', weekends: false, holidays: [] };
    const ends = (from: string, days: number, options: CalendarOptions): string[] =>
      Array.from({ length: days * 48 }, (_, i) => at(from) + i * (HOUR / 2))
        .filter((timeMs) => new TradingCalendar(options).endsInSession(timeMs))
        .map(iso);
    // Friday before the clock changes in spring, the weekend, Monday after it.
    const halfHours = ends('2026-03-06T00:00Z', 4, stocks);
    expect(halfHours).toHaveLength(2 * 13);
    expect([halfHours[0], halfHours[12], halfHours[13], halfHours[25]]).toEqual([
      ...['2026-03-06T15:00:00.000Z', '2026-03-06T21:00:00.000Z'],
      ...['2026-03-09T14:00:00.000Z', '2026-03-09T20:00:00.000Z'],
    ]);
    // A session that begins on the evening before.
    const evening = { ...stocks, timeZone: 'America/Chicago', open: '17:00' };
    const night = ends('2026-01-05T00:00Z', 1, evening);
    expect([night[0], night.at(-1)]).toEqual(['2026-01-05T00:00:00.000Z', '2026-01-05T23:30:00.000Z']);
    expect(night).not.toContain('2026-01-05T22:30:00.000Z');
    expect(ends('2026-01-03T00:00Z', 1, { ...stocks, open: undefined })).toHaveLength(48);
  });

  it('is midnight to midnight by default', () => {
    const day = new TradingCalendar(UTC_DAYS).dayOf(at('2026-11-21T12:00Z'));
    expect([iso(day.startMs), iso(day.endMs)]).toEqual(['2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z']);
  });

  it.each([
    [{ close: '25:00' }, /25:00/],
    [{ open: '9.30' }, /the open "9.30"/],
    [{ holidays: ['Christmas'] }, /Christmas/],
    [{ timeZone: 'Mars/Olympus' }, /Mars/],
  ])('refuses %p and names it', (wrong, message) => {
    expect(() => new TradingCalendar({ ...UTC_DAYS, ...wrong })).toThrow(message);
  });
});
