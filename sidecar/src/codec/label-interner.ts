/**
 * Labels of samples, interned: most messages repeat a label set that was seen before, so the checks, the sort and the
 * canonical key are paid once. The cache is keyed by name and labels in the order of arrival, each with its length, so
 * that no two inputs share a key; it holds two generations, so that what is in use survives when one is full.
 */
import { LABEL_NAME_PATTERN, METRIC_NAME_PATTERN } from '@tapewatch/contract';
import { Labels, METRIC_NAME } from '@tapewatch/core';
import { exceedsBytes, LABEL_NAME_MAX_BYTES, LABEL_VALUE_MAX_BYTES, LABELS_MAX } from './limit.ts';
import { Fault, shown } from './problem.ts';

/** Label sets of one generation, and characters of their keys; two generations stand at most. */
export const INTERNED_MAX = 65_536;
export const INTERNED_MAX_CHARACTERS = 16_777_216;

type ContextLabels = Readonly<Record<string, string>>;
export type WireLabels = Readonly<Record<string, unknown>>;

export class LabelInterner {
  #young = new Map<string, Labels>();
  #youngCharacters = 0;
  #old = new Map<string, Labels>();
  /** The context's part of the key; contexts come from a bounded cache of subjects, so their identity is stable. */
  readonly #prefixes = new WeakMap<ContextLabels, string>();

  /** The label set with its metric name, or what is wrong with it. The payload's labels win over the context's. */
  intern(name: string, own: WireLabels | undefined, context: ContextLabels): Labels | Fault {
    let key = `${this.#prefixOf(context)}${name.length}:${name}`;
    if (own !== undefined) {
      for (const label in own) {
        const value = own[label];
        const text = typeof value === 'string' ? value : scalarText(value);
        if (text === undefined)
          return new Fault(
            'schema',
            `labels.${label.slice(0, 60)}: expected text, number or boolean, got ${shown(value)}`,
          );
        key += `${label.length}:${label}${text.length}:${text}`;
      }
    }
    return this.#find(key) ?? this.#build(key, name, { ...context, ...own });
  }

  #find(key: string): Labels | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#remember(key, old);
    return old;
  }

  #build(key: string, name: string, merged: WireLabels): Labels | Fault {
    if (name.length > LABEL_NAME_MAX_BYTES || !METRIC_NAME_PATTERN.test(name)) {
      return new Fault(
        'schema',
        `name ${shown(name)}: must match [a-zA-Z_:][a-zA-Z0-9_:]* and have at most ${LABEL_NAME_MAX_BYTES} bytes`,
      );
    }
    const pairs: [string, string][] = [[METRIC_NAME, name]];
    for (const [label, value] of Object.entries(merged)) {
      const text = scalarText(value) as string;
      const fault = labelFault(label, text);
      if (fault !== undefined) return fault;
      pairs.push([label, text]);
    }
    if (pairs.length - 1 > LABELS_MAX) {
      return new Fault(
        'label_limit',
        `${shown(name)} has ${pairs.length - 1} labels; at most ${LABELS_MAX} are allowed`,
      );
    }
    const labels = Labels.from(pairs);
    this.#remember(key, labels);
    return labels;
  }

  #remember(key: string, labels: Labels): void {
    if (this.#young.size >= INTERNED_MAX || this.#youngCharacters > INTERNED_MAX_CHARACTERS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#young.set(key, labels);
    this.#youngCharacters += key.length;
  }

  #prefixOf(context: ContextLabels): string {
    const known = this.#prefixes.get(context);
    if (known !== undefined) return known;
    const pairs = Object.entries(context);
    const parts = pairs.map(([label, value]) => `${label.length}:${label}${value.length}:${value}`);
    const prefix = `${pairs.length};${parts.join('')}`;
    this.#prefixes.set(context, prefix);
    return prefix;
  }
}

function labelFault(label: string, value: string): Fault | undefined {
  if (label.length > LABEL_NAME_MAX_BYTES) {
    return new Fault(
      'label_limit',
      `label name ${shown(label)} has ${label.length} bytes; at most ${LABEL_NAME_MAX_BYTES} are allowed`,
    );
  }
  if (!LABEL_NAME_PATTERN.test(label)) {
    return new Fault('schema', `label name ${shown(label)} must match [a-zA-Z_][a-zA-Z0-9_]* and not begin with __`);
  }
  if (exceedsBytes(value, LABEL_VALUE_MAX_BYTES)) {
    return new Fault(
      'label_limit',
      `label ${label} has ${Buffer.byteLength(value)} bytes; at most ${LABEL_VALUE_MAX_BYTES} are allowed`,
    );
  }
  return undefined;
}

function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      return undefined;
  }
}
