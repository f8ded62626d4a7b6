/**
 * The uPlot configuration of one facet: axes, zoom, cursor and thresholds are Grafana's own builder, so they behave as in
 * the core panels; heat map, bands and lines are our scene, painted in uPlot's draw hooks.
 * Data are read through `source`, so new data redraw the plot without building it anew.
 */
import type { GrafanaTheme2, ThresholdsConfig, TimeRange } from '@grafana/data';
import {
  AxisPlacement,
  GraphThresholdsStyleMode,
  ScaleDirection,
  ScaleDistribution,
  ScaleOrientation,
} from '@grafana/schema';
import { UPlotConfigBuilder } from '@grafana/ui';
import type uPlot from 'uplot';
import { drawCells, drawPercentiles, type Palette } from './draw.ts';
import type { ThresholdStyle, ValueScale } from './options.ts';
import { valueAxis, type Facet } from './panel-model.ts';
import { buildScene, type Scene } from './scene.ts';
import { HEATMAP_LEVELS } from './theme-palette.ts';
import type { Viewport } from './viewport.ts';

/** What may change without a new configuration. */
export interface PlotSource {
  readonly facet: Facet;
  readonly timeRange: TimeRange;
  /** Text for those who do not see the canvas. */
  readonly description: string;
}

export interface PlotSettings {
  readonly theme: GrafanaTheme2;
  readonly timeZone: string;
  readonly palette: Palette;
  readonly visible: readonly boolean[];
  readonly heatmap: boolean;
  readonly valueScale: ValueScale;
  readonly minTailSamples: number;
  readonly limits: { readonly min?: number | null | undefined; readonly max?: number | null | undefined };
  readonly thresholds: ThresholdsConfig | undefined;
  readonly thresholdStyle: ThresholdStyle;
  readonly formatValue: (value: number) => string;
}

/** What differs between the facets of a panel. */
export interface FacetSettings extends PlotSettings {
  readonly timeAxis: boolean;
  readonly valueAxisWidth: number | undefined;
}

const THRESHOLD_MODES: Record<ThresholdStyle, GraphThresholdsStyleMode> = {
  off: GraphThresholdsStyleMode.Off,
  line: GraphThresholdsStyleMode.Line,
  dashed: GraphThresholdsStyleMode.Dashed,
  area: GraphThresholdsStyleMode.Area,
  'line+area': GraphThresholdsStyleMode.LineAndArea,
};

export function buildPlotConfig(source: { readonly current: PlotSource }, settings: FacetSettings): UPlotConfigBuilder {
  const builder = new UPlotConfigBuilder(settings.timeZone);
  addScales(builder, source, settings);
  addAxes(builder, settings);
  settings.palette.lines.forEach((color, line) => {
    builder.addSeries({
      scaleKey: 'y',
      theme: settings.theme,
      lineColor: color,
      pointColor: color,
      // Ours draws; uPlot's series carries the values for cursor and tooltip.
      pathBuilder: () => null,
      pointsFilter: () => null,
      show: settings.visible[line] === true,
    });
  });
  addDrawing(builder, source, settings);
  builder.addHook('init', (plot: uPlot) => {
    plot.root.setAttribute('role', 'img');
    plot.root.setAttribute('aria-label', source.current.description);
  });
  builder.addHook('setData', (plot: uPlot) => plot.root.setAttribute('aria-label', source.current.description));
  builder.setCursor({ points: { size: 7 }, focus: { prox: 1e3 } });
  return builder;
}

function addScales(
  builder: UPlotConfigBuilder,
  source: { readonly current: PlotSource },
  settings: PlotSettings,
): void {
  builder.addScale({
    scaleKey: 'x',
    isTime: true,
    orientation: ScaleOrientation.Horizontal,
    direction: ScaleDirection.Right,
    range: () => {
      const { from, to } = source.current.timeRange;
      return [from.valueOf(), to.valueOf()];
    },
  });
  const axis = (): ReturnType<typeof valueAxis> =>
    valueAxis(source.current.facet.range, settings.valueScale, settings.limits);
  const { distribution } = axis();
  builder.addScale({
    scaleKey: 'y',
    orientation: ScaleOrientation.Vertical,
    direction: ScaleDirection.Up,
    ...(distribution.kind === 'linear' ? {} : { log: settings.valueScale === 'log2' ? 2 : 10 }),
    ...(distribution.kind === 'symlog' ? { linearThreshold: distribution.linearThreshold } : {}),
    distribution: SCALE_DISTRIBUTIONS[distribution.kind],
    range: () => {
      const { min, max } = axis();
      return [min, max];
    },
  });
}

const SCALE_DISTRIBUTIONS = {
  linear: ScaleDistribution.Linear,
  log: ScaleDistribution.Log,
  symlog: ScaleDistribution.Symlog,
} as const;

/** Room for the lower half of the lowest value: the next plot would cut the descender of µ. */
const PLAIN_AXIS_HEIGHT = 8;

function addAxes(builder: UPlotConfigBuilder, settings: FacetSettings): void {
  const { theme, timeZone } = settings;
  builder.addAxis({
    scaleKey: 'x',
    isTime: true,
    placement: AxisPlacement.Bottom,
    // An axis without words, not none: its grid stays, and the plots keep the same width.
    ...(settings.timeAxis
      ? {}
      : {
          size: PLAIN_AXIS_HEIGHT,
          ticks: { show: false },
          values: (_: uPlot, splits: number[]) => splits.map(() => ''),
        }),
    timeZone,
    theme,
    grid: { show: true },
  });
  builder.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    theme,
    grid: { show: true },
    ...(settings.valueAxisWidth === undefined ? {} : { size: settings.valueAxisWidth }),
    formatValue: (value: unknown) => settings.formatValue(Number(value)),
  });
}

function addDrawing(
  builder: UPlotConfigBuilder,
  source: { readonly current: PlotSource },
  settings: PlotSettings,
): void {
  let scene: Scene | undefined;
  const view = (plot: uPlot): Viewport => viewportOf(plot, source.current.facet, settings);
  // Below grid and thresholds: the heat map is the ground on which the rest is read.
  builder.addHook('drawClear', (plot: uPlot) => {
    const viewport = view(plot);
    const { series, table } = source.current.facet;
    scene = buildScene(series, table, {
      viewport,
      options: {
        heatmap: settings.heatmap,
        bands: settings.palette.bandOpacity > 0,
        visible: settings.visible,
        minTailSamples: settings.minTailSamples,
        levels: HEATMAP_LEVELS,
      },
    });
    drawCells(plot.ctx, scene, { palette: settings.palette, viewport });
  });
  if (settings.thresholds !== undefined && settings.thresholdStyle !== 'off') {
    builder.addThresholds({
      scaleKey: 'y',
      thresholds: settings.thresholds,
      config: { mode: THRESHOLD_MODES[settings.thresholdStyle] },
      theme: settings.theme,
    });
  }
  builder.addHook('draw', (plot: uPlot) => {
    if (scene !== undefined) drawPercentiles(plot.ctx, scene, { palette: settings.palette, viewport: view(plot) });
  });
}

function viewportOf(plot: uPlot, facet: Facet, settings: PlotSettings): Viewport {
  const { left, top, width, height } = plot.bbox;
  const { x, y } = plot.scales;
  return {
    left,
    top,
    width,
    height,
    xMin: x?.min ?? 0,
    xMax: x?.max ?? 1,
    yMin: y?.min ?? 0,
    yMax: y?.max ?? 1,
    distribution: valueAxis(facet.range, settings.valueScale, settings.limits).distribution,
    pixelRatio: window.devicePixelRatio,
  };
}
