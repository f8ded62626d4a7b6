/** What accounts hold, cash that comes and goes, decisions of agents, and how connections to exchanges stand. */
import { z } from 'zod';
import { currency, finite, identifier, name, nonNegative, positive, share, text, wireTime } from './wire-field.ts';

/** `tw.positions.<account>.<venue>` */
export const wirePosition = z.object({
  time: wireTime.describe('of the count; duplicates are dropped by (time, account, venue, strategy, symbol, kind)'),
  kind: z
    .enum(['position', 'balance'])
    .default('position')
    .describe('`position` in an instrument; `balance` of a currency or asset'),
  account: name.describe('whose; else the first subject token'),
  venue: text.default('').describe('where it lies; else the second subject token'),
  symbol: name.describe('the instrument; of a balance the currency or asset'),
  strategy: text.default('').describe('who holds it'),
  quantity: finite.describe('negative is short; in the base asset, of a balance in its own unit'),
  average_price: finite.nullable().default(null).describe('paid on average, in `currency`'),
  mark: finite.nullable().default(null).describe('price at which one unit is valued, in `currency`'),
  currency: currency.default('USD').describe('of the prices'),
  limit: positive.nullable().default(null).describe('largest absolute quantity that is allowed; null for none'),
  max_positions: positive
    .nullable()
    .default(null)
    .describe('how many positions the account may hold at once; null for no limit'),
});

/** `tw.cash.<account>` */
export const wireCash = z
  .object({
    id: name.describe('unique; a repeat is dropped'),
    time: wireTime.describe('when it was booked'),
    kind: z
      .enum(['deposit', 'withdrawal', 'funding', 'fee', 'dividend', 'interest'])
      .describe('`deposit`, `withdrawal`, `funding`, `fee`, `dividend`, `interest`'),
    account: name.describe('whose; else the first subject token'),
    currency: currency.describe('of the amount'),
    amount: finite.describe('positive raises the account, negative lowers it; in `currency`'),
    venue: text.default('').describe('where'),
    symbol: text.default('').describe('the instrument of a dividend or funding payment'),
    strategy: text.default('').describe('whom it concerns'),
  })
  .refine(({ kind, amount }) => (kind === 'deposit' ? amount >= 0 : kind === 'withdrawal' ? amount <= 0 : true), {
    error: 'of a deposit must not be negative, of a withdrawal not positive',
    path: ['amount'],
  });

/** `tw.signals.<agent>` */
export const wireSignal = z
  .object({
    id: name.describe('unique per step; a repeat is dropped'),
    time: wireTime.describe('when the step happened'),
    signal_id: name.describe('the same for all steps of a decision'),
    event: z
      .enum(['prediction', 'outcome', 'failure'])
      .default('prediction')
      .describe('`prediction`; `outcome`: what came of it; `failure`: the agent could not say anything'),
    agent: name.describe('who decides; else the first subject token'),
    symbol: text.default('').describe('about what'),
    strategy: text.default('').describe('for whom'),
    prediction: finite
      .nullable()
      .default(null)
      .describe('return expected over the horizon, a ratio (0.01 is one per cent); its sign is the direction'),
    confidence: share.nullable().default(null).describe('how sure the agent is, 0 to 1'),
    consensus: share.nullable().default(null).describe('share of the asked agents that agree, 0 to 1'),
    outcome: finite.nullable().default(null).describe('return that came about over the horizon, a ratio'),
    horizon_ms: nonNegative.max(9e12).nullable().default(null).describe('how far ahead it looks, milliseconds'),
    reason: text.default('').describe('of a failure; short and from a fixed list, it becomes a label'),
    correlation_id: identifier.default('').describe('joins it to its trace, events and alerts'),
  })
  .refine(({ event, prediction }) => event !== 'prediction' || prediction !== null, {
    error: 'is required of a prediction',
    path: ['prediction'],
  })
  .refine(({ event, outcome }) => event !== 'outcome' || outcome !== null, {
    error: 'is required of an outcome',
    path: ['outcome'],
  });

/** `tw.exchange.<venue>` */
export const wireExchange = z.object({
  time: wireTime.optional().describe('default: time of receipt'),
  venue: name.describe('which exchange; else the first subject token'),
  api: text
    .default('')
    .describe('which of its interfaces: `orders`, `market_data`, ...; else the second subject token'),
  connection: z
    .enum(['connected', 'connecting', 'disconnected'])
    .default('connected')
    .describe('`connected`, `connecting`, `disconnected`'),
  requests_remaining: nonNegative
    .nullable()
    .default(null)
    .describe('requests that are left in the running period of the rate limit'),
  requests_limit: positive.nullable().default(null).describe('how many there are in a whole period'),
  latency_ms: nonNegative
    .nullable()
    .default(null)
    .describe('from a request to its answer, the last one (a ping will do), milliseconds'),
  message: text.default('').describe('one sentence for people'),
});

export type WirePosition = z.infer<typeof wirePosition>;
export type WireCash = z.infer<typeof wireCash>;
export type WireSignal = z.infer<typeof wireSignal>;
export type WireExchange = z.infer<typeof wireExchange>;
