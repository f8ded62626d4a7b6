/**
 * Rule files: Prometheus's format (groups, alert and record rules), plus an optional `tapewatch:` block per rule.
 * Source: Prometheus documentation, "Defining recording rules" and "Alerting rules". Keys that are not understood are
 * errors, because a rule that is half understood is a rule that does not fire.
 */
import { TemplateError, parseDurationMs, parseTemplate } from '@tapewatch/core';
import { z } from 'zod';
import { type DocumentResult, type Report, readYaml } from './yaml-document.ts';

/** From harmless to worst (DESIGN.md 9). */
export const SEVERITIES = ['INFO', 'WARNING', 'ERROR', 'CRITICAL', 'EMERGENCY'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Other spellings, lower case, that mean one of ours. */
const SEVERITY_SPELLINGS: Readonly<Record<string, Severity>> = {
  notice: 'INFO',
  low: 'INFO',
  warn: 'WARNING',
  medium: 'WARNING',
  high: 'ERROR',
  major: 'ERROR',
  fatal: 'CRITICAL',
  page: 'CRITICAL',
};

/** The severity that a spelling means, or undefined. */
export function severityOf(text: string): Severity | undefined {
  const exact = SEVERITIES.find((severity) => severity === text.toUpperCase());
  const known = text.toLowerCase();
  return exact ?? (Object.hasOwn(SEVERITY_SPELLINGS, known) ? SEVERITY_SPELLINGS[known] : undefined);
}

const MAX_RULES_A_GROUP = 1_000;
const MAX_GROUPS = 1_000;

export const durationText = z
  .union([z.string(), z.literal(0)])
  .transform((text, context) => {
    const ms = parseDurationMs(String(text));
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: 'is not a duration; write such as 30s, 5m or 1h30m', input: text });
    return z.NEVER;
  })
  .meta({ description: 'Prometheus duration, such as 30s, 5m or 1h30m' });

/** YAML reads 1 and true as a number and a boolean; Prometheus takes them as text. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const labelName = z.string().regex(/^[a-zA-Z_]\w*$/, 'must match [a-zA-Z_][a-zA-Z0-9_]*');
const labelMap = z.record(labelName, text);

const tapewatchBlock = z.strictObject({
  severity: z
    .string()
    .transform((spelling, context) => {
      const severity = severityOf(spelling);
      if (severity !== undefined) return severity;
      context.addIssue({
        code: 'custom',
        message: `is not a severity; use one of ${SEVERITIES.join(', ')}`,
        input: spelling,
      });
      return z.NEVER;
    })
    .optional(),
  cooldown: durationText.optional().describe('replaces the cooldown of the severity; 0s: none'),
  explain_over: durationText
    .optional()
    .describe('names the slow hop of so much time before the alert, its share, the orders touched and their cost'),
});

export const ruleSchema = z.strictObject({
  alert: z.string().min(1).max(256).optional(),
  record: z
    .string()
    .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'must be a metric name')
    .optional(),
  expr: text,
  for: durationText.optional(),
  keep_firing_for: durationText.optional(),
  labels: labelMap.default({}),
  annotations: labelMap.default({}),
  tapewatch: tapewatchBlock.optional(),
});

export const ruleGroupSchema = z.strictObject({
  name: z.string().min(1).max(256),
  interval: durationText.optional(),
  /** Most alerts (or recorded series) a rule may yield; more is an error of the rule. 0: no limit. */
  limit: z.number().int().min(0).default(0),
  labels: labelMap.default({}),
  rules: z.array(ruleSchema).max(MAX_RULES_A_GROUP).default([]),
});

export const ruleFileSchema = z.strictObject({ groups: z.array(ruleGroupSchema).max(MAX_GROUPS).default([]) });

export type RuleDocument = z.output<typeof ruleSchema>;
export type RuleGroupDocument = z.output<typeof ruleGroupSchema>;
export type RuleFileDocument = z.output<typeof ruleFileSchema>;

export interface RuleFileOptions {
  readonly file: string;
  /** Parses an expression and throws what is wrong with it. */
  readonly checkExpression: (expr: string) => unknown;
}

/** Reads a rule file; every problem at once. */
export function parseRuleFile(
  source: string,
  { file, checkExpression }: RuleFileOptions,
): DocumentResult<RuleFileDocument> {
  return readYaml(ruleFileSchema, source, {
    file,
    inspect: (input, report) => inspectTexts(input, report, checkExpression),
    check: ({ groups }, report) => {
      const seen = new Set<string>();
      groups.forEach((group, index) => {
        if (seen.has(group.name))
          report(['groups', index, 'name'], `the group "${group.name}" occurs twice in this file`);
        seen.add(group.name);
        group.rules.forEach((rule, position) => {
          checkRule(rule, (path, message) => report(['groups', index, 'rules', position, ...path], message));
        });
      });
    },
  });
}

/** Expressions and templates of whatever looks like a rule. */
function inspectTexts(input: unknown, report: Report, checkExpression: (expr: string) => unknown): void {
  listAt(input, 'groups').forEach((group, index) => {
    listAt(group, 'rules').forEach((rule, position) => {
      const reportRule: Report = (path, message) => report(['groups', index, 'rules', position, ...path], message);
      const expr = fieldOf(rule, 'expr');
      if (typeof expr === 'string' && expr.trim() === '') reportRule(['expr'], 'the expression is empty');
      else if (typeof expr === 'string') attempt(() => checkExpression(expr), ['expr'], reportRule);
      for (const block of ['labels', 'annotations'] as const) {
        for (const [name, value] of Object.entries(fieldOf(rule, block) ?? {})) {
          if (typeof value === 'string') attempt(() => parseTemplate(value), [block, name], reportRule);
        }
      }
    });
  });
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}

function checkRule(rule: RuleDocument, report: Report): void {
  if ((rule.alert === undefined) === (rule.record === undefined)) {
    report([], 'a rule has either "alert" or "record"');
  }
  if (rule.record !== undefined) {
    for (const key of ['for', 'keep_firing_for', 'tapewatch'] as const) {
      if (rule[key] !== undefined) report([key], `a recording rule has no "${key}"`);
    }
    if (Object.keys(rule.annotations).length > 0) report(['annotations'], 'a recording rule has no "annotations"');
  }
  for (const name of ['__name__', 'alertname']) {
    if (Object.hasOwn(rule.labels, name)) report(['labels', name], `"${name}" is set from the rule's name`);
  }
  const label = rule.labels['severity'];
  const own = rule.tapewatch?.severity;
  if (own !== undefined && label !== undefined && severityOf(label) !== own) {
    report(['tapewatch', 'severity'], `is ${own}, but the label "severity" says ${JSON.stringify(label)}; keep one`);
  }
}

function attempt(check: () => unknown, path: readonly string[], report: Report): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const at = error instanceof TemplateError ? ` (at character ${error.position + 1})` : '';
    report(path, error.message + at);
  }
}
