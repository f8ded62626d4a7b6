/**
 * How many periods a year has, by the venue's calendar: 252 days for equities, 365 for crypto currencies, 260 for foreign
 * exchange. Bars within a day are counted in the venue's session: a five-minute bar of an equity is one of 78 * 252.
 * Source: DOMAIN conventions of the trade; the sessions are those of US equities (09:30 to 16:00) and of markets without a
 * close.
 */

export const ANNUAL_CALENDARS = ['equities', 'crypto', 'fx'] as const;
export type AnnualCalendar = (typeof ANNUAL_CALENDARS)[number];

interface TradingYear {
  readonly days: number;
  readonly sessionMs: number;
}

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Calendar days between two Januaries, on average of the Gregorian cycle. */
export const DAYS_PER_YEAR = 365.2425;

export const TRADING_YEARS: Readonly<Record<AnnualCalendar, TradingYear>> = {
  equities: { days: 252, sessionMs: 6.5 * HOUR_MS },
  crypto: { days: 365, sessionMs: DAY_MS },
  fx: { days: 260, sessionMs: DAY_MS },
};

/**
 * Periods of `barMs` in a year. From a day on, bars are taken as calendar time (a week is seven days of 365.2425), so a
 * daily bar has the calendar's number of days and a weekly one 52.18.
 */
export function periodsPerYear(calendar: AnnualCalendar, barMs: number): number {
  if (!(barMs > 0)) throw new RangeError(`the width of a bar must be positive, got ${barMs} ms`);
  const { days, sessionMs } = TRADING_YEARS[calendar];
  if (barMs > DAY_MS) return (DAYS_PER_YEAR * DAY_MS) / barMs;
  return barMs === DAY_MS ? days : days * Math.max(1, sessionMs / barMs);
}
