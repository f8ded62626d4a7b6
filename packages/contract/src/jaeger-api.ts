/**
 * The part of Jaeger's query API that its readers use, Grafana's Jaeger data source among them: JSON over HTTP as
 * Jaeger's `internal/uimodel` has it, in the envelope of its `structuredResponse`. Stamps and durations are microseconds.
 */
import { z } from 'zod';

const stamp = z.string().max(20);
const duration = z.string().max(32).describe('as Go writes it: `1.2s`, `100ms`, `500us`');
const oneOrMore = (max: number) => z.union([z.string().max(max), z.array(z.string().max(max)).max(100)]);

export const jaegerServicePath = z.object({ service: z.string().min(1).max(1_024) });
export const jaegerTracePath = z.object({ traceId: z.string().min(1).max(1_024) });
export const jaegerNoParams = z.object({});
export const jaegerOperationsParams = z.object({
  service: z.string().min(1).max(1_024),
  spanKind: z.string().max(32).optional().describe('`server`, `client`, `producer`, `consumer`, `internal`'),
});
export const jaegerTraceParams = z.object({
  start: stamp.optional().describe('Unix microseconds, or milliseconds as Grafana sends; default: all that is stored'),
  end: stamp.optional(),
});
export const jaegerSearchParams = z.object({
  service: z.string().max(1_024).optional().describe('needed where no `traceID` is given'),
  operation: z.string().max(1_024).optional(),
  start: stamp.optional().describe('Unix microseconds; default: two days before the end'),
  end: stamp.optional().describe('Unix microseconds; default: now'),
  limit: z.string().max(16).optional().describe('most traces, the newest ones; default: 100, at most 1,500'),
  minDuration: duration.optional(),
  maxDuration: duration.optional(),
  tag: oneOrMore(4_096).optional().describe('`key:value`'),
  tags: oneOrMore(16_384).optional().describe('a JSON object of texts; spans that have all of them match'),
  traceID: oneOrMore(1_024).optional().describe('these traces and no others'),
  lookback: z.string().max(32).optional().describe("for the reader's own use"),
  prettyPrint: z.string().max(8).optional(),
});
export const jaegerDependenciesParams = z.object({
  endTs: stamp.optional().describe('Unix milliseconds; default: now'),
  lookback: stamp.optional().describe('milliseconds; default: a day'),
  service: z.string().max(1_024).optional().describe('only calls from and to it'),
});

const id = z.string();
const keyValue = z.object({
  key: z.string(),
  type: z.enum(['string', 'bool', 'int64', 'float64']),
  value: z.union([z.string(), z.boolean(), z.number()]),
});
const microseconds = z.number().int();

export const jaegerSpan = z.object({
  traceID: id,
  spanID: id,
  operationName: z.string(),
  references: z.array(z.object({ refType: z.literal('CHILD_OF'), traceID: id, spanID: id })),
  startTime: microseconds,
  duration: microseconds,
  tags: z.array(keyValue),
  logs: z.array(z.object({ timestamp: microseconds, fields: z.array(keyValue) })),
  processID: z.string(),
  warnings: z.null(),
});
export const jaegerTrace = z.object({
  traceID: id,
  spans: z.array(jaegerSpan),
  processes: z.record(z.string(), z.object({ serviceName: z.string(), tags: z.array(keyValue) })),
  warnings: z.null(),
});
export const jaegerTraces = z.array(jaegerTrace);
export const jaegerOperations = z.array(z.object({ name: z.string(), spanKind: z.string() }));
export const jaegerLinks = z.array(z.object({ parent: z.string(), child: z.string(), callCount: z.number().int() }));

const errors = z.array(z.object({ code: z.number().int(), msg: z.string() }));

export function jaegerEnvelope<T extends z.ZodType>(data: T) {
  return z.object({
    data,
    total: z.number().int(),
    limit: z.number().int(),
    offset: z.number().int(),
    errors: errors.nullable().describe('also what was cut from the data, with the code 206'),
  });
}

export const jaegerErrorEnvelope = jaegerEnvelope(z.null()).extend({ errors });

export type JaegerSpan = z.infer<typeof jaegerSpan>;
export type JaegerTrace = z.infer<typeof jaegerTrace>;
export type JaegerTag = z.infer<typeof keyValue>;
