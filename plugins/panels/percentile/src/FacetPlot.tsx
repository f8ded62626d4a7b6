/** One plot: Grafana's uPlot chart with crosshair, keyboard cursor, tooltip and zoom around our drawing. */
import React, { useMemo, useRef } from 'react';
import { DashboardCursorSync, type EventBus, type TimeRange } from '@grafana/data';
import { TooltipDisplayMode } from '@grafana/schema';
import { EventBusPlugin, KeyboardPlugin, TooltipPlugin2, UPlotChart, usePanelContext } from '@grafana/ui';
import type { Facet } from './panel-model.ts';
import { PercentileTooltip } from './PercentileTooltip.tsx';
import { buildPlotConfig, type PlotSettings, type PlotSource } from './plot-config.ts';
import { describePanel } from './summary.ts';

export interface FacetPlotProps {
  readonly facet: Facet;
  readonly settings: PlotSettings;
  readonly timeAxis: boolean;
  /** Undefined: as wide as its labels. */
  readonly valueAxisWidth: number | undefined;
  readonly timeRange: TimeRange;
  readonly width: number;
  readonly height: number;
  readonly tooltipMode: TooltipDisplayMode;
  readonly eventBus: EventBus;
  readonly onChangeTimeRange: (range: { from: number; to: number }) => void;
}

/** Grafana's hover mode "all series at x": the enumeration itself is not shared with plugins. */
const HOVER_ALL_AT_X = 1;

export function FacetPlot(props: FacetPlotProps) {
  const { facet, settings, timeRange, timeAxis, valueAxisWidth, width, height } = props;
  const { sync, eventsScope } = usePanelContext();
  const cursorSync = sync?.() ?? DashboardCursorSync.Off;
  const description = describePanel(facet.table, {
    format: settings.formatValue,
    minTailSamples: settings.minTailSamples,
    name: facet.name,
  });
  const source = useRef<PlotSource>({ facet, timeRange, description });
  source.current = { facet, timeRange, description };

  // The distribution follows the data: a first negative value turns a logarithm into a symmetric one.
  const showsNegative = facet.range.min <= 0;
  const config = useMemo(
    () => buildPlotConfig(source, { ...settings, timeAxis, valueAxisWidth }),
    // Dependencies: plugins below add hooks to a fresh configuration only
    [settings, timeAxis, valueAxisWidth, showsNegative, cursorSync],
  );
  const data = useMemo(
    () => [facet.table.times, ...facet.table.lines.map(({ values }) => values)],
    // Dependencies: a new time range must reach uPlot as new data
    [facet.table, timeRange],
  );

  return (
    <UPlotChart key={config.uid} config={config} data={data as never} width={width} height={height}>
      {cursorSync !== DashboardCursorSync.Off && <EventBusPlugin config={config} eventBus={props.eventBus} />}
      <KeyboardPlugin config={config} />
      {props.tooltipMode !== TooltipDisplayMode.None && (
        <TooltipPlugin2
          config={config}
          hoverMode={HOVER_ALL_AT_X}
          queryZoom={props.onChangeTimeRange}
          syncMode={cursorSync}
          {...(eventsScope === undefined ? {} : { syncScope: eventsScope })}
          render={(_, indexes, seriesIndex) => {
            const step = indexes.find((index) => index !== null && index !== undefined);
            if (step === undefined || step === null || step >= facet.table.times.length) return null;
            return (
              <PercentileTooltip
                facet={facet}
                step={step}
                focused={seriesIndex === null ? undefined : seriesIndex - 1}
                visible={settings.visible}
                colors={settings.palette.lines}
                minTailSamples={settings.minTailSamples}
                timeZone={settings.timeZone}
                formatValue={settings.formatValue}
              />
            );
          }}
        />
      )}
    </UPlotChart>
  );
}
