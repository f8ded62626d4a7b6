/**
 * Relabelling: rules rewrite a label set or drop it. Expressions are RE2's, anchored at both ends, a dot matches a line
 * feed; `$1` and `${name}` stand for groups as in Go's `Regexp.Expand`. Source: Prometheus documentation,
 * "relabel_config"; the cases of relabel.test.ts were answered by Prometheus's own package.
 */
import { createHash } from 'node:crypto';
import { RE2JS } from 're2js';
import { RELABEL_DEFAULTS, type RelabelRule } from '@tapewatch/contract';

/** Names to values; an absent label and an empty one are the same, so none is empty. */
export type LabelMap = Map<string, string>;

/** Changes the labels in place. False: drop. */
export type Relabeller = (labels: LabelMap) => boolean;

type Expand = (template: string) => string;

/** A full match of the text, with its groups; undefined where there is none. */
type Expression = (text: string) => Expand | undefined;

const TEMPLATE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/** Throws RE2's complaint about a pattern that it does not know. */
export function compileExpression(pattern: string): Expression {
  const expression = RE2JS.compile(pattern, RE2JS.DOTALL);
  const names = new Set(Object.keys(expression.namedGroups()));
  return (text) => {
    const matcher = expression.matcher(text);
    if (!matcher.matches()) return undefined;
    const group = (name: string): string => {
      if (/^\d+$/.test(name)) return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? '') : '';
      return names.has(name) ? (matcher.group(name) ?? '') : '';
    };
    return (template) =>
      template.replace(TEMPLATE, (whole, braced?: string, bare?: string) =>
        whole === '$$' ? '$' : group(braced ?? bare ?? ''),
      );
  };
}

/** Rules were checked when they were read. */
export function compileRelabelling(rules: readonly RelabelRule[]): Relabeller {
  const steps = rules.map(compileRule);
  return (labels) => steps.every((step) => step(labels));
}

function compileRule(rule: RelabelRule): Relabeller {
  const { separator = RELABEL_DEFAULTS.separator, source_labels: sources = [], target_label: target = '' } = rule;
  const { regex = RELABEL_DEFAULTS.regex, replacement = RELABEL_DEFAULTS.replacement, modulus = 1 } = rule;
  const match = compileExpression(regex);
  const valueOf = (labels: LabelMap): string => sources.map((name) => labels.get(name) ?? '').join(separator);
  const actions: Record<RelabelRule['action'], Relabeller> = {
    keep: (labels) => match(valueOf(labels)) !== undefined,
    drop: (labels) => match(valueOf(labels)) === undefined,
    keepequal: (labels) => (labels.get(target) ?? '') === valueOf(labels),
    dropequal: (labels) => (labels.get(target) ?? '') !== valueOf(labels),
    replace: (labels) => {
      const expand = match(valueOf(labels));
      const name = expand?.(target) ?? '';
      if (expand !== undefined && name !== '') setLabel(labels, name, expand(replacement));
      return true;
    },
    lowercase: (labels) => setLabel(labels, target, valueOf(labels).toLowerCase()),
    uppercase: (labels) => setLabel(labels, target, valueOf(labels).toUpperCase()),
    hashmod: (labels) => setLabel(labels, target, hashModulo(valueOf(labels), modulus)),
    labelmap: (labels) => {
      for (const [name, value] of [...labels]) {
        const expand = match(name);
        if (expand !== undefined) setLabel(labels, expand(replacement), value);
      }
      return true;
    },
    labeldrop: (labels) => removeNames(labels, (name) => match(name) !== undefined),
    labelkeep: (labels) => removeNames(labels, (name) => match(name) === undefined),
  };
  return actions[rule.action];
}

/** The last 8 of MD5's 16 bytes, as Prometheus always did: other shards of the same targets agree with it. */
function hashModulo(text: string, modulus: number): string {
  return String(createHash('md5').update(text).digest().readBigUInt64BE(8) % BigInt(modulus));
}

function setLabel(labels: LabelMap, name: string, value: string): true {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
  return true;
}

function removeNames(labels: LabelMap, isRemoved: (name: string) => boolean): true {
  for (const name of [...labels.keys()]) if (isRemoved(name)) labels.delete(name);
  return true;
}
