/**
 * Wall clocks of IANA time zones, from the runtime's own zone data (Intl). A wall time that a clock skips in spring means
 * the moment it jumps to; one that it shows twice in autumn means the first. As `Temporal`'s disambiguation `compatible`.
 */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly minuteOfDay: number;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const HOUR_MS = 3_600_000;

export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** Offsets change on whole quarters of an hour; one look-up serves all stamps of one. Bounded by `MAX_OFFSETS`. */
  readonly #offsets = new Map<number, number>();

  /** Throws a RangeError that names a zone which is not known. */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  }

  /** Milliseconds that the zone's clock is ahead of UTC. */
  offsetMs(timeMs: number): number {
    const quarter = Math.floor(timeMs / (HOUR_MS / 4));
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      if (this.#offsets.size >= MAX_OFFSETS) this.#offsets.clear();
      this.#offsets.set(quarter, (offset = this.#ask(quarter * (HOUR_MS / 4))));
    }
    return offset;
  }

  #ask(timeMs: number): number {
    const parts: Partial<Record<string, number>> = {};
    for (const { type, value } of this.#format.formatToParts(timeMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - timeMs;
  }

  wallTime(timeMs: number): WallTime {
    const local = new Date(timeMs + this.offsetMs(timeMs));
    return {
      year: local.getUTCFullYear(),
      month: local.getUTCMonth() + 1,
      day: local.getUTCDate(),
      minuteOfDay: local.getUTCHours() * 60 + local.getUTCMinutes(),
    };
  }

  /** The moment at which the clock shows `wall`. `day` may lie outside of its month, as in `Date.UTC`. */
  timeMs({ year, month, day, minuteOfDay }: WallTime): number {
    const local = Date.UTC(year, month - 1, day) + minuteOfDay * MINUTE_MS;
    // Offsets before and after any change that is near; both readings agree except around one.
    const before = local - this.offsetMs(local - DAY_MINUTES * MINUTE_MS);
    if (this.offsetMs(before) === local - before) return before;
    const after = local - this.offsetMs(local + DAY_MINUTES * MINUTE_MS);
    if (this.offsetMs(after) === local - after) return after;
    // Skipped: the offset before the jump leads past it.
    return before;
  }
}

const MAX_OFFSETS = 50_000;
