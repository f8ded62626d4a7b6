/**
 * The wire: what a trading system publishes on NATS as JSON. This file is the only source of the schemas; the tables of
 * docs/wire.md are built from the descriptions here and in the files beside it. Payloads are one object, an array of objects, or NDJSON.
 *
 * Times are integer nanoseconds since 1970 as a decimal string (exact), an RFC 3339 string, or a number whose unit is
 * told by its size: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
 * Unknown keys are ignored, so that a publisher may carry more than we read.
 */
import { z } from 'zod';
import { wireCash, wireExchange, wirePosition, wireSignal } from './wire-account.ts';
import {
  currency,
  finite,
  identifier,
  name,
  NAME_MAX_BYTES,
  nonNegative,
  positive,
  sequence,
  side,
  text,
  wireTime,
} from './wire-field.ts';
import { wireBook, wireFx, wireTrade } from './wire-market.ts';
import { wireSpan } from './wire-span.ts';

/** Code points of an exemplar's label names and values together (OpenMetrics 1.0, "Exemplars"). */
export const EXEMPLAR_MAX_CHARACTERS = 128;
/** Of a metric, as text: OpenTelemetry's ids have 32 and 16 hexadecimal digits. With their names within an exemplar's bound. */
export const TRACE_ID_MAX_CHARACTERS = 64;
export const SPAN_ID_MAX_CHARACTERS = 32;

const eventContext = z.record(name, z.unknown());

const labelValue = z.union([text, z.number(), z.boolean()]);

/** Prometheus' name rules, so that PromQL can select it without quoting. */
export const METRIC_NAME_PATTERN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Names that begin with two underscores are reserved for the system. */
export const LABEL_NAME_PATTERN = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

export const metricName = name.regex(METRIC_NAME_PATTERN, 'must match [a-zA-Z_:][a-zA-Z0-9_:]*');
const labelName = name.regex(LABEL_NAME_PATTERN, 'must match [a-zA-Z_][a-zA-Z0-9_]* and not begin with __');

/** JSON cannot carry them as numbers. */
const wireNumber = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity', '+Inf', '-Inf'])]);

const wireBuckets = z.object({
  offset: z
    .number()
    .int()
    .min(-(2 ** 31))
    .max(2 ** 31),
  bucket_counts: z.array(nonNegative).max(8192),
});

/** OpenTelemetry's exponential histogram: `bucket_counts[i]` counts values in (base^(offset+i), base^(offset+i+1)]. */
export const wireHistogram = z.object({
  scale: z.number().int().min(-4).max(20).describe('base = 2^(2^-scale); finer than 8 is merged down to 8'),
  zero_threshold: nonNegative.optional().describe('magnitudes up to this count as zero; default 1e-128'),
  zero_count: nonNegative.optional().describe('values within the zero threshold; default 0'),
  positive: wireBuckets.optional().describe('`{offset, bucket_counts}`, at most 8,192 buckets'),
  negative: wireBuckets.optional().describe('the same for the magnitudes of negative values'),
  sum: finite.describe('sum of the values'),
  min: finite.optional().describe('smallest value, when known'),
  max: finite.optional().describe('largest value, when known'),
});

/** `tw.metrics.>` */
export const wireMetric = z
  .object({
    name: metricName.describe('`[a-zA-Z_:][a-zA-Z0-9_:]*`, at most 256 bytes; base unit in the name (`_seconds`)'),
    type: z
      .enum(['gauge', 'counter', 'observation', 'histogram'])
      .default('gauge')
      .describe('`gauge`, `counter` (total so far), `observation` (one measurement of a distribution), `histogram`'),
    value: wireNumber
      .optional()
      .describe('number, `"NaN"`, `"Infinity"`, `"-Infinity"`, `"+Inf"` or `"-Inf"`; required unless a histogram'),
    histogram: wireHistogram
      .optional()
      .describe('required for `histogram`: a delta over the interval that ends at `time`'),
    time: wireTime.optional().describe('default: time of receipt'),
    labels: z
      .record(labelName, labelValue)
      .default({})
      .describe('text, number or boolean by name; at most 40; win over labels of the subject'),
    unit: z.string().max(64).optional().describe('base unit: `seconds`, `bytes`, `ratio`, `currency`, ...'),
    help: text.optional().describe('one sentence for people'),
    trace_id: z
      .string()
      .max(TRACE_ID_MAX_CHARACTERS)
      .nullish()
      .describe('the trace in which the number was measured: kept as an [exemplar](#exemplars); at most 64 characters'),
    span_id: z.string().max(SPAN_ID_MAX_CHARACTERS).nullish().describe('its span; at most 32 characters'),
  })
  .refine((metric) => (metric.type === 'histogram' ? metric.histogram : metric.value) !== undefined, {
    error: 'value is required for gauge, counter and observation; histogram for type histogram',
    path: ['value'],
  });

