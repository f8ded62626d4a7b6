/** What the tests (and `tapewatch check`) ask of a built board: its panels in one list, its expressions, its metric names. */
import { parse, plan } from '@tapewatch/core';
import {
  TAPEWATCH,
  type DashboardJson,
  type FieldConfig,
  type PlacedPanel,
  type Target,
  type ThresholdStep,
} from './model.ts';

/** All panels without rows, those inside collapsed rows included. */
export function panelsOf(board: DashboardJson): readonly PlacedPanel[] {
  return board.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
}

/** Questions to the sidecar; what shows another panel's answer asks nothing. */
export function targetsOf(board: DashboardJson): readonly Target[] {
  return panelsOf(board)
    .flatMap((panel) => panel.targets ?? [])
    .filter(({ datasource }) => datasource.uid === TAPEWATCH.uid);
}

export function expressionsOf(board: DashboardJson): readonly string[] {
  return targetsOf(board).flatMap((target) => (typeof target['expr'] === 'string' ? [target['expr']] : []));
}

/** An expression as the sidecar sees it: variables and macros replaced by values of their kind. */
export function filled(expr: string): string {
  return expr
    .replaceAll(/\$__(rate_interval|interval|range)\b/g, '1m')
    .replaceAll(/\$(venue|strategy|service|node)\b/g, 'a|b');
}

/** Names of the metrics that an expression reads. Throws where it is not PromQL that the sidecar evaluates. */
export function metricNamesIn(expr: string): readonly string[] {
  const { selects } = plan(parse(expr), { startMs: 0, endMs: 0, stepMs: 0 }, { text: expr });
  return selects.map(({ matchers }) => matchers.find(({ name }) => name === '__name__')?.value ?? '');
}

export function fieldConfigOf(panel: PlacedPanel): FieldConfig {
  return panel['fieldConfig'] as FieldConfig;
}

/** The colour that Grafana gives a number: that of the last step that begins at it or below. */
export function colourAt(steps: readonly ThresholdStep[], value: number): string {
  return steps.reduce((colour, step) => (step.value === null || value >= step.value ? step.color : colour), '');
}

export interface ReadColumn {
  readonly name: string;
  readonly width: number | undefined;
}

/** Columns that a table names, in order. */
export function columnsOf(panel: PlacedPanel): readonly ReadColumn[] {
  const [organize] = (panel['transformations'] ?? []) as { options: { indexByName: Record<string, number> } }[];
  const { overrides } = fieldConfigOf(panel);
  const widthOf = (name: string): unknown =>
    overrides
      .find(({ matcher }) => matcher.id === 'byName' && matcher.options === name)
      ?.properties.find(({ id }) => id === 'custom.width')?.value;
  return Object.entries(organize?.options.indexByName ?? {})
    .sort(([, left], [, right]) => left - right)
    .map(([name]) => ({ name, width: widthOf(name) as number | undefined }));
}
