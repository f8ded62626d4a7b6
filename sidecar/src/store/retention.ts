/**
 * How long each table is kept, in hours. Defaults: raw samples a day, 1 s windows a week, 10 s windows and events one
 * year, 1 min and 1 h windows three years. The horizon tells readers from where on a level is complete, so that they
 * turn to a wider one before it.
 */
import { msFromNanos, NANOS_PER_SECOND, type EventTable } from '@tapewatch/core';
import { z } from 'zod';
import type { Level } from './level.ts';

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
  minuteWindowsHours: hours.default(3 * YEAR).describe('1 min windows'),
  hourWindowsHours: hours.default(3 * YEAR).describe('1 h windows'),
  ordersHours: hours.default(YEAR),
  fillsHours: hours.default(YEAR),
  quotesHours: hours.default(YEAR),
  marketTradesHours: hours.default(YEAR),
  bookLevelsHours: hours.default(YEAR),
  positionsHours: hours.default(YEAR).describe('balances and positions of accounts'),
  signalsHours: hours.default(YEAR).describe('decisions of agents'),
  cashFlowsHours: hours.default(YEAR),
  fxRatesHours: hours.default(YEAR),
  exchangeStatusHours: hours.default(YEAR),
  spansHours: hours.default(YEAR),
  healthResultsHours: hours.default(YEAR),
  eventsHours: hours.default(YEAR).describe('business events'),
  deadLettersHours: hours.default(YEAR),
  transitionsHours: hours.default(YEAR).describe('alert history; open alerts are always kept'),
});

export type Retention = z.infer<typeof retentionOptions>;

export const DEFAULT_RETENTION: Retention = retentionOptions.parse({});

/** Seconds since the epoch from which on raw samples and each level are complete; 0 while nothing was ever removed. */
export type Horizon = Readonly<Record<Level | 'raw', number>>;

export const ENDLESS: Horizon = { raw: 0, '1s': 0, '10s': 0, '1m': 0, '1h': 0 };

/** Rows that are older than these stamps are to go. */
export interface Cutoffs {
  readonly horizon: Horizon;
  readonly events: Readonly<Record<EventTable, bigint>>;
  readonly transitions: bigint;
}

/** The grid of each cutoff: the width of the next wider level, so that both join without a gap or an overlap. */
export const GRID_SECONDS: Horizon = { raw: 10, '1s': 10, '10s': 60, '1m': 3_600, '1h': 3_600 };

export function cutoffsAt(nowNanos: bigint, retention: Retention): Cutoffs {
  const before = (keepHours: number) => nowNanos - BigInt(Math.round(keepHours * 3_600)) * NANOS_PER_SECOND;
  const horizonOf = (level: keyof Horizon, keepHours: number): number => {
    const seconds = Math.floor(msFromNanos(before(keepHours)) / 1_000);
    return Math.max(0, Math.floor(seconds / GRID_SECONDS[level]) * GRID_SECONDS[level]);
  };
  return {
    horizon: {
      raw: horizonOf('raw', retention.samplesHours),
      '1s': horizonOf('1s', retention.secondWindowsHours),
      '10s': horizonOf('10s', retention.tenSecondWindowsHours),
      '1m': horizonOf('1m', retention.minuteWindowsHours),
      '1h': horizonOf('1h', retention.hourWindowsHours),
    },
    events: {
      orders: before(retention.ordersHours),
      fills: before(retention.fillsHours),
      quotes: before(retention.quotesHours),
      market_trades: before(retention.marketTradesHours),
      book_levels: before(retention.bookLevelsHours),
      positions: before(retention.positionsHours),
      signals: before(retention.signalsHours),
      cash_flows: before(retention.cashFlowsHours),
      fx_rates: before(retention.fxRatesHours),
      exchange_status: before(retention.exchangeStatusHours),
      spans: before(retention.spansHours),
      health_results: before(retention.healthResultsHours),
      events: before(retention.eventsHours),
      dead_letters: before(retention.deadLettersHours),
    },
    transitions: before(retention.transitionsHours),
  };
}

/** No later than a moment, in seconds. */
export function cutoffsUntil({ horizon, events, transitions }: Cutoffs, second: number): Cutoffs {
  const nanos = BigInt(second) * NANOS_PER_SECOND;
  const earlier = (a: bigint): bigint => (a < nanos ? a : nanos);
  const each = <K extends string, V>(values: Readonly<Record<K, V>>, limit: (value: V, key: K) => V): Record<K, V> =>
    Object.fromEntries(Object.entries<V>(values).map(([key, value]) => [key, limit(value, key as K)])) as Record<K, V>;
  return {
    horizon: each(horizon, (at, level) => Math.min(at, Math.floor(second / GRID_SECONDS[level]) * GRID_SECONDS[level])),
    events: each(events, earlier),
    transitions: earlier(transitions),
  };
}

/** What was deleted stays deleted when the clock has gone back. */
export function laterHorizon(a: Horizon, b: Horizon): Horizon {
  return {
    raw: Math.max(a.raw, b.raw),
    '1s': Math.max(a['1s'], b['1s']),
    '10s': Math.max(a['10s'], b['10s']),
    '1m': Math.max(a['1m'], b['1m']),
    '1h': Math.max(a['1h'], b['1h']),
  };
}
