/** What market data feeds publish beside quotes: prints, depth, and exchange rates of currencies. */
import { z } from 'zod';
import { currency, finite, name, nonNegative, positive, sequence, side, text, wireTime } from './wire-field.ts';

/** Levels of one side in one message; more is a dump, not depth. */
export const BOOK_LEVELS_MAX = 1_000;

const levels = z.array(z.tuple([finite, nonNegative])).max(BOOK_LEVELS_MAX);

const feed = {
  time: wireTime.describe('of receipt at the feed handler'),
  exchange_time: wireTime.optional().describe("the exchange's own stamp"),
  venue: name.describe('where; else the first subject token'),
  symbol: name.describe('what; else the second subject token'),
};

/** `tw.trades.<venue>.<symbol>` */
export const wireTrade = z.object({
  id: name.describe("the venue's trade id; duplicates are dropped by (time, venue, symbol, id)"),
  ...feed,
  price: finite.describe('in the quote currency'),
  quantity: positive.describe('in the base asset'),
  aggressor: z
    .union([side, z.literal('')])
    .default('')
    .describe('who took liquidity: `buy`, `sell` or empty'),
});

/** `tw.book.<venue>.<symbol>` */
export const wireBook = z.object({
  ...feed,
  kind: z
    .enum(['snapshot', 'update'])
    .default('snapshot')
    .describe('`snapshot`: all levels that the feed shows; `update`: only those that changed'),
  bids: levels
    .default([])
    .describe(`\`[price, size]\` pairs, best first, at most ${BOOK_LEVELS_MAX}; in an update size 0 removes a level`),
  asks: levels.default([]).describe('the same for the other side'),
  sequence: sequence.optional().describe("the feed's own number, one more with every message; text above 2^53"),
});

/** `tw.fx.<base>.<quote>` */
export const wireFx = z.object({
  time: wireTime.describe('when the rate was made'),
  base: currency.describe('currency of which there is one unit; else the first subject token'),
  quote: currency.describe('currency in which it is priced; else the second subject token'),
  rate: positive.describe('units of `quote` for one unit of `base`'),
  source: text.default('').describe('who says so; duplicates are dropped by (time, base, quote, source)'),
});

export type WireTrade = z.infer<typeof wireTrade>;
export type WireBook = z.infer<typeof wireBook>;
export type WireFx = z.infer<typeof wireFx>;