/** `tw.orders.<venue>.<strategy>` */
export const wireOrder = z.object({
  id: name.describe('unique per step; a repeat is dropped'),
  time: wireTime.describe('when the step happened'),
  order_id: name.describe('the same for all steps of an order'),
  event: z
    .enum(['new', 'ack', 'partial_fill', 'fill', 'cancel', 'cancel_ack', 'replace', 'reject', 'expire'])
    .describe('`new`, `ack`, `partial_fill`, `fill`, `cancel`, `cancel_ack`, `replace`, `reject`, `expire`'),
  sent_time: wireTime
    .optional()
    .describe('when the order was sent (for `cancel_ack`: the cancel); each later step needs it to yield its latency'),
  venue: name.describe('where; else the first subject token'),
  symbol: name.describe('what'),
  strategy: name.default('unknown').describe('who decided; else the second subject token'),
  account: text.default('').describe('for whom'),
  side: side.describe('`buy`, `sell`'),
  order_type: z.string().max(64).default('limit').describe('`limit`, `market`, ...'),
  quantity: positive.describe('ordered, in the base asset'),
  price: finite.nullable().default(null).describe('limit price; null for a market order'),
  filled_quantity: nonNegative.default(0).describe('filled so far'),
  arrival_mid: positive.nullable().default(null).describe('mid when the order was sent; else taken from the quotes'),
  decision_time: wireTime.optional().describe('when it was decided to trade'),
  decision_mid: positive.nullable().default(null).describe('mid when it was decided to trade'),
  reason: text.default('').describe('of a reject, cancel or expiry; short and from a fixed list, it becomes a label'),
  correlation_id: identifier.default('').describe('joins it to its trace (the trace id), events and alerts'),
});

/** `tw.fills.<venue>.<strategy>` */
export const wireFill = z
  .object({
    id: name.describe("the venue's execution id; duplicates are dropped by (venue, id)"),
    time: wireTime.describe('of the execution; of a correction: when it was made'),
    order_id: name.describe('joins the fill to its order'),
    venue: name.describe('where; else the first subject token'),
    symbol: name.describe('what'),
    strategy: name.default('unknown').describe('who decided; else the second subject token'),
    account: text.default('').describe('for whom'),
    side: side.describe('`buy`, `sell`'),
    quantity: nonNegative.describe('executed, in the base asset; above 0 but for a `bust`'),
    price: finite.describe('in `currency`'),
    currency: currency.default('USD').describe('of the price'),
    fee: finite.default(0).describe('positive: paid; negative: rebate'),
    fee_currency: z.string().max(16).optional().describe('default: `currency`'),
    liquidity: z.enum(['maker', 'taker', '']).default('').describe('`maker`, `taker` or empty'),
    execution: z
      .enum(['new', 'bust', 'amend'])
      .default('new')
      .describe('`new`; `bust`: the execution never was; `amend`: here are its right figures, in full'),
    refers_to: z.string().max(NAME_MAX_BYTES).default('').describe('of a bust or amendment: the id of the execution'),
  })
  .refine((fill) => (fill.execution === 'new') === (fill.refers_to === ''), {
    error: 'names the execution that a bust or amend is about, and nothing else',
    path: ['refers_to'],
  })
  .refine((fill) => fill.quantity > 0 || fill.execution === 'bust', {
    error: 'must be above 0 unless the execution is a bust',
    path: ['quantity'],
  });

