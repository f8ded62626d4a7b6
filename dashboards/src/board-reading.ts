/** What the tests (and `tapewatch check`) ask of a built board: its panels in one list, its expressions, its metric names. */
import { parse, plan } from '@tapewatch/core';
import type { DashboardJson, PlacedPanel, Target } from './model.ts';

/** All panels without rows, those inside collapsed rows included. */
export function panelsOf(board: DashboardJson): readonly PlacedPanel[] {
  return board.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
}

export function targetsOf(board: DashboardJson): readonly Target[] {
  return panelsOf(board).flatMap((panel) => panel.targets ?? []);
}

export function expressionsOf(board: DashboardJson): readonly string[] {
  return targetsOf(board).flatMap((target) => (typeof target['expr'] === 'string' ? [target['expr']] : []));
}

/** An expression as the sidecar sees it: variables and macros replaced by values of their kind. */
export function filled(expr: string): string {
  return expr.replaceAll(/\$__(rate_interval|interval|range)\b/g, '1m').replaceAll(/\$(venue|strategy)\b/g, 'a|b');
}

/** Names of the metrics that an expression reads. Throws where it is not PromQL that the sidecar evaluates. */
export function metricNamesIn(expr: string): readonly string[] {
  const { selects } = plan(parse(expr), { startMs: 0, endMs: 0, stepMs: 0 }, { text: expr });
  return selects.map(({ matchers }) => matchers.find(({ name }) => name === '__name__')?.value ?? '');
}
