/**
 * Rule files from disk: patterns to files, files to groups. Everything that is wrong in any file is told at once, and
 * then nothing is taken: half of a rule set is worse than the one that runs.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type AlertingRule,
  type InputNames,
  type Measured,
  goesByTime,
  inputNames,
  measuredBy,
  parse,
  parseTemplate,
  plan,
  type Expr,
} from '@tapewatch/core';
import { type RuleDocument, type RuleGroupDocument, formatProblem, parseRuleFile } from '@tapewatch/contract';
import { glob } from 'tinyglobby';
import { TapewatchError } from '../errors.ts';

const NANOS_PER_MS = 1_000_000n;

interface LoadedRuleBase {
  /** Group, kind, name, own labels and their ordinal: what makes it the same rule after a reload. */
  readonly identity: string;
  readonly name: string;
  readonly expr: string;
  readonly inputs: InputNames;
  readonly measured: Measured;
  /** Which data an evaluation reads, milliseconds from its stamp: `oldestMs` is negative, `newestMs` mostly 0. */
  readonly reach: { readonly oldestMs: number; readonly newestMs: number };
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  /** Replaces the cooldown of its severity. */
  readonly cooldownMs?: number;
  /** How much time before an alert is explained to it; 0: none. */
  readonly explainOverMs: number;
  /** Its result changes with time alone, so news cannot wake it. */
  readonly goesByTime: boolean;
}

export type LoadedRule = LoadedRuleBase &
  ({ readonly type: 'alerting'; readonly condition: AlertingRule } | { readonly type: 'recording' });

export interface LoadedGroup {
  readonly name: string;
  readonly file: string;
  readonly intervalMs: number;
  /** 0: the general bound only. */
  readonly limit: number;
  readonly rules: readonly LoadedRule[];
}

/** Files in the order of their names, each once. A name without a pattern must exist. Throws `rule.invalid`. */
export async function loadRuleFiles(patterns: readonly string[], defaultIntervalMs: number): Promise<LoadedGroup[]> {
  const problems: string[] = [];
  const groups: LoadedGroup[] = [];
  const ordinals = new Map<string, number>();
  for (const file of await findFiles(patterns, problems)) {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      problems.push(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
      continue;
    }
    const result = parseRuleFile(text, { file, checkExpression: parse });
    if (!result.ok) problems.push(...result.problems.map(formatProblem));
    else groups.push(...result.value.groups.map((group) => loadGroup(group, { file, defaultIntervalMs, ordinals })));
  }
  if (problems.length > 0) {
    throw new TapewatchError(
      'rule.invalid',
      `the rule files have ${problems.length} problem(s):\n${problems.join('\n')}`,
      {
        details: { problems },
      },
    );
  }
  return groups;
}

async function findFiles(patterns: readonly string[], problems: string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const absolute = path.resolve(pattern);
    if (!/[*?[\]{}]/.test(path.basename(absolute))) {
      files.add(absolute);
      continue;
    }
    const cwd = path.dirname(absolute);
    const found = await glob(path.basename(absolute), { cwd, absolute: true, onlyFiles: true, dot: false });
    if (found.length === 0) problems.push(`${pattern}: no file matches; correct the pattern or remove it`);
    for (const file of found) files.add(path.normalize(file));
  }
  return [...files].sort();
}

function loadGroup(
  group: RuleGroupDocument,
  context: { file: string; defaultIntervalMs: number; ordinals: Map<string, number> },
): LoadedGroup {
  const { file, defaultIntervalMs, ordinals } = context;
  const rules = group.rules.map((document) => {
    const labels = { ...group.labels, ...document.labels };
    const own = JSON.stringify([
      group.name,
      document.alert ?? '',
      document.record ?? '',
      Object.entries(labels).sort(),
    ]);
    const ordinal = ordinals.get(own) ?? 0;
    ordinals.set(own, ordinal + 1);
    return loadRule(document, labels, `${own}#${ordinal}`);
  });
  return { name: group.name, file, intervalMs: group.interval ?? defaultIntervalMs, limit: group.limit, rules };
}

function loadRule(document: RuleDocument, groupAndRuleLabels: Record<string, string>, identity: string): LoadedRule {
  const { expr, annotations } = document;
  const severity = document.tapewatch?.severity;
  const labels = severity === undefined ? groupAndRuleLabels : { ...groupAndRuleLabels, severity };
  const name = document.alert ?? document.record ?? '';
  const parsed = parse(expr);
  const cooldownMs = document.tapewatch?.cooldown;
  const base = {
    identity,
    name,
    expr,
    inputs: inputNames(parsed),
    measured: measuredBy(parsed),
    reach: reachOf(parsed),
    goesByTime: goesByTime(parsed),
    ...(cooldownMs === undefined ? {} : { cooldownMs }),
    explainOverMs: document.tapewatch?.explain_over ?? 0,
    labels,
    annotations,
    forMs: document.for ?? 0,
    keepFiringForMs: document.keep_firing_for ?? 0,
  };
  if (document.alert === undefined) return { ...base, type: 'recording' };
  const condition: AlertingRule = {
    name,
    forNanos: BigInt(base.forMs) * NANOS_PER_MS,
    keepFiringForNanos: BigInt(base.keepFiringForMs) * NANOS_PER_MS,
    labels: templates(labels),
    annotations: templates(annotations),
  };
  return { ...base, type: 'alerting', condition };
}

function reachOf(expr: Expr): LoadedRule['reach'] {
  const { selects } = plan(expr, { startMs: 0, endMs: 0, stepMs: 0 });
  const oldestMs = Math.min(0, ...selects.map(({ startMs }) => startMs));
  return { oldestMs, newestMs: Math.max(oldestMs, ...selects.map(({ endMs }) => endMs)) };
}

function templates(texts: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, parseTemplate(text)]));
}
