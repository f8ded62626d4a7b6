/**
 * The documents of the HTTP API. The Prometheus part follows "HTTP API" of Prometheus's documentation (envelope, values
 * as text, native histograms as `[time, {count, sum, buckets}]`); the rest is ours in the same envelope.
 */
import { z } from 'zod';
import { alertRecord } from './alert-object.ts';
import { TRADING_DIMENSIONS } from './query-trading.ts';

/** Unix seconds or RFC 3339. */
const time = z.string().max(64).describe('Unix seconds or RFC 3339');
const count = z.string().max(16);
const oneOrMore = z.union([z.string().max(100_000), z.array(z.string().max(100_000)).max(100)]);
const selectors = oneOrMore.optional().describe('series selectors; any of them matches');

export const instantParams = z.object({
  query: z.string().max(100_000).describe('PromQL'),
  time: time.optional().describe('default: now'),
  timeout: z.string().max(32).optional().describe('a duration; the configured limit holds in any case'),
  limit: count.optional().describe('most series in the answer; 0: all'),
  lookback_delta: z.string().max(32).optional().describe('how far back a selector looks; default: 5m'),
  stats: z.string().max(16).optional().describe('anything: tell what was read and how long it took'),
});

export const formatParams = z.object({ query: z.string().max(100_000).describe('PromQL') });

export const exemplarParams = z.object({
  query: z
    .string()
    .max(100_000)
    .describe('PromQL; of the series that it reads, orders behind latencies and exemplars that publishers sent'),
  start: time.optional().describe('default: an hour before the end'),
  end: time.optional().describe('default: now'),
});

export const rangeParams = z.object({
  query: z.string().max(100_000).describe('PromQL'),
  start: time,
  end: time,
  step: z.string().max(32).describe('seconds or a duration such as 15s'),
  timeout: z.string().max(32).optional(),
  limit: count.optional(),
  lookback_delta: z.string().max(32).optional(),
  stats: z.string().max(16).optional(),
});

export const seriesParams = z.object({
  'match[]': selectors,
  start: time.optional(),
  end: time.optional(),
  limit: count.optional(),
});

export const metadataParams = z.object({
  metric: z.string().max(256).optional(),
  limit: count.optional(),
  limit_per_metric: count.optional(),
});

export const rulesParams = z.object({
  type: z.enum(['alert', 'record']).optional(),
  'rule_name[]': oneOrMore.optional(),
  'rule_group[]': oneOrMore.optional(),
  file: oneOrMore.optional(),
  'file[]': oneOrMore.optional(),
  exclude_alerts: z.string().max(8).optional(),
  group_limit: count.optional(),
  group_next_token: z.string().max(1_000).optional(),
});

const names = z.string().max(1_000).optional().describe('comma-separated');
export const tradingParams = z.object({
  from: time.optional().describe('default: an hour before `to`'),
  to: time.optional().describe('default: now'),
  by: names.describe(`comma-separated: ${TRADING_DIMENSIONS.join(', ')}`),
  strategy: names,
  venue: names,
  symbol: names,
  account: names,
  format: z.enum(['table', 'time_series']).optional(),
});

export const pnlParams = tradingParams.extend({ method: z.enum(['average', 'fifo']).optional() });

/** Any query document of the data source (docs/query.md); what has a route of its own is the same there. */
export const documentParams = z.object({
  document: z
    .string()
    .max(100_000)
    .describe(
      'a query document as JSON, such as {"queryType":"risk","by":["strategy"]}; only queryType has no default',
    ),
  from: time.optional().describe('default: an hour before `to`'),
  to: time.optional().describe('default: now'),
});

export const deadLetterParams = z.object({ from: time.optional(), to: time.optional(), limit: count.optional() });

const labels = z.record(z.string(), z.string());
const number = z.string().describe('a number as text; NaN, +Inf and -Inf by name');
const sampleValue = z.tuple([z.number(), number]);
export const histogramValue = z.object({
  count: number,
  sum: number,
  buckets: z
    .array(z.tuple([z.number().int(), number, number, number]))
    .optional()
    .describe('[boundary rule, lower, upper, count]; rule 0: (], 1: [), 2: (), 3: []'),
});
const histogramPoint = z.tuple([z.number(), histogramValue]);

