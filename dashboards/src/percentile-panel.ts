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
  readonly repeat?: string;
  readonly maxPerRow?: number;
  readonly options?: Readonly<Record<string, unknown>>;
}

export function percentiles(spec: PercentileSpec): Panel {
  return {
    ...common(spec),
    type: PERCENTILE_PANEL_TYPE,
    fieldConfig: fields({ unit: spec.unit, thresholds: absolute(spec.thresholds ?? steps('text')) }),
    options: spec.options ?? {},
    ...(spec.repeat === undefined ? {} : { repeat: spec.repeat }),
    ...(spec.maxPerRow === undefined ? {} : { maxPerRow: spec.maxPerRow }),
  };
}
