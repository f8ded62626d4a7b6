/**
 * Labels of samples, interned: most messages repeat a label set that was seen before, so the checks, the sort, the
 * canonical key and the sink's number for the series are paid once. The cache is keyed by name and labels in the order of
 * arrival, each with its length, so that no two inputs share a key; it holds two generations, so that what is in use
 * survives when one is full. It serves one sink.
 */
import { LABEL_NAME_PATTERN, METRIC_NAME_PATTERN } from '@tapewatch/contract';
import { Labels, METRIC_NAME, type MetricKind } from '@tapewatch/core';
import type { SampleSink, SeriesRef } from '../ports.ts';
import { exceedsBytes, LABEL_NAME_MAX_BYTES, LABEL_VALUE_MAX_BYTES, LABELS_MAX } from './limit.ts';
import { Fault, shown } from './problem.ts';

/** Label sets of one generation, and characters of their keys; two generations stand at most. */
export const INTERNED_MAX = 65_536;
export const INTERNED_MAX_CHARACTERS = 16_777_216;

type ContextLabels = Readonly<Record<string, string>>;
export type WireLabels = Readonly<Record<string, unknown>>;

/** Observations and ready-made histograms of one label set are one series. */
const KIND_CODES: Readonly<Record<MetricKind, number>> = { gauge: 0, counter: 1, observation: 2, histogram: 2 };

/** What a series is made of, the first time. */
export interface SeriesIdentity {
  readonly name: string;
  readonly labels: WireLabels | undefined;
  readonly kind: MetricKind;
  readonly unit?: string | undefined;
  readonly help?: string | undefined;
}

interface Interned {
  readonly labels: Labels;
  /** The sink's answers by kind; 0 where it was not asked, or refused. */
  readonly refs: SeriesRef[];
}

export class LabelInterner {
  #young = new Map<string, Interned>();
  #youngCharacters = 0;
  #old = new Map<string, Interned>();
  /** The context's part of the key; contexts come from a bounded cache of subjects, so their identity is stable. */
  readonly #prefixes = new WeakMap<ContextLabels, string>();

  /** Forgets what was not asked for since the last call but one. */
  age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngCharacters = 0;
  }

  /** The sink's number for a series; asked once per spelling of its labels unless it refuses. */
  ref({ name, labels, kind, unit, help }: SeriesIdentity, context: ContextLabels, sink: SampleSink): SeriesRef | Fault {
    const interned = this.#intern(name, labels, context);
    if (interned instanceof Fault) return interned;
    const code = KIND_CODES[kind];
    const known = interned.refs[code] as SeriesRef;
    if (known > 0) return known;
    const ref = sink.series(interned.labels, kind, unit, help);
    interned.refs[code] = ref;
    return ref;
  }

  /** The number that the sink gave this label set as a series of any kind; 0 when it was not asked, or refused. */
  known(name: string, own: WireLabels, context: ContextLabels): SeriesRef {
    const interned = this.#intern(name, own, context);
    return interned instanceof Fault ? 0 : (interned.refs.find((ref) => ref > 0) ?? 0);
  }

  /** The label set with its metric name, or what is wrong with it. The payload's labels win over the context's. */
  intern(name: string, own: WireLabels | undefined, context: ContextLabels): Labels | Fault {
    const interned = this.#intern(name, own, context);
    return interned instanceof Fault ? interned : interned.labels;
  }

  #intern(name: string, own: WireLabels | undefined, context: ContextLabels): Interned | Fault {
    let key = `${this.#prefixOf(context)}${name.length}:${name}`;
    if (own !== undefined) {
      let count = 0;
      for (const label in own) {
        // Before the key becomes as long as ten thousand labels make it.
        if (++count > LABELS_MAX) return tooManyLabels(name);
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

  #find(key: string): Interned | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#remember(key, old);
    return old;
  }

  #build(key: string, name: string, merged: WireLabels): Interned | Fault {
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
    if (pairs.length - 1 > LABELS_MAX) return tooManyLabels(name);
    const interned = { labels: Labels.from(pairs), refs: [0, 0, 0] };
    this.#remember(key, interned);
    return interned;
  }

  #remember(key: string, interned: Interned): void {
    if (this.#young.size >= INTERNED_MAX || this.#youngCharacters > INTERNED_MAX_CHARACTERS) {
      this.age();
    }
    this.#young.set(key, interned);
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

export function tooManyLabels(name: string): Fault {
  return new Fault('label_limit', `${shown(name)} has more labels than the ${LABELS_MAX} that are allowed`);
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
