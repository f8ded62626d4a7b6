/** PromQL: the text, and a row of options. */
import React from 'react';
import { CoreApp } from '@grafana/data';
import { AutoSizeInput, Combobox, InlineField, InlineSwitch, Stack } from '@grafana/ui';
import type { Metadata } from '../metadata.ts';
import type { PromqlFormat, TapewatchQuery } from '../query.ts';
import { PromqlField } from './PromqlField.tsx';

export interface TypedEditorProps {
  readonly query: TapewatchQuery;
  readonly metadata: Metadata;
  readonly app: string | undefined;
  /** Keeps the change; nothing is asked. */
  readonly onChange: (change: Partial<TapewatchQuery>) => void;
  /** Keeps the change and asks. */
  readonly onRun: (change?: Partial<TapewatchQuery>) => void;
}

const FORMATS: { value: PromqlFormat; label: string; description: string }[] = [
  { value: 'time_series', label: 'Time series', description: 'One line per series' },
  { value: 'table', label: 'Table', description: 'One row per series' },
  { value: 'heatmap', label: 'Heat map', description: 'Histogram buckets, for the percentile and heat map panels' },
];

export function PromqlEditor({ query, metadata, app, onChange, onRun }: TypedEditorProps) {
  const isAlert = app === CoreApp.UnifiedAlerting;
  const format = query.format ?? 'time_series';
  const isChart = format === 'time_series' && query.instant !== true;
  return (
    <Stack direction="column" gap={1}>
      <PromqlField
        value={query.expr ?? ''}
        metadata={metadata}
        onChange={(expr) => onChange({ expr })}
        onRun={(expr) => onRun({ expr })}
      />
      <Stack direction="row" gap={1} wrap="wrap">
        {/* An alert compares numbers: there is no format to choose, and nothing is pushed to it. */}
        {!isAlert && (
          <InlineField label="Format" tooltip="Heat map returns the histogram's buckets at full resolution.">
            <Combobox
              options={FORMATS}
              value={format}
              onChange={({ value }) => onRun({ format: value })}
              width={18}
              aria-label="Format"
            />
          </InlineField>
        )}
        <InlineField label="Instant" tooltip="One value per series, at the end of the range. A table always is.">
          <InlineSwitch
            value={isAlert || format === 'time_series' ? (query.instant ?? false) : format === 'table'}
            disabled={!isAlert && format !== 'time_series'}
            aria-label="Instant"
            onChange={(event) => onRun({ instant: event.currentTarget.checked })}
          />
        </InlineField>
        {!isAlert && (
          <InlineField
            label="Legend"
            tooltip="Text with {{label}} placeholders; empty shows the series in PromQL notation."
          >
            <AutoSizeInput
              defaultValue={query.legendFormat ?? ''}
              placeholder="{{venue}}"
              minWidth={16}
              aria-label="Legend"
              onCommitChange={(event) => onRun({ legendFormat: event.currentTarget.value })}
            />
          </InlineField>
        )}
        <InlineField label="Min step" tooltip="Lower limit of the step, such as 15s; empty leaves it to Grafana.">
          <AutoSizeInput
            defaultValue={query.minStep ?? ''}
            placeholder="auto"
            minWidth={8}
            aria-label="Min step"
            onCommitChange={(event) => onRun({ minStep: event.currentTarget.value })}
          />
        </InlineField>
        {!isAlert && <ChartSwitches query={query} isChart={isChart} onRun={onRun} />}
      </Stack>
    </Stack>
  );
}

interface ChartSwitchesProps extends Pick<TypedEditorProps, 'query' | 'onRun'> {
  readonly isChart: boolean;
}

/** What only a chart can show; beside another format they would do nothing, so they cannot be pressed. */
function ChartSwitches({ query, isChart, onRun }: ChartSwitchesProps) {
  return (
    <>
      <InlineField
        label="Exemplars"
        tooltip="On charts: marks the orders behind order_ack_seconds, order_fill_seconds and order_cancel_seconds, and what publishers sent with a trace. A click on a mark leads there."
      >
        <InlineSwitch
          value={isChart && (query.exemplar ?? false)}
          disabled={!isChart}
          aria-label="Exemplars"
          onChange={(event) => onRun({ exemplar: event.currentTarget.checked })}
        />
      </InlineField>
      <InlineField label="Live" tooltip="On charts: new points are pushed behind the history as they come.">
        <InlineSwitch
          value={isChart && (query.streaming ?? false)}
          disabled={!isChart}
          aria-label="Live"
          onChange={(event) => onRun({ streaming: event.currentTarget.checked })}
        />
      </InlineField>
    </>
  );
}
