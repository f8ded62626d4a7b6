/** The panel: states, legend and one plot for each facet. */
import React, { useCallback, useMemo, useState } from 'react';
import { css } from '@emotion/css';
import {
  formattedValueToString,
  getDisplayProcessor,
  LoadingState,
  type DisplayValue,
  type GrafanaTheme2,
  type PanelProps,
} from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import type { LegendDisplayMode } from '@grafana/ui';
import {
  LoadingPlaceholder,
  PanelContextProvider,
  SeriesVisibilityChangeMode,
  usePanelContext,
  useStyles2,
  useTheme2,
  VizLayout,
  VizLegend,
} from '@grafana/ui';
import { FacetPlot } from './FacetPlot.tsx';
import { legendItems } from './legend-items.ts';
import { parsePercentiles, toggleHidden, type PercentileOptions } from './options.ts';
import { buildModel, type PanelModel } from './panel-model.ts';
import { percentileName } from './percentile.ts';
import type { PlotSettings } from './plot-config.ts';
import { themePalette } from './theme-palette.ts';

/** A facet lower than this shows nothing; then they scroll. */
const MIN_FACET_HEIGHT = 90;
const FACET_TITLE_HEIGHT = 18;
const LEFT_OUT_HEIGHT = 18;
const TIME_AXIS_HEIGHT = 22;
/** The same for all, so that their times stand below one another. */
const FACET_AXIS_WIDTH = 60;
const AXIS_GAP = 6;

export function PercentilePanel(props: PanelProps<PercentileOptions>) {
  const { data, options, width, height } = props;
  const quantiles = useMemo(() => parsePercentiles(options.percentiles), [options.percentiles]);
  const model = useMemo(
    () => buildModel(data.series, quantiles, { seriesMode: options.seriesMode, countFactor: options.countFactor }),
    [data.series, quantiles, options.seriesMode, options.countFactor],
  );
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const { settings, display } = usePlotSettings(props, model, hidden);
  const context = useLegendContext(props, quantiles.map(percentileName), setHidden);

  if (quantiles.length === 0) {
    return (
      <Problem
        {...props}
        message={`Percentiles "${options.percentiles}" name no number between 0 and 100. Write a list such as 50, 95, 99.`}
      />
    );
  }
  if (model.facets.length === 0) {
    if (data.state === LoadingState.Loading && data.series.length === 0) return <LoadingPlaceholder text="Loading" />;
    return <Problem {...props} message={model.problem ?? failureOf(data)} />;
  }
  const legend = options.legend.showLegend ? (
    <VizLayout.Legend
      placement={options.legend.placement}
      {...(options.legend.width ? { width: options.legend.width } : {})}
    >
      <VizLegend
        placement={options.legend.placement}
        items={legendItems({
          facets: model.facets,
          quantiles,
          colors: settings.palette.lines,
          hidden,
          calcs: options.legend.calcs,
          display,
        })}
        displayMode={options.legend.displayMode as LegendDisplayMode}
      />
    </VizLayout.Legend>
  ) : null;
  return (
    <PanelContextProvider value={context}>
      <VizLayout width={width} height={height} legend={legend}>
        {(plotWidth: number, plotHeight: number) => (
          <Facets panel={props} model={model} settings={settings} width={plotWidth} height={plotHeight} />
        )}
      </VizLayout>
    </PanelContextProvider>
  );
}

interface FacetsProps {
  readonly panel: PanelProps<PercentileOptions>;
  readonly model: PanelModel;
  readonly settings: PlotSettings;
  readonly width: number;
  readonly height: number;
}

/** One below the other; they share one time axis, below the last. */
function Facets({ panel, model: { facets, leftOut }, settings, width, height }: FacetsProps) {
  const styles = useStyles2(getStyles);
  const titled = facets.length > 1;
  const rest = (titled ? TIME_AXIS_HEIGHT : 0) + (leftOut === undefined ? 0 : LEFT_OUT_HEIGHT);
  const share = (height - rest) / facets.length;
  const facetHeight = Math.max(share, Math.min(MIN_FACET_HEIGHT, height));
  return (
    <div className={styles.facets} style={{ height }}>
      {facets.map((facet, index) => {
        const isLast = index === facets.length - 1;
        const boxHeight = facetHeight + (titled && isLast ? TIME_AXIS_HEIGHT : 0);
        return (
          <div key={facet.name || index} style={{ height: boxHeight }}>
            {titled && <div className={styles.title}>{facet.name}</div>}
            <FacetPlot
              facet={facet}
              settings={settings}
              timeAxis={isLast}
              valueAxisWidth={titled ? FACET_AXIS_WIDTH : undefined}
              timeRange={panel.timeRange}
              width={width}
              height={boxHeight - (titled ? FACET_TITLE_HEIGHT : 0)}
              tooltipMode={panel.options.tooltip.mode}
              eventBus={panel.eventBus}
              onChangeTimeRange={panel.onChangeTimeRange}
            />
          </div>
        );
      })}
      {leftOut !== undefined && (
        <div className={styles.leftOut} title={leftOut}>
          {leftOut}
        </div>
      )}
    </div>
  );
}

