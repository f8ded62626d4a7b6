/** Settings of rules and notifications. Durations in milliseconds unless the name says otherwise. */
import { z } from 'zod';

export const alertingOptions = z
  .strictObject({
    ruleFiles: z
      .array(z.string().min(1))
      .default([])
      .describe('rule files; the last part of a path may be a pattern, such as rules/*.yaml'),
    alertmanagerFile: z
      .string()
      .min(1)
      .optional()
      .describe('routes and receivers in Alertmanager’s format; without it alerts are lines in the log'),
    evaluationIntervalMs: z
      .number()
      .int()
      .min(100)
      .max(86_400_000)
      .default(30_000)
      .describe(
        'of groups without an interval, when no news comes; what waits for time alone is looked at each second',
      ),
    startDelayMs: z
      .number()
      .int()
      .min(0)
      .max(600_000)
      .default(1_000)
      .describe('from the sources being open to the first evaluation: rules on silence then see what came meanwhile'),
    startWaitMaxMs: z
      .number()
      .int()
      .min(0)
      .max(3_600_000)
      .default(15_000)
      .describe('without open sources the first evaluation is this late: by then their absence is a fact'),
    minEvaluationGapMs: z
      .number()
      .int()
      .min(10)
      .max(60_000)
      .default(100)
      .describe('between two evaluations of one rule'),
    evaluationTimeoutMs: z.number().int().min(100).max(120_000).default(10_000),
    explainTimeoutMs: z
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(2_000)
      .describe('how long an alert of a rule with `explain_over` waits for its explanation'),
    maxConcurrentEvaluations: z.number().int().min(1).max(64).default(4),
    evaluationLoad: z
      .number()
      .min(0.01)
      .max(64)
      .default(0.1)
      .describe('evaluation seconds per second that news may cause; rules are spaced further apart above it'),
    maxAlertsPerRule: z.number().int().min(1).max(1_000_000).default(10_000),
    storeTimeoutMs: z
      .number()
      .int()
      .min(10)
      .max(60_000)
      .default(250)
      .describe('how long a notification waits for its transition to be durable'),
    resendResolvedMs: z
      .number()
      .int()
      .min(0)
      .max(86_400_000)
      .default(300_000)
      .describe('after a restart, ends of alerts that are not older are told again, with the same idempotency key'),
    maxUnstoredTransitions: z.number().int().min(0).max(1_000_000).default(10_000),
    historySize: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(1_000)
      .describe('alerts that are kept in memory, of all rules together; their changes are in the store for longer'),
    revision: z
      .strictObject({
        maxAgeMs: z
          .number()
          .int()
          .min(0)
          .max(86_400_000)
          .default(3_600_000)
          .describe('evaluations that are older are not repeated when samples come late; 0 repeats none'),
        delayMs: z
          .number()
          .int()
          .min(0)
          .max(600_000)
          .default(2_000)
          .describe('from a late sample to the revision of what read it: they come in groups'),
        evaluationsPerSecond: z.number().int().min(1).max(10_000).default(50).describe('of the past, of all rules'),
        load: z
          .number()
          .min(0.001)
          .max(64)
          .default(0.05)
          .describe('evaluation seconds per second that revisions may cause'),
        keptEvaluations: z
          .number()
          .int()
          .min(0)
          .max(1_000_000)
          .default(4_096)
          .describe('of each rule, stamps of evaluations in memory, 8 bytes each; older ones are not repeated'),
      })
      .prefault({}),
    notification: z
      .strictObject({
        maxAttempts: z.number().int().min(1).max(20).default(3),
        overallTimeoutMs: z.number().int().min(1_000).max(600_000).default(30_000),
        backoffMs: z.number().int().min(1).max(60_000).default(500),
        maxBackoffMs: z.number().int().min(1).max(600_000).default(10_000),
        maxGroups: z.number().int().min(1).max(1_000_000).default(10_000),
        maxAlertsPerGroup: z.number().int().min(1).max(1_000_000).default(10_000),
        maxConcurrent: z.number().int().min(1).max(1_000).default(20),
      })
      .prefault({}),
  })
  .prefault({});

export type AlertingOptions = z.output<typeof alertingOptions>;
