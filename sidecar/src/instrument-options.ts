/**
 * Instruments whose unit is not one unit of what is traded: futures with a multiplier, and inverse (coin-margined)
 * contracts, which are priced in one currency and settle in another. What is not listed is spot.
 */
import type { ContractOf } from '@tapewatch/core';
import { z } from 'zod';

const MAX_INSTRUMENTS = 10_000;

export const instrumentOptions = z
  .array(
    z
      .strictObject({
        symbol: z.string().min(1),
        venue: z.string().default('').describe('empty: at every venue that has no entry of its own'),
        multiplier: z
          .number()
          .positive()
          .max(1e9)
          .default(1)
          .describe('units of the asset in one contract; of an inverse one, units of the currency of its price'),
        inverse: z.boolean().default(false).describe('profit is quantity * multiplier * (1 / entry - 1 / exit)'),
        currency: z
          .string()
          .default('')
          .describe(
            'in which it settles; needed where that is not the currency of its fills, as with inverse contracts',
          ),
      })
      .refine(({ inverse, currency }) => !inverse || currency !== '', {
        path: ['currency'],
        message: 'an inverse contract needs the currency in which it settles, such as BTC',
      }),
  )
  .max(MAX_INSTRUMENTS)
  .refine((list) => new Set(list.map(({ venue, symbol }) => nameOf(venue, symbol))).size === list.length, {
    message: 'an instrument is listed twice; keep one entry of each symbol and venue',
  })
  .default([]);

export type InstrumentOptions = z.output<typeof instrumentOptions>;

export function contractsOf(instruments: InstrumentOptions): ContractOf {
  const known = new Map(
    instruments.map(({ venue, symbol, multiplier, inverse, currency }) => [
      nameOf(venue, symbol),
      { multiplier, inverse, ...(currency === '' ? {} : { currency }) },
    ]),
  );
  return ({ venue, symbol }) => known.get(nameOf(venue, symbol)) ?? known.get(nameOf('', symbol));
}

function nameOf(venue: string, symbol: string): string {
  return `${venue}\u0000${symbol}`;
}
