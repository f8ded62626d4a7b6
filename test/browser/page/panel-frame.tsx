/** Renders a panel plugin with its default options, as a dashboard would. */
import React from 'react';
import {
  applyFieldOverrides,
  createTheme,
  dateTime,
  DashboardCursorSync,
  DataHoverEvent,
  EventBusSrv,
  FieldConfigProperty,
  getPanelOptionsWithDefaults,
  LoadingState,
  type PanelPlugin,
  type PanelProps,
  type TimeRange,
} from '@grafana/data';
import { PanelContextProvider } from '@grafana/ui';
import type { RenderRequest } from './grafana-page.tsx';
import { END_MS, sampleFrames, START_MS } from './sample-frames.ts';

const eventBus = new EventBusSrv();
const context = { eventsScope: 'test', eventBus, sync: () => DashboardCursorSync.Tooltip };

/** What another panel of the dashboard does when the pointer is over it. */
export function hoverElsewhere(time: number): void {
  eventBus.publish(new DataHoverEvent({ point: { time } }));
}

/** Grafana sets its own at start, by a door that is not public. */
export function PanelDataErrorView({ message, data }: { message?: string; data: { series: unknown[] } }) {
  return (
    <div role="alert" style={{ padding: 24, textAlign: 'center' }}>
      {message ?? (data.series.length === 0 ? 'No data' : 'Unable to render data')}
    </div>
  );
}

interface Props {
  readonly plugin: PanelPlugin;
  readonly request: RenderRequest;
  readonly onEvent: (event: unknown) => void;
}

export function PanelFrame({ plugin, request, onEvent }: Props) {
  const [chosen, setChosen] = React.useState((request['options'] ?? {}) as Record<string, unknown>);
  const { options, fieldConfig } = getPanelOptionsWithDefaults({
    plugin,
    currentOptions: chosen,
    currentFieldConfig: (request['fieldConfig'] ?? { defaults: {}, overrides: [] }) as never,
    isAfterPluginChange: false,
  });
  const series = React.useMemo(
    () =>
      applyFieldOverrides({
        data: sampleFrames(String(request['data'] ?? 'latency')),
        fieldConfig,
        replaceVariables: (text) => text,
        theme: createTheme({ colors: { mode: request.theme } }),
        timeZone: 'utc',
        fieldConfigRegistry: plugin.fieldConfigRegistry,
      }),
    [request, fieldConfig.defaults[FieldConfigProperty.Unit as never]],
  );
  const [range, setRange] = React.useState<TimeRange>(() => timeRange(START_MS, END_MS));
  React.useEffect(() => {
    const subscription = eventBus
      .getStream(DataHoverEvent)
      .subscribe((event) => onEvent({ hover: event.payload.point?.['time'] }));
    return () => subscription.unsubscribe();
  }, [onEvent]);
  const Panel = plugin.panel as React.ComponentType<PanelProps>;
  const props = {
    id: 1,
    data: {
      state: request['state'] ?? LoadingState.Done,
      errors: request['errors'],
      series,
      timeRange: range,
      structureRev: 1,
    },
    timeRange: range,
    timeZone: String(request['timeZone'] ?? 'utc'),
    options,
    fieldConfig,
    transparent: false,
    width: request.width,
    height: request.height,
    renderCounter: 0,
    title: 'Order latency',
    eventBus,
    onOptionsChange: (next: Record<string, unknown>) => {
      onEvent({ options: next });
      setChosen(next);
    },
    onFieldConfigChange: () => undefined,
    replaceVariables: (text: string) => text,
    onChangeTimeRange: ({ from, to }: { from: number; to: number }) => {
      onEvent({ zoom: [from, to] });
      setRange(timeRange(from, to));
    },
  } as unknown as PanelProps;
  return (
    <PanelContextProvider value={context}>
      <Panel {...props} />
    </PanelContextProvider>
  );
}

function timeRange(from: number, to: number): TimeRange {
  return { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
}
