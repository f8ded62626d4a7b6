/**
 * How long each table is kept, in hours. Defaults: raw samples a day, 1 s windows a week, 10 s windows and events one
 * year. The horizon tells readers from where on a table is complete, so that they turn to a rollup before it.
 */
import { floorTo, msFromNanos, NANOS_PER_SECOND, type EventTable } from '@tapewatch/core';
import { z } from 'zod';

const DAY = 24;
const YEAR = 365 * DAY;
const hours = z
  .number()
  .positive()
  .max(100 * YEAR);

export const retentionOptions = z.strictObject({
  samplesHours: hours.default(DAY).describe('raw samples and ready-made histograms'),
  secondWindowsHours: hours.default(7 * DAY).describe('1 s windows'),
  tenSecondWindowsHours: hours.default(YEAR).describe('10 s windows'),
  ordersHours: hours.default(YEAR),
  fillsHours: hours.default(YEAR),
  quotesHours: hours.default(YEAR),
  healthResultsHours: hours.default(YEAR),
  deadLettersHours: hours.default(YEAR),
  transitionsHours: hours.default(YEAR).describe('alert history; open alerts are always kept'),
});

export type Retention = z.infer<typeof retentionOptions>;

export const DEFAULT_RETENTION: Retention = retentionOptions.parse({});

/** Rows that are older than these stamps are to go. */
export interface Cutoffs {
  readonly samples: bigint;
  /**
   * A window goes when it ends at or before its level's cutoff. This one stands on the grid of 10 s, so that 10 s
   * windows up to it and 1 s windows from it on are the whole without overlap.
   */
  readonly secondWindows: bigint;
  readonly tenSecondWindows: bigint;
  readonly events: Readonly<Record<EventTable, bigint>>;
  readonly transitions: bigint;
}

const TEN_SECONDS = 10n * NANOS_PER_SECOND;

export function cutoffsAt(nowNanos: bigint, retention: Retention): Cutoffs {
  const before = (keepHours: number) => nowNanos - BigInt(Math.round(keepHours * 3_600)) * NANOS_PER_SECOND;
  return {
    samples: before(retention.samplesHours),
    secondWindows: floorTo(before(retention.secondWindowsHours), TEN_SECONDS),
    tenSecondWindows: before(retention.tenSecondWindowsHours),
    events: {
      orders: before(retention.ordersHours),
      fills: before(retention.fillsHours),
      quotes: before(retention.quotesHours),
      health_results: before(retention.healthResultsHours),
      dead_letters: before(retention.deadLettersHours),
    },
    transitions: before(retention.transitionsHours),
  };
}

/** Milliseconds from which on a table is complete; -Infinity while nothing was ever removed. */
export interface Horizon {
  readonly rawFromMs: number;
  readonly secondsFromMs: number;
}

export function horizonOf({ samples, secondWindows }: Cutoffs): Horizon {
  // A millisecond that the cutoff divides is no longer complete.
  return { rawFromMs: msFromNanos(samples - 1n) + 1, secondsFromMs: msFromNanos(secondWindows) };
}

/** What was deleted stays deleted when the clock has gone back. */
export function laterHorizon(a: Horizon, b: Horizon): Horizon {
  return {
    rawFromMs: Math.max(a.rawFromMs, b.rawFromMs),
    secondsFromMs: Math.max(a.secondsFromMs, b.secondsFromMs),
  };
}

export const ENDLESS: Horizon = { rawFromMs: -Infinity, secondsFromMs: -Infinity };
