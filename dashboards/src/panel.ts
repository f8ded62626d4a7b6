/**
 * Builders of the core panels with one calm default each: thin lines, little fill, no points, legends that carry the last
 * and the largest value. A board states only what differs.
 */
import { absolute, BY_ORDER, BY_THRESHOLD, fields, fixed, numbers, steps, WITHHELD } from './field.ts';
import type { FieldOverride, Link, Panel, Target, ThresholdStep } from './model.ts';

export interface Common {
  readonly id: number;
  readonly title: string;
  /** Shown behind the panel's (i): what it is, how it is computed, what to do. */
  readonly description: string;
  readonly w: number;
  readonly h: number;
  readonly targets: readonly Target[];
  readonly links?: readonly Link[];
  readonly overrides?: readonly FieldOverride[];
  /** Lower limit of the step, such as `30s`: sparse data are calmer in wider steps. */
  readonly interval?: string;
  /** Variable of the board: one panel for each of its values. */
  readonly repeat?: string;
  readonly transformations?: readonly { readonly id: string; readonly options: unknown }[];
}

type Numeric = Common & {
  /** Grafana unit id. */
  readonly unit: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: readonly ThresholdStep[];
  readonly noValue?: string;
  readonly mappings?: readonly object[];
};

export interface StatSpec extends Numeric {
  readonly calculation?: string;
  /** Field that is shown, as a regular expression; default: all numbers. */
  readonly fields?: string;
  readonly sparkline?: boolean;
  /** Several figures in one tile need their names. */
  readonly named?: boolean;
}

export interface TimeSeriesSpec extends Numeric {
  readonly stack?: boolean;
  readonly fill?: number;
  readonly style?: 'line' | 'bars';
  /** Draws the threshold steps as lines. */
  readonly limitLines?: boolean;
  readonly legend?: 'table' | 'list' | 'right' | 'hidden';
  readonly calculations?: readonly string[];
  readonly color?: object;
  /** For values of several orders of magnitude: a small hop that became slow shows beside a large one. */
  readonly logarithmic?: boolean;
  /** Template of the series' names, such as `${__field.labels.venue}`. */
  readonly displayName?: string;
  /** Longest gap, in milliseconds, that a line is drawn across. */
  readonly bridgeMs?: number;
  /** For values far from zero, such as equity: the axis follows them. */
  readonly anyRange?: boolean;
  /** Where the axis begins unless a value is lower. */
  readonly softMin?: number;
  /** The axis reaches at least this far: a limit stays in sight, and counts do not float over a hundred empty lines. */
  readonly softMax?: number;
}

export function stat(spec: StatSpec): Panel {
  return {
    ...common({ interval: CALM_STEP, ...spec }),
    maxDataPoints: SPARKLINE_POINTS,
    type: 'stat',
    fieldConfig: fields(
      { ...numeric(spec), mappings: [...(spec.mappings ?? []), ...WITHHELD], color: BY_THRESHOLD },
      unitFirst(spec),
    ),
    options: {
      colorMode: 'value',
      graphMode: spec.sparkline === false ? 'none' : 'area',
      justifyMode: 'center',
      orientation: 'auto',
      percentChangeColorMode: 'standard',
      reduceOptions: { calcs: [spec.calculation ?? 'lastNotNull'], fields: spec.fields ?? '', values: false },
      showPercentChange: false,
      textMode: spec.named === true ? 'value_and_name' : 'value',
      wideLayout: true,
    },
  };
}

/** Finer steps cost more than they show, and a p99 of a second holds a handful of orders. */
const CALM_STEP = '5s';
const SPARKLINE_POINTS = 60;

