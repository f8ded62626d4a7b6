/** What the documents of all trading queries have in common. */
import { z } from 'zod';

export const TRADING_DIMENSIONS = ['strategy', 'venue', 'symbol', 'side', 'account'] as const;
export const tradingDimension = z.enum(TRADING_DIMENSIONS);

export const tradingFilters = z
  .object({
    strategy: z.array(z.string()).default([]),
    venue: z.array(z.string()).default([]),
    symbol: z.array(z.string()).default([]),
    account: z.array(z.string()).default([]),
  })
  .prefault({});

/** Where the days of a book end, and which days it has. */
export const tradingCalendar = z.object({
  /** IANA name, such as `America/New_York`. */
  timeZone: z.string().default('UTC'),
  /** Wall time at which the day ends; `00:00` is midnight. What comes later belongs to the next date. */
  close: z.string().default('00:00'),
  /** Wall time at which trading begins: bars within a day that lie outside of the session do not count. Absent: all do. */
  open: z.string().optional(),
  /** False: Saturday and Sunday belong to the next trading day. */
  weekends: z.boolean().default(true),
  /** Dates without trading, `YYYY-MM-DD`. */
  holidays: z.array(z.string()).max(1_000).default([]),
});
