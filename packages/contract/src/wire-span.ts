/**
 * `tw.spans.>`: a span as one plain object, for publishers without an OpenTelemetry library. What those libraries send
 * (OTLP, protobuf or JSON) is read from the same subjects.
 */
import { z } from 'zod';
import { identifier, name, text, wireTime } from './wire-field.ts';

/** Attributes of one span. */
export const SPAN_ATTRIBUTES_MAX = 128;

const hex = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^(?!0+$)[0-9a-fA-F]{${digits}}$`), `must be ${digits} hexadecimal digits, not all of them zero`);

export const wireSpan = z.object({
  trace_id: hex(32).describe('32 hexadecimal digits, as in OpenTelemetry'),
  span_id: hex(16).describe('16 hexadecimal digits; duplicates are dropped by (start, trace, span)'),
  parent_span_id: z
    .union([hex(16), z.literal('')])
    .default('')
    .describe('empty for the first span of its trace'),
  name: name.describe('what was done: few different ones, it becomes a label'),
  kind: z
    .enum(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])
    .default('internal')
    .describe('`internal`, `server`, `client`, `producer`, `consumer`, `unspecified`'),
  service: text.default('').describe('who did it; else the first subject token'),
  host: text.default('').describe('on which machine, whose clock made the stamps'),
  start_time: wireTime.describe('when it began'),
  end_time: wireTime.describe('when it ended, on the same clock'),
  status: z.enum(['unset', 'ok', 'error']).default('unset').describe('`unset`, `ok`, `error`'),
  status_message: text.default('').describe('of an error'),
  attributes: z
    .record(name, z.union([text, z.number(), z.boolean()]))
    .default({})
    .describe(`anything else about it, by name; at most ${SPAN_ATTRIBUTES_MAX}`),
  correlation_id: identifier
    .default('')
    .describe(
      'joins it to orders, events and alerts; else the attribute `correlation_id`, `order.id` or `order_id`, else the trace',
    ),
});

export type WireSpan = z.infer<typeof wireSpan>;
