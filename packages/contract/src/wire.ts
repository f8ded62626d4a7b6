/**
 * The wire: what a trading system publishes on NATS as JSON. docs/wire.md shows every schema with an example; this file
 * is their only source. Payloads are one object, an array of objects, or NDJSON.
 *
 * Times are integer nanoseconds since 1970 as a decimal string (exact), an RFC 3339 string, or a number whose unit is
 * told by its size: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
 * Unknown keys are ignored, so that a publisher may carry more than we read.
 */
import { z } from 'zod';

const name = z.string().min(1).max(256);
const text = z.string().max(4096);
const finite = z.number();
const positive = z.number().positive();
const nonNegative = z.number().nonnegative();
const side = z.enum(['buy', 'sell']);

export const wireTime = z
  .union([z.string().min(1).max(64), z.number().nonnegative()])
  .describe('integer nanoseconds as a decimal string, RFC 3339, or a number (unit told by its size)');

const labelValue = z.union([z.string(), z.number(), z.boolean()]);

/** Prometheus' name rules, so that PromQL can select it without quoting. */
export const metricName = name.regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'must match [a-zA-Z_:][a-zA-Z0-9_:]*');

/** JSON cannot carry them as numbers. */
const wireNumber = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity', '+Inf', '-Inf'])]);

export const wireHistogram = z.object({
  scale: z.number().int().min(-4).max(20),
  zero_threshold: nonNegative.optional(),
  zero_count: nonNegative.optional(),
  /** OpenTelemetry form: bucket_counts[i] is the count of bucket offset + i. */
  positive: z.object({ offset: z.number().int(), bucket_counts: z.array(nonNegative).max(8192) }).optional(),
  negative: z.object({ offset: z.number().int(), bucket_counts: z.array(nonNegative).max(8192) }).optional(),
  sum: finite,
  min: finite.optional(),
  max: finite.optional(),
});

/** `tw.metrics.>` */
export const wireMetric = z.object({
  name: metricName,
  type: z.enum(['gauge', 'counter', 'observation', 'histogram']).default('gauge'),
  value: wireNumber.optional().describe('required unless type is histogram'),
  histogram: wireHistogram.optional().describe('a delta over the interval that ends at time'),
  time: wireTime.optional().describe('default: time of receipt'),
  labels: z.record(name, labelValue).default({}),
  unit: z.string().max(64).optional(),
  help: text.optional(),
});

/** `tw.orders.<venue>.<strategy>` */
export const wireOrder = z.object({
  id: name.describe('unique per step; a repeat is dropped'),
  time: wireTime,
  order_id: name,
  event: z.enum(['new', 'ack', 'partial_fill', 'fill', 'cancel', 'cancel_ack', 'replace', 'reject', 'expire']),
  sent_time: wireTime.optional().describe('when the order (for cancel_ack: the cancel) was sent'),
  venue: name,
  symbol: name,
  strategy: name.default('unknown'),
  account: text.default(''),
  side,
  order_type: z.string().max(64).default('limit'),
  quantity: positive,
  price: finite.nullable().default(null),
  filled_quantity: nonNegative.default(0),
  arrival_mid: positive.nullable().default(null).describe('mid when the order was sent; else taken from the quotes'),
  reason: text.default(''),
});

/** `tw.fills.<venue>.<strategy>` */
export const wireFill = z.object({
  id: name.describe("the venue's execution id; duplicates are dropped by (venue, id)"),
  time: wireTime,
  order_id: name,
  venue: name,
  symbol: name,
  strategy: name.default('unknown'),
  account: text.default(''),
  side,
  quantity: positive,
  price: finite,
  currency: z.string().min(1).max(16).default('USD'),
  fee: finite.default(0).describe('positive: paid; negative: rebate'),
  fee_currency: z.string().max(16).optional().describe('default: currency'),
  liquidity: z.enum(['maker', 'taker', '']).default(''),
});

/** `tw.quotes.<venue>.<symbol>` */
export const wireQuote = z.object({
  time: wireTime.describe('time of receipt at the feed handler'),
  exchange_time: wireTime.optional(),
  venue: name,
  symbol: name,
  bid: finite.nullable().default(null),
  bid_size: nonNegative.nullable().default(null),
  ask: finite.nullable().default(null),
  ask_size: nonNegative.nullable().default(null),
  sequence: z.union([z.number().int().nonnegative(), z.string().regex(/^\d+$/)]).optional(),
});

/** `tw.health.<component>` */
export const wireHealth = z.object({
  time: wireTime.optional(),
  component: name,
  instance: text.default(''),
  status: z.enum(['HEALTHY', 'DEGRADED', 'CRITICAL']).default('HEALTHY'),
  message: text.default(''),
});

export type WireMetric = z.infer<typeof wireMetric>;
export type WireOrder = z.infer<typeof wireOrder>;
export type WireFill = z.infer<typeof wireFill>;
export type WireQuote = z.infer<typeof wireQuote>;
export type WireHealth = z.infer<typeof wireHealth>;

/** The kinds of payload a stream may carry. */
export const PAYLOAD_KINDS = ['metric', 'order', 'fill', 'quote', 'health'] as const;
export type PayloadKind = (typeof PAYLOAD_KINDS)[number];

export const wireSchemas = {
  metric: wireMetric,
  order: wireOrder,
  fill: wireFill,
  quote: wireQuote,
  health: wireHealth,
} as const satisfies Record<PayloadKind, z.ZodType>;