export const queryStats = z.object({
  timings: z.object({ evalTotalTime: z.number().describe('seconds, reading included') }),
  samples: z.object({ totalQueryableSamples: z.number().int() }),
  series: z.number().int().describe('series read'),
  levelsMs: z.array(z.number()).describe('stored levels that answered; 0: raw samples'),
  errorBound: z.number().optional().describe('largest relative error of a quantile'),
  cache: z.enum(['hit', 'extended', 'miss']),
});
const stats = queryStats.optional();

export const exemplarsData = z.array(
  z.object({
    seriesLabels: labels,
    exemplars: z.array(z.object({ labels, value: number, timestamp: z.number() })),
  }),
);

export const queryData = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('scalar'), result: sampleValue, stats }),
  z.object({ resultType: z.literal('string'), result: sampleValue, stats }),
  z.object({
    stats,
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: labels, value: sampleValue.optional(), histogram: histogramPoint.optional() })),
  }),
  z.object({
    stats,
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: labels,
        values: z.array(sampleValue).optional(),
        histograms: z.array(histogramPoint).optional(),
      }),
    ),
  }),
]);

export const textsData = z.array(z.string());
export const seriesData = z.array(labels);
export const metadataData = z.record(
  z.string(),
  z.array(z.object({ type: z.string(), help: z.string(), unit: z.string() })),
);

export const alertData = z.object({
  labels,
  annotations: labels,
  state: z.enum(['pending', 'firing']),
  activeAt: z.string(),
  value: number,
});

const ruleBase = {
  name: z.string(),
  query: z.string(),
  labels,
  health: z.enum(['unknown', 'ok', 'err']),
  lastError: z.string().optional(),
  evaluationTime: z.number(),
  lastEvaluation: z.string(),
};
export const ruleData = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('alerting'),
    state: z.enum(['inactive', 'pending', 'firing']),
    ...ruleBase,
    duration: z.number(),
    keepFiringFor: z.number(),
    annotations: labels,
    alerts: z.array(alertData),
  }),
  z.object({ type: z.literal('recording'), ...ruleBase }),
]);

export const rulesData = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      file: z.string(),
      interval: z.number(),
      limit: z.number(),
      rules: z.array(ruleData),
      evaluationTime: z.number(),
      lastEvaluation: z.string(),
    }),
  ),
  groupNextToken: z.string().optional(),
});

export const alertsData = z.object({ alerts: z.array(alertData) });

export const alertHistoryParams = z.object({
  severity: z.string().max(64).optional().describe('only alerts of this severity, in any spelling; default: all'),
  limit: z.string().optional().describe('at most so many; default: all that are kept'),
});

export const alertHistoryData = z.object({ alerts: z.array(alertRecord) });

export const healthHistoryParams = z.object({
  check: z.string().max(256).optional().describe('only results of this check; default: all'),
  limit: z.string().optional().describe('at most so many; default: all that are kept'),
});

export const healthHistoryData = z.object({
  results: z.array(
    z.object({
      time: z.string(),
      check: z.string(),
      level: z.enum(['HEALTHY', 'DEGRADED', 'CRITICAL']),
      detail: z.string(),
    }),
  ),
});

export const buildInfoData = z.object({
  application: z.string(),
  version: z.string(),
  revision: z.string(),
  branch: z.string(),
  buildUser: z.string(),
  buildDate: z.string(),
  goVersion: z.string(),
});

/** Columns in order, then rows by column name. */
export const tradingData = z.object({
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          unit: z.string().optional(),
          description: z.string().optional(),
          labels: labels.optional(),
        }),
      ),
      rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
      notices: z.array(z.string()),
    }),
  ),
});

export const deadLettersData = z.array(
  z.object({
    time: z.string(),
    stream: z.string(),
    subject: z.string(),
    reason: z.string(),
    detail: z.string(),
    payloadBase64: z.string(),
  }),
);

export const errorEnvelope = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

export function successEnvelope<T extends z.ZodType>(data: T) {
  return z.object({
    status: z.literal('success'),
    data,
    warnings: z.array(z.string()).optional(),
    infos: z.array(z.string()).optional(),
  });
}

export const healthDocument = z.object({
  status: z.enum(['ok', 'degraded']),
  detail: z.record(z.string(), z.string()),
});
