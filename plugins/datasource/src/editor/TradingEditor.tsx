/** Slippage and P&L: what to group by, what to look at, how to count. */
import React from 'react';
import { css } from '@emotion/css';
import { CoreApp, type GrafanaTheme2 } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { FilterPill, InlineField, MultiCombobox, RadioButtonGroup, Stack, useStyles2 } from '@grafana/ui';
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
const FILTER_LABELS: Record<FilterDimension, string> = {
  strategy: 'Strategy',
  venue: 'Venue',
  symbol: 'Symbol',
  account: 'Account',
};
/** A position is built of both sides. */
const PNL_DIMENSIONS = DIMENSIONS.filter((name) => name !== 'side');
const BY_DEFAULT: readonly TradingDimension[] = ['strategy', 'venue'];

export function TradingEditor({ query, metadata, app, onRun }: TypedEditorProps) {
  const isAlert = app === CoreApp.UnifiedAlerting;
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row" gap={1} wrap="wrap">
        <InlineField label="By" tooltip="One row or line for each combination.">
          <GroupBy
            offered={query.queryType === 'pnl' ? PNL_DIMENSIONS : DIMENSIONS}
            chosen={query.by ?? BY_DEFAULT}
            onChange={(by) => onRun({ by })}
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
          <InlineField key={dimension} label={FILTER_LABELS[dimension]}>
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
              placeholder="All"
              width={28}
              aria-label={`Only this ${dimension}`}
            />
          </InlineField>
        ))}
      </Stack>
    </Stack>
  );
}

interface GroupByProps {
  readonly offered: readonly TradingDimension[];
  readonly chosen: readonly TradingDimension[];
  readonly onChange: (chosen: TradingDimension[]) => void;
}

/** All at a glance, each a press away; the order of choice is the order of columns. */
function GroupBy({ offered, chosen, onChange }: GroupByProps) {
  const styles = useStyles2(getStyles);
  // What a file has chosen beyond them, such as a variable, is shown as well, or it could not be taken back.
  const all = [...new Set([...offered, ...chosen])];
  return (
    <div role="group" aria-label="Group by" className={styles.pills}>
      {all.map((name) => (
        <FilterPill
          key={name}
          label={name}
          selected={chosen.includes(name)}
          onClick={() => onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name])}
        />
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  pills: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5) }),
});

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
