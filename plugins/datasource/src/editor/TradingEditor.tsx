/** Slippage and P&L: what to group by, what to look at, how to count. */
import React from 'react';
import { CoreApp } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { InlineField, MultiCombobox, RadioButtonGroup, Stack } from '@grafana/ui';
import { DIMENSIONS, FILTER_DIMENSIONS, type FilterDimension, type TradingDimension } from '../query.ts';
import type { TypedEditorProps } from './PromqlEditor.tsx';

const METHODS = [
  { value: 'average' as const, label: 'Average cost', description: 'Fills change the average price of the position' },
  { value: 'fifo' as const, label: 'First in, first out', description: 'Fills close the oldest open lots' },
];
const FORMATS: { value: 'table' | 'time_series'; label: string }[] = [
  { value: 'table', label: 'Table' },
  { value: 'time_series', label: 'Time series' },
];
const BY_DEFAULT: readonly TradingDimension[] = ['strategy', 'venue'];

export function TradingEditor({ query, metadata, app, onRun }: TypedEditorProps) {
  const isAlert = app === CoreApp.UnifiedAlerting;
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row" gap={1} wrap="wrap">
        <InlineField label="By" tooltip="One row or line for each combination.">
          <MultiCombobox
            options={DIMENSIONS.map((value) => ({ value, label: value }))}
            value={[...(query.by ?? BY_DEFAULT)]}
            onChange={(chosen) => onRun({ by: chosen.map(({ value }) => value) })}
            width={40}
            aria-label="Group by"
          />
        </InlineField>
        {query.queryType === 'pnl' && (
          <InlineField label="Method">
            <RadioButtonGroup
              options={METHODS}
              value={query.method ?? 'average'}
              onChange={(method) => onRun({ method })}
            />
          </InlineField>
        )}
        {!isAlert && (
          <InlineField label="Format">
            <RadioButtonGroup<'table' | 'time_series'>
              options={FORMATS}
              value={query.format === 'time_series' ? 'time_series' : 'table'}
              onChange={(format) => onRun({ format })}
            />
          </InlineField>
        )}
      </Stack>
      <Stack direction="row" gap={1} wrap="wrap">
        {FILTER_DIMENSIONS.map((dimension) => (
          <InlineField key={dimension} label={dimension}>
            <MultiCombobox
              options={async (typed) => {
                const found = await metadata.dimension(dimension);
                return choices(found, typed);
              }}
              value={query.filters?.[dimension] ?? []}
              onChange={(chosen) =>
                onRun({
                  filters: { ...query.filters, [dimension]: chosen.map(({ value }) => value) } satisfies Partial<
                    Record<FilterDimension, string[]>
                  >,
                })
              }
              createCustomValue
              isClearable
              placeholder="all"
              width={28}
              aria-label={`Only this ${dimension}`}
            />
          </InlineField>
        ))}
      </Stack>
    </Stack>
  );
}

/** Known values and dashboard variables that contain what was typed. */
function choices(found: readonly string[], typed: string): { value: string; label: string }[] {
  const variables = getTemplateSrv()
    .getVariables()
    .map(({ name }) => `$${name}`);
  const wanted = typed.toLowerCase();
  return [...variables, ...found]
    .filter((value) => value.toLowerCase().includes(wanted))
    .map((value) => ({ value, label: value }));
}
