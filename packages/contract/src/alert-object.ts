/**
 * `tw.alerts.>`: what the sidecar publishes when an alert begins to fire and when it ends, for the systems that take it from
 * a queue. The first fields are those of REQUIREMENTS.md API-15; `status`, `labels` and `annotations` are ours.
 */
import { z } from 'zod';

const number = z.number().nullable();

export const alertObject = z.strictObject({
  alert_id: z.string().describe('the same from the beginning of an alert to its end; another each time it begins anew'),
  timestamp: z.iso.datetime().describe('of the change, UTC'),
  severity: z.string().describe('`info`, `warning`, `error`, `critical`, `emergency`'),
  service: z.string().describe('label `service`, else `component`, else `job`; empty without one'),
  metric: z.string().describe('the first metric that the rule reads; without one its expression'),
  current_value: number.describe('of the rule’s expression; null where it is no finite number'),
  threshold: number.describe('the number that the rule compares with; null where it compares with none'),
  message: z.string().describe('one line: annotation `summary`, else the name and the reason'),
  description: z.string().describe('annotation `description`, else why the alert changed'),
  suggested_actions: z.array(z.string()).describe('lines of the annotation `suggested_actions`'),
  runbook_url: z.string().describe('annotation of this name; empty without one'),
  escalation_policy: z.string().describe('annotation or label of this name; empty without one'),
  correlation_id: z.string().describe('joins it to orders, traces and events'),
  status: z.enum(['firing', 'resolved']).describe('`firing`, `resolved`'),
  labels: z.record(z.string(), z.string()).describe('all, `alertname` included'),
  annotations: z.record(z.string(), z.string()).describe('all, such as the slow hop of an explained alert'),
});

/** An entry of the history: the alert as it began, and what became of it. */
export const alertRecord = alertObject.extend({
  resolved_at: z.string().nullable().describe('null while it fires'),
  duration_minutes: z.number().describe('for how long it fired, or has fired'),
});

export type AlertRecord = z.infer<typeof alertRecord>;
export type AlertObject = z.infer<typeof alertObject>;
