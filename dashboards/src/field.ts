/**
 * Field settings that the boards share: thresholds, colours, overrides, value mappings. Colours are names of Grafana's
 * palette, so that they follow the theme.
 */
import type { FieldConfig, FieldOverride, ThresholdStep } from './model.ts';

/** A colour from each value upwards; the first has no lower limit. */
export function steps(base: string, ...above: readonly (readonly [number, string])[]): readonly ThresholdStep[] {
  return [{ color: base, value: null }, ...above.map(([value, color]) => ({ color, value }))];
}

export function absolute(list: readonly ThresholdStep[]): object {
  return { mode: 'absolute', steps: list };
}

/** In order of the series, which the sidecar sorts by labels: a venue keeps its colour down the whole board. */
export const BY_ORDER = { mode: 'palette-classic' };
export const BASIS_POINTS = 'suffix:bps';
/** Grafana's own `c/s` and `ops/s` name things that these are not. */
export const PER_SECOND = 'suffix:/s';
export const BY_THRESHOLD = { mode: 'thresholds' };

export function fixed(color: string): object {
  return { mode: 'fixed', fixedColor: color };
}

export function named(name: string, properties: Readonly<Record<string, unknown>>): FieldOverride {
  return {
    matcher: { id: 'byName', options: name },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}

/** For all columns of numbers. */
export function numbers(properties: Readonly<Record<string, unknown>>): FieldOverride {
  return {
    matcher: { id: 'byType', options: 'number' },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}

/** Texts and colours for single numbers. */
export function valueTexts(texts: Readonly<Record<string, { text: string; color: string }>>): readonly object[] {
  const options = Object.fromEntries(
    Object.entries(texts).map(([value, shown], index) => [value, { ...shown, index }]),
  );
  return [{ type: 'value', options }];
}

/**
 * What is withheld has no colour: without this it would take that of the lowest step, often red. And `noValue`, the text
 * of an answer without rows, would stand in each such cell.
 */
export const WITHHELD: readonly object[] = ['null', 'empty'].map((match, index) => ({
  type: 'special',
  options: { match, result: { text: '-', color: 'text', index } },
}));

/** The column in which the data source tells why a query failed. */
export const FAILURE = 'query failed';

/** Sentences are read whole. */
export const WRAPPED = { 'custom.cellOptions': { type: 'auto', wrapText: true } };

/** Colours a column's numbers by their steps. */
export function coloured(list: readonly ThresholdStep[]): Readonly<Record<string, unknown>> {
  return {
    'custom.cellOptions': { type: 'color-text' },
    color: BY_THRESHOLD,
    thresholds: absolute(list),
    mappings: WITHHELD,
  };
}

/** Grafana's steps begin at their value; where a band begins behind it, it begins at the next number there is. */
export function above(limit: number): number {
  return limit + Number.EPSILON * Math.max(1, Math.abs(limit));
}

/** For shares that ought to be whole. */
export const GRADED_SHARE = steps('red', [0.95, 'orange'], [0.99, 'green']);

export const HEALTH_TEXTS = valueTexts({
  0: { text: 'Healthy', color: 'green' },
  1: { text: 'Degraded', color: 'orange' },
  2: { text: 'Critical', color: 'red' },
});

export function fields(
  defaults: Readonly<Record<string, unknown>>,
  overrides: readonly FieldOverride[] = [],
): FieldConfig {
  return { defaults, overrides };
}
