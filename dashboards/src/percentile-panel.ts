/** Builder of our own panel: percentile bands over a heat map of exponential-histogram buckets. */
import { absolute, fields, steps } from './field.ts';
import { PERCENTILE_PANEL_TYPE, type Panel, type Target, type ThresholdStep } from './model.ts';
import { common } from './panel.ts';

interface PercentileSpec {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly w: number;
  readonly h: number;
  /** Must ask for `format: 'heatmap'`. */
  readonly targets: readonly Target[];
  readonly unit: string;
  readonly thresholds?: readonly ThresholdStep[];
  /** Overlaid as one histogram, or one small chart for each series. */
  readonly seriesMode?: 'merge' | 'facet';
  /** As people write them: `50, 99`. */
  readonly percentiles?: string;
  readonly legend?: boolean;
}

export function percentiles(spec: PercentileSpec): Panel {
  return {
    ...common(spec),
    type: PERCENTILE_PANEL_TYPE,
    fieldConfig: fields({ unit: spec.unit, thresholds: absolute(spec.thresholds ?? steps('text')) }),
    options: {
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: spec.legend ?? true },
      percentiles: spec.percentiles ?? '50, 90, 95, 99, 99.9',
      seriesMode: spec.seriesMode ?? 'merge',
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}
