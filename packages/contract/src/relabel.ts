/**
 * Relabelling rules in Prometheus's words: targets before they are scraped, samples before they are stored. Source:
 * Prometheus documentation, "relabel_config". What an action cannot use is an error, as in Prometheus: a key without
 * effect is a rule that somebody believes in.
 */
import { z } from 'zod';
import type { Report } from './yaml-document.ts';

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;
export type RelabelAction = (typeof RELABEL_ACTIONS)[number];

/** Where a rule says nothing. The expression is anchored at both ends; `$1` is what its group matched. */
export const RELABEL_DEFAULTS = { separator: ';', regex: '(.*)', replacement: '$1' } as const;

const MAX_SOURCE_LABELS = 100;
/** Larger moduli are not exact as doubles. */
const MAX_MODULUS = Number.MAX_SAFE_INTEGER;

/** YAML reads 1 and true as a number and a boolean; Prometheus takes them as text. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

export const relabelRuleSchema = z.strictObject({
  source_labels: z.array(z.string().min(1)).max(MAX_SOURCE_LABELS).optional(),
  separator: text.optional(),
  target_label: z.string().optional(),
  regex: text.optional(),
  modulus: z.number().int().min(1).max(MAX_MODULUS).optional(),
  replacement: text.optional(),
  action: z
    .string()
    .transform((name) => name.toLowerCase())
    .pipe(z.enum(RELABEL_ACTIONS, { error: `is not an action; use one of ${RELABEL_ACTIONS.join(', ')}` }))
    .default('replace'),
});

export type RelabelRule = z.output<typeof relabelRuleSchema>;

type Key = Exclude<keyof RelabelRule, 'action'>;

const NEEDS_TARGET: ReadonlySet<RelabelAction> = new Set([
  'replace',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
]);

/** Keys that an action must not have. */
const REFUSED: Readonly<Partial<Record<RelabelAction, readonly Key[]>>> = {
  lowercase: ['replacement'],
  uppercase: ['replacement'],
  keepequal: ['regex', 'modulus', 'separator', 'replacement'],
  dropequal: ['regex', 'modulus', 'separator', 'replacement'],
  labeldrop: ['source_labels', 'target_label', 'modulus', 'separator', 'replacement'],
  labelkeep: ['source_labels', 'target_label', 'modulus', 'separator', 'replacement'],
};

/** Reports what the schema cannot say. `compile` throws on a bad regular expression. */
export function checkRelabelRule(rule: RelabelRule, report: Report, compile: (pattern: string) => unknown): void {
  const { action, target_label: target, modulus, regex } = rule;
  if (NEEDS_TARGET.has(action) && (target === undefined || target === '')) {
    report(['target_label'], `the action ${action} needs "target_label"`);
  }
  if (action === 'hashmod' && modulus === undefined) report(['modulus'], 'the action hashmod needs "modulus"');
  for (const key of REFUSED[action] ?? []) {
    if (rule[key] !== undefined && rule[key] !== defaultOf(key)) {
      report([key], `the action ${action} has no "${key}"; remove it`);
    }
  }
  if (regex === undefined) return;
  try {
    compile(regex);
  } catch (error) {
    report(['regex'], error instanceof Error ? error.message : String(error));
  }
}

function defaultOf(key: Key): string | undefined {
  return Object.hasOwn(RELABEL_DEFAULTS, key) ? RELABEL_DEFAULTS[key as keyof typeof RELABEL_DEFAULTS] : undefined;
}