/** Grafana would say "No data" of a query that failed, too. */
function failureOf({ state, errors, error = errors?.[0] }: PanelProps['data']): string | undefined {
  const message = error?.message ?? error?.data?.message ?? error?.statusText;
  return state === LoadingState.Error && message !== undefined ? `The query failed: ${message}` : undefined;
}

function Problem(props: PanelProps<PercentileOptions> & { readonly message: string | undefined }) {
  const message = props.message === undefined ? {} : { message: props.message };
  return <PanelDataErrorView panelId={props.id} fieldConfig={props.fieldConfig} data={props.data} {...message} />;
}

function usePlotSettings(
  { options, fieldConfig, timeZone }: PanelProps<PercentileOptions>,
  { quantiles, valueField }: PanelModel,
  hidden: readonly string[],
): { settings: PlotSettings; display: (value: number) => DisplayValue } {
  const theme = useTheme2();
  const config = valueField?.config ?? fieldConfig.defaults;
  // Configuration arrives as a new object with every refresh; its text says whether it changed.
  const configKey = JSON.stringify([
    config.unit,
    config.decimals,
    config.min,
    config.max,
    config.thresholds,
    config.mappings,
  ]);
  return useMemo(() => {
    const processor = getDisplayProcessor({
      field: { ...(valueField ?? {}), type: 'number' as never, config },
      theme,
      timeZone,
    });
    const display = (value: number): DisplayValue => processor(value);
    const settings: PlotSettings = {
      theme,
      timeZone,
      palette: themePalette(theme, {
        quantiles,
        colors: options.colors ?? {},
        bandOpacity: options.bandOpacity,
        lineWidth: options.lineWidth,
      }),
      visible: quantiles.map((quantile) => !hidden.includes(percentileName(quantile))),
      heatmap: options.heatmap,
      valueScale: options.valueScale,
      minTailSamples: options.minTailSamples,
      limits: { min: config.min, max: config.max },
      thresholds: config.thresholds,
      thresholdStyle: options.thresholdStyle,
      formatValue: (value) => formattedValueToString(display(value)),
    };
    return { settings, display };
    // Dependencies: see configKey
  }, [theme, timeZone, quantiles, options, hidden, configKey]);
}

/** The legend talks to the panel's context: clicks isolate a percentile, the colour picker saves into the options. */
function useLegendContext(
  { options, onOptionsChange }: PanelProps<PercentileOptions>,
  all: readonly string[],
  setHidden: React.Dispatch<React.SetStateAction<readonly string[]>>,
): ReturnType<typeof usePanelContext> {
  const context = usePanelContext();
  const onToggleSeriesVisibility = useCallback(
    (label: string | string[] | null, mode: SeriesVisibilityChangeMode) => {
      // Newer Grafana also names several series, or none for all: our legend sends one.
      if (typeof label !== 'string') return;
      const append = mode === SeriesVisibilityChangeMode.AppendToSelection;
      setHidden((hidden) => toggleHidden(hidden, { name: label, all, append }));
    },
    // Dependencies: the list is new on every render, its text is not
    [all.join(), setHidden],
  );
  const onSeriesColorChange = useCallback(
    (name: string, color: string) => onOptionsChange({ ...options, colors: { ...options.colors, [name]: color } }),
    [options, onOptionsChange],
  );
  return useMemo(
    () => ({ ...context, onToggleSeriesVisibility, onSeriesColorChange }),
    [context, onToggleSeriesVisibility, onSeriesColorChange],
  );
}

const oneLine = (theme: GrafanaTheme2) => ({
  // Behind the axis: the last label of the plot above reaches into this line.
  paddingLeft: FACET_AXIS_WIDTH + AXIS_GAP,
  fontSize: theme.typography.bodySmall.fontSize,
  color: theme.colors.text.secondary,
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'nowrap' as const,
});

const getStyles = (theme: GrafanaTheme2) => ({
  facets: css({ overflowX: 'hidden', overflowY: 'auto' }),
  title: css({ ...oneLine(theme), height: FACET_TITLE_HEIGHT }),
  leftOut: css({ ...oneLine(theme), height: LEFT_OUT_HEIGHT }),
});