/** `tw.quotes.<venue>.<symbol>` */
export const wireQuote = z.object({
  time: wireTime.describe('of receipt at the feed handler'),
  exchange_time: wireTime.optional().describe("the exchange's own stamp"),
  venue: name.describe('where; else the first subject token'),
  symbol: name.describe('what; else the second subject token'),
  bid: finite.nullable().default(null).describe('best bid; null for an empty side'),
  bid_size: nonNegative.nullable().default(null).describe('quantity at the best bid'),
  ask: finite.nullable().default(null).describe('best ask; null for an empty side'),
  ask_size: nonNegative.nullable().default(null).describe('quantity at the best ask'),
  sequence: sequence.optional().describe("the feed's own number, one more with every update; text above 2^53"),
});

/** `tw.health.<component>` */
export const wireHealth = z.object({
  time: wireTime.optional().describe('default: time of receipt'),
  component: name.describe('which part; else the first subject token'),
  instance: text.default('').describe('which copy of it; else the second subject token'),
  status: z
    .enum(['HEALTHY', 'DEGRADED', 'CRITICAL'])
    .default('HEALTHY')
    .describe('`HEALTHY`, `DEGRADED`, `CRITICAL`; a bare heartbeat is healthy'),
  message: text.default('').describe('one sentence for people'),
});

/** `tw.events.<service_name>.<event_type>`. Other keys than these are context, and become labels. */
export const wireEvent = z.looseObject({
  time: wireTime.optional().describe('default: time of receipt; `timestamp` is another name of it'),
  timestamp: wireTime.optional().describe('see `time`, which wins'),
  event_type: name.describe('what happened; else the second subject token'),
  service_name: text.default('').describe('where; else the first subject token'),
  instance_id: text.default('').describe('which copy of it'),
  metric_name: z.string().max(NAME_MAX_BYTES).default('').describe('what `metric_value` measures'),
  metric_value: finite.nullable().default(null).describe('a figure that belongs to the event'),
  labels: eventContext.default({}).describe('anything else about it, by name; nested values are kept as JSON'),
  context: eventContext.default({}).describe('the same as `labels`, which win'),
  duration_ms: nonNegative.max(4_294_967_295).nullable().default(null).describe('how long it took, milliseconds'),
  user_id: identifier.default('').describe('whom it concerns'),
  correlation_id: identifier
    .default('')
    .describe('joins it to other events, traces and alerts; without one it gets an id of its own'),
});

export type WireHistogram = z.infer<typeof wireHistogram>;
export type WireMetric = z.infer<typeof wireMetric>;
export type WireOrder = z.infer<typeof wireOrder>;
export type WireFill = z.infer<typeof wireFill>;
export type WireQuote = z.infer<typeof wireQuote>;
export type WireHealth = z.infer<typeof wireHealth>;
export type WireEvent = z.infer<typeof wireEvent>;

/** The kinds of payload a stream may carry. */
export const PAYLOAD_KINDS = [
  'metric',
  'order',
  'fill',
  'quote',
  'trade',
  'book',
  'position',
  'signal',
  'cash',
  'fx',
  'exchange',
  'span',
  'health',
  'event',
] as const;
export type PayloadKind = (typeof PAYLOAD_KINDS)[number];

/** The codecs that a stream may name; `auto` goes by the message's `Content-Type`, else by its first bytes. */
export const CODEC_SETTINGS = [
  'auto',
  'json',
  'msgpack',
  'line',
  'arrow',
  'otlp',
  'remote-write',
  'remote-write-2',
] as const;
export type CodecSetting = (typeof CODEC_SETTINGS)[number];
/** What the codecs that are not for everything carry. */
export const CARRIED_BY_CODEC: Readonly<Partial<Record<CodecSetting, readonly PayloadKind[]>>> = {
  line: ['metric'],
  arrow: ['metric'],
  otlp: ['metric', 'span'],
  'remote-write': ['metric'],
  'remote-write-2': ['metric'],
};

export const wireSchemas = {
  metric: wireMetric,
  order: wireOrder,
  fill: wireFill,
  quote: wireQuote,
  trade: wireTrade,
  book: wireBook,
  position: wirePosition,
  signal: wireSignal,
  cash: wireCash,
  fx: wireFx,
  exchange: wireExchange,
  span: wireSpan,
  health: wireHealth,
  event: wireEvent,
} as const satisfies Record<PayloadKind, z.ZodType>;
