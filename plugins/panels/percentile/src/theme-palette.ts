/** Colours from Grafana's theme; nothing is fixed, so light, dark and further themes work. */
import type { GrafanaTheme2 } from '@grafana/data';
import { colorRamp } from '@tapewatch/panel-kit';
import type { Palette } from './draw.ts';
import { percentileName } from './percentile.ts';

export const HEATMAP_LEVELS = 12;

/** From calm to alarming; a percentile takes its colour by how far in the tail it lies, whatever the list. */
const LINE_COLORS = [
  { below: 0.75, color: 'green' },
  { below: 0.925, color: 'yellow' },
  { below: 0.97, color: 'orange' },
  { below: 0.995, color: 'red' },
  { below: 1, color: 'purple' },
] as const;

export function lineColor(theme: GrafanaTheme2, quantile: number, chosen: Readonly<Record<string, string>>): string {
  const name = chosen[percentileName(quantile)] ?? LINE_COLORS.find(({ below }) => quantile < below)?.color ?? 'purple';
  return theme.visualization.getColorByName(name);
}

export interface PaletteRequest {
  readonly quantiles: readonly number[];
  readonly colors: Readonly<Record<string, string>>;
  readonly bandOpacity: number;
  readonly lineWidth: number;
}

export function themePalette(theme: GrafanaTheme2, request: PaletteRequest): Palette {
  const background = theme.colors.background.primary;
  // A muted blue keeps the lines in front; in the light theme a paler one does.
  const hottest = theme.visualization.getColorByName(theme.isDark ? 'dark-blue' : 'super-light-blue');
  return {
    ramp: colorRamp(background, hottest, HEATMAP_LEVELS),
    lines: request.quantiles.map((quantile) => lineColor(theme, quantile, request.colors)),
    background,
    bandOpacity: request.bandOpacity,
    lineWidth: request.lineWidth,
  };
}
