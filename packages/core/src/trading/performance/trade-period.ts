/**
 * Days and weeks of a trading book, as numbers that grow by one: what profit of the day and of the week is added up over.
 * A desk with a session of its own passes its calendar; the default is UTC, with weeks that begin on Monday (ISO 8601).
 */
import { msFromNanos } from '../../model/time.ts';
import type { TradingCalendar, TradingDay } from '../calendar/trading-calendar.ts';

export interface TradePeriods {
  /** Of a stamp in nanoseconds; equal for all stamps of one day, greater for a later day. */
  readonly dayOf: (timeNanos: bigint) => number;
  readonly weekOf: (timeNanos: bigint) => number;
}

const NANOS_PER_MS = 1_000_000n;
const DAY_NANOS = 86_400_000_000_000n;
/** 1970-01-01 was a Thursday. */
const DAYS_SINCE_MONDAY = 3;

const utcDay = (timeNanos: bigint): number => Number(timeNanos / DAY_NANOS) - (timeNanos % DAY_NANOS < 0n ? 1 : 0);

export const utcPeriods: TradePeriods = {
  dayOf: utcDay,
  weekOf: (timeNanos) => Math.floor((utcDay(timeNanos) + DAYS_SINCE_MONDAY) / 7),
};

/**
 * Days and weeks of a book's calendar, numbered by the millisecond at which they begin. The last ones are remembered,
 * because trades come in order and a calendar looks up time zones.
 */
export function calendarPeriods(calendar: TradingCalendar): TradePeriods {
  return {
    dayOf: remembering((timeMs) => calendar.dayOf(timeMs)),
    weekOf: remembering((timeMs) => calendar.weekOf(timeMs)),
  };
}

function remembering(periodOf: (timeMs: number) => TradingDay): (timeNanos: bigint) => number {
  let last = { startNanos: 0n, endNanos: 0n, number: 0 };
  return (timeNanos) => {
    if (timeNanos < last.startNanos || timeNanos >= last.endNanos) {
      const { startMs, endMs } = periodOf(msFromNanos(timeNanos));
      last = { startNanos: BigInt(startMs) * NANOS_PER_MS, endNanos: BigInt(endMs) * NANOS_PER_MS, number: startMs };
    }
    return last.number;
  };
}