export function timeSeries(spec: TimeSeriesSpec): Panel {
  const bars = spec.style === 'bars';
  const custom = {
    drawStyle: bars ? 'bars' : 'line',
    fillOpacity: spec.fill ?? (bars ? 70 : spec.stack === true ? 35 : 0),
    gradientMode: 'none',
    lineInterpolation: 'linear',
    lineWidth: bars || spec.stack === true ? 1 : 2,
    pointSize: 4,
    showPoints: 'never',
    spanNulls: spec.bridgeMs ?? false,
    stacking: { group: 'A', mode: spec.stack === true ? 'normal' : 'none' },
    thresholdsStyle: { mode: spec.limitLines === true ? 'dashed' : 'off' },
    axisBorderShow: false,
    ...(spec.logarithmic === true ? { scaleDistribution: { type: 'log', log: 10 } } : {}),
    ...(spec.logarithmic === true || spec.anyRange === true ? {} : { axisSoftMin: spec.softMin ?? 0 }),
    ...(spec.softMax === undefined ? {} : { axisSoftMax: spec.softMax }),
  };
  return {
    ...common({ interval: CALM_STEP, ...spec }),
    type: 'timeseries',
    fieldConfig: fields(
      {
        ...numeric(spec),
        color: spec.color ?? BY_ORDER,
        custom,
        ...(spec.displayName === undefined ? {} : { displayName: spec.displayName }),
      },
      unitFirst(spec),
    ),
    options: {
      legend: legend(spec),
      tooltip: { hideZeros: false, mode: 'multi', sort: 'desc' },
    },
  };
}

function legend(spec: TimeSeriesSpec): object {
  const shape = spec.legend ?? 'list';
  return {
    calcs: spec.calculations ?? (shape === 'list' ? [] : ['lastNotNull', 'max']),
    displayMode: shape === 'list' || shape === 'hidden' ? 'list' : 'table',
    placement: shape === 'right' ? 'right' : 'bottom',
    showLegend: shape !== 'hidden',
    ...(shape === 'hidden' ? {} : { sortBy: 'Last *', sortDesc: true }),
  };
}

/** `nameSize` in pixels: Grafana reserves room for letters as high as a low bar allows, and cuts what is written larger. */
export function barGauge(spec: Numeric & { readonly nameSize?: number }): Panel {
  return {
    ...common(spec),
    type: 'bargauge',
    fieldConfig: fields({ ...numeric(spec), color: BY_THRESHOLD }, spec.overrides),
    options: {
      displayMode: 'basic',
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: false },
      maxVizHeight: 300,
      minVizHeight: 16,
      minVizWidth: 8,
      namePlacement: 'left',
      orientation: 'horizontal',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      showUnfilled: true,
      sizing: 'auto',
      text: { titleSize: spec.nameSize ?? 14, valueSize: 16 },
      valueMode: 'text',
    },
  };
}

/** The texts carry the colours: by thresholds Grafana would write "1+" into the bars. */
export function stateTimeline(spec: Numeric & { readonly mappings: readonly object[] }): Panel {
  return {
    ...common({ interval: CALM_STEP, ...spec }),
    type: 'state-timeline',
    fieldConfig: fields(
      { ...numeric(spec), color: fixed('text'), custom: { fillOpacity: 75, lineWidth: 0, spanNulls: false } },
      spec.overrides,
    ),
    options: {
      alignValue: 'left',
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false },
      mergeValues: true,
      rowHeight: 0.8,
      // Where there is room: colour alone must not tell a state.
      showValue: 'auto',
      tooltip: { hideZeros: false, mode: 'single', sort: 'none' },
    },
  };
}

/** Fields that every panel has, for builders of panels that are not Grafana's own. */
export function common(spec: Common): Omit<Panel, 'type' | 'fieldConfig' | 'options'> {
  return {
    id: spec.id,
    title: spec.title,
    description: spec.description,
    w: spec.w,
    h: spec.h,
    targets: spec.targets,
    ...(spec.interval === undefined ? {} : { interval: spec.interval }),
    ...(spec.repeat === undefined ? {} : { repeat: spec.repeat }),
    ...(spec.links === undefined ? {} : { links: spec.links }),
    ...(spec.transformations === undefined ? {} : { transformations: spec.transformations }),
  };
}

/** The frame's own unit would win over the panel's default, but not over an override. */
function unitFirst({ unit, overrides = [] }: Numeric): readonly FieldOverride[] {
  return [numbers({ unit }), ...overrides];
}

function numeric(spec: Numeric): Record<string, unknown> {
  return {
    unit: spec.unit,
    thresholds: absolute(spec.thresholds ?? steps('text')),
    mappings: spec.mappings ?? [],
    ...(spec.decimals === undefined ? {} : { decimals: spec.decimals }),
    ...(spec.min === undefined ? {} : { min: spec.min }),
    ...(spec.max === undefined ? {} : { max: spec.max }),
    ...(spec.noValue === undefined ? {} : { noValue: spec.noValue }),
  };
}
