/** The plugin's entry: which options the panel has. */
import { FieldColorModeId, FieldConfigProperty, PanelPlugin, type PanelOptionsEditorBuilder } from '@grafana/data';
import { commonOptionsBuilder } from '@grafana/ui';
import {
  DEFAULT_OPTIONS as defaults,
  migrateOptions,
  type PercentileOptions,
  type SeriesMode,
  type ThresholdStyle,
  type ValueScale,
} from './options.ts';
import { PercentilePanel } from './Panel.tsx';

export const plugin = new PanelPlugin<PercentileOptions>(PercentilePanel)
  .useFieldConfig({
    standardOptions: {
      [FieldConfigProperty.Unit]: { defaultValue: 's' },
      [FieldConfigProperty.Color]: { defaultValue: { mode: FieldColorModeId.PaletteClassic } },
    },
    // Percentiles have their own colours (legend), and a computed line has no row that a link or a filter could name.
    disableStandardOptions: [FieldConfigProperty.Color, FieldConfigProperty.Links, FieldConfigProperty.Filterable],
  })
  .setMigrationHandler((panel) => migrateOptions(panel.options))
  .setPanelOptions((builder) => {
    addPercentileOptions(builder);
    addAppearanceOptions(builder);
    commonOptionsBuilder.addTooltipOptions(builder as never, true);
    commonOptionsBuilder.addLegendOptions(builder as never);
  });

type Builder = PanelOptionsEditorBuilder<PercentileOptions>;

function addPercentileOptions(builder: Builder): void {
  const category = ['Percentiles'];
  builder
    .addTextInput({
      path: 'percentiles',
      name: 'Percentiles',
      description: 'A list such as 50, 90, 95, 99, 99.9.',
      category,
      defaultValue: defaults.percentiles,
    })
    .addRadio({
      path: 'seriesMode',
      name: 'Several series',
      description:
        'Histograms are added bucket by bucket, or drawn one below the other. Percentiles are never averaged.',
      category,
      defaultValue: defaults.seriesMode as SeriesMode,
      settings: {
        options: [
          { value: 'merge', label: 'Merge' },
          { value: 'facet', label: 'One plot each' },
        ],
      },
    })
    .addNumberInput({
      path: 'minTailSamples',
      name: 'Samples beyond a percentile',
      description: 'A percentile with fewer samples beyond it is dashed: p99 needs 1,000 samples to have 10.',
      category,
      defaultValue: defaults.minTailSamples,
      settings: { min: 0, integer: true },
    })
    .addNumberInput({
      path: 'countFactor',
      name: 'Counts are multiplied by',
      description: '1 for increase(...). For rate(...[5m]) counts are per second: set 300.',
      category,
      defaultValue: defaults.countFactor,
      settings: { min: 0 },
    });
}

function addAppearanceOptions(builder: Builder): void {
  const category = ['Appearance'];
  builder
    .addRadio({
      path: 'valueScale',
      name: 'Value axis',
      category,
      defaultValue: defaults.valueScale as ValueScale,
      settings: {
        options: [
          { value: 'log10', label: 'Log 10' },
          { value: 'log2', label: 'Log 2' },
          { value: 'linear', label: 'Linear' },
        ],
      },
    })
    .addBooleanSwitch({
      path: 'heatmap',
      name: 'Heat map',
      category,
      defaultValue: defaults.heatmap,
    })
    .addSliderInput({
      path: 'bandOpacity',
      name: 'Band opacity',
      category,
      defaultValue: defaults.bandOpacity,
      settings: { min: 0, max: 1, step: 0.05 },
    })
    .addSliderInput({
      path: 'lineWidth',
      name: 'Line width',
      category,
      defaultValue: defaults.lineWidth,
      settings: { min: 0.5, max: 5, step: 0.5 },
    })
    .addSelect({
      path: 'thresholdStyle',
      name: 'Show thresholds',
      category,
      defaultValue: defaults.thresholdStyle as ThresholdStyle,
      settings: {
        options: [
          { value: 'off', label: 'Off' },
          { value: 'line', label: 'As lines' },
          { value: 'dashed', label: 'As lines (dashed)' },
          { value: 'area', label: 'As filled regions' },
          { value: 'line+area', label: 'As filled regions and lines' },
        ],
      },
    });
}
