/**
 * The days of a book: a trading day ends at the close, on the wall clock of the book's time zone, and carries the date of
 * that close; what happens after it belongs to the next one. Weekends and holidays are no trading days: what happens on
 * them belongs to the trading day that follows. Weeks are ISO weeks of those dates. Days are 23 or 25 hours long where
 * the clock changes.
 */
import { TimeZone } from './time-zone.ts';

export interface CalendarOptions {
  /** IANA name. */
  readonly timeZone: string;
  /** Wall time at which the day ends, `HH:MM`; `00:00` is the midnight after the date. */
  readonly close: string;
  /** Wall time at which trading begins, `HH:MM`: on the date of the close, or on the evening before it. Absent: at the close before. */
  readonly open?: string | undefined;
  /** Whether Saturday and Sunday are trading days. */
  readonly weekends: boolean;
  /** Dates without trading, `YYYY-MM-DD`. */
  readonly holidays: readonly string[];
}

export const UTC_DAYS: CalendarOptions = { timeZone: 'UTC', close: '00:00', weekends: true, holidays: [] };

export interface TradingDay {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const MAX_CLOSED_DAYS = 366;

export class TradingCalendar {
  readonly #zone: TimeZone;
  readonly #closeMinute: number;
  readonly #openMinute: number | undefined;
  readonly #weekends: boolean;
  readonly #holidays: ReadonlySet<string>;

  /** Throws a RangeError that names an unknown zone, or a close or a holiday that cannot be read. */
  constructor({ timeZone, open, close, weekends, holidays }: CalendarOptions) {
    this.#zone = new TimeZone(timeZone);
    const minute = minuteOf('close', close);
    this.#closeMinute = minute === 0 ? 1_440 : minute;
    this.#openMinute = open === undefined ? undefined : minuteOf('open', open);
    this.#weekends = weekends;
    const wrong = holidays.find((date) => Number.isNaN(Date.parse(`${date}T00:00:00Z`)) || date.length !== 10);
    if (wrong !== undefined) throw new RangeError(`the holiday "${wrong}" is not a date; write one such as 2026-12-25`);
    this.#holidays = new Set(holidays);
  }

  isTradingDay(date: string): boolean {
    if (this.#holidays.has(date)) return false;
    const weekday = new Date(dateMs(date)).getUTCDay();
    return this.#weekends || (weekday !== 0 && weekday !== 6);
  }

  /** The trading day that a moment belongs to. */
  dayOf(timeMs: number): TradingDay {
    const { year, month, day } = this.#zone.wallTime(timeMs);
    let date = dateOf(Date.UTC(year, month - 1, day));
    if (timeMs >= this.#closeMs(date)) date = shift(date, 1);
    return this.#endingOn(this.#next(date, 1));
  }

  /**
   * Whether a bar that ends at this moment lies in a session: after its open, and not after its close. The first bar of a
   * session has what happened since the last one.
   */
  endsInSession(timeMs: number): boolean {
    if (this.#openMinute === undefined) return true;
    const { date, endMs } = this.dayOf(timeMs - 1);
    const opened = this.#openMinute < this.#closeMinute ? date : shift(date, -1);
    return timeMs > this.#wallMs(opened, this.#openMinute) && timeMs <= endMs;
  }

  /** The trading day after, or before, another one. */
  dayAfter({ date }: TradingDay): TradingDay {
    return this.#endingOn(this.#next(shift(date, 1), 1));
  }

  dayBefore({ date }: TradingDay): TradingDay {
    return this.#endingOn(this.#next(shift(date, -1), -1));
  }

  /** From the first trading day's start to the last one's end, of the ISO week of a moment's trading day. */
  weekOf(timeMs: number): TradingDay {
    const { date } = this.dayOf(timeMs);
    const monday = shift(date, -((new Date(dateMs(date)).getUTCDay() + 6) % 7));
    const first = this.#endingOn(this.#next(monday, 1));
    const last = this.#endingOn(this.#next(shift(monday, 6), -1));
    return { date: monday, startMs: first.startMs, endMs: last.endMs };
  }

  /** Days or weeks that overlap a range, in order. `max` bounds the list: what lies before is left out. */
  periodsWithin(kind: 'day' | 'week', startMs: number, endMs: number, max: number): TradingDay[] {
    const of = (timeMs: number): TradingDay => (kind === 'day' ? this.dayOf(timeMs) : this.weekOf(timeMs));
    const periods = [of(endMs)];
    while (periods.length < max && (periods[0] as TradingDay).startMs > startMs)
      periods.unshift(of((periods[0] as TradingDay).startMs - 1));
    return periods;
  }

  #endingOn(date: string): TradingDay {
    const before = this.#next(shift(date, -1), -1);
    return { date, startMs: this.#closeMs(before), endMs: this.#closeMs(date) };
  }

  /** `date` itself, when it is a trading day, else the nearest one in a direction. */
  #next(date: string, direction: 1 | -1): string {
    let at = date;
    for (let tried = 0; tried < MAX_CLOSED_DAYS; tried++, at = shift(at, direction))
      if (this.isTradingDay(at)) return at;
    throw new RangeError(`the calendar has no trading day within a year of ${date}: its holidays leave none`);
  }

  #closeMs(date: string): number {
    return this.#wallMs(date, this.#closeMinute);
  }

  #wallMs(date: string, minuteOfDay: number): number {
    const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
    return this.#zone.timeMs({ year, month, day, minuteOfDay });
  }
}

function minuteOf(name: string, wallTime: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(wallTime);
  if (match === null) throw new RangeError(`the ${name} "${wallTime}" is not a wall time; write one such as 17:00`);
  return Number(match[1]) * 60 + Number(match[2]);
}

function dateMs(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function shift(date: string, days: number): string {
  return dateOf(dateMs(date) + days * DAY_MS);
}
