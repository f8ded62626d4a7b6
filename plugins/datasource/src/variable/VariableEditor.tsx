/** Which names a dashboard variable holds. */
import React from 'react';
import { AutoSizeInput, Combobox, InlineField, Stack } from '@grafana/ui';
import type { VariableEditorProps } from '../lazy-editors.tsx';
import { FILTER_DIMENSIONS } from '../query.ts';
import { describeVariable, migrateVariable, VARIABLE_KINDS, type VariableQuery } from './variable-query.ts';

type OnChangeWithText = (query: VariableQuery, definition: string) => void;

export function VariableEditor({ datasource, query: stored, onChange }: VariableEditorProps) {
  const query = migrateVariable(stored);
  const change = (part: Partial<VariableQuery>): void => {
    const next = { ...query, ...part };
    // Grafana's variable list shows the second argument.
    (onChange as OnChangeWithText)(next, describeVariable(next));
  };
  const takesSelector = query.kind === 'label_values' || query.kind === 'label_names' || query.kind === 'series';
  return (
    <Stack direction="row" gap={1} wrap="wrap">
      <InlineField label="Names of" labelWidth={14}>
        <Combobox
          options={VARIABLE_KINDS.map((kind) => ({ ...kind }))}
          value={query.kind}
          onChange={({ value }) => change({ kind: value })}
          width={26}
          aria-label="Names of"
        />
      </InlineField>
      {query.kind === 'label_values' && (
        <InlineField label="Label" labelWidth={14}>
          <Combobox
            options={async (typed) =>
              (await datasource.metadata.labels(query.match ?? ''))
                .filter((label) => label.includes(typed))
                .map((label) => ({ value: label, label }))
            }
            value={query.label ?? ''}
            onChange={({ value }) => change({ label: value })}
            createCustomValue
            width={26}
            aria-label="Label"
          />
        </InlineField>
      )}
      {query.kind === 'dimension' && (
        <InlineField label="Dimension" labelWidth={14}>
          <Combobox
            options={FILTER_DIMENSIONS.map((value) => ({ value, label: value }))}
            value={(query.dimension ?? 'strategy') as (typeof FILTER_DIMENSIONS)[number]}
            onChange={({ value }) => change({ dimension: value })}
            width={26}
            aria-label="Dimension"
          />
        </InlineField>
      )}
      {(takesSelector || query.kind === 'metrics') && (
        <InlineField
          label={takesSelector ? 'Series selector' : 'Regular expression'}
          labelWidth={18}
          tooltip={
            takesSelector
              ? 'PromQL, such as order_ack_seconds{venue="$venue"}; empty means all.'
              : 'Metric names that match it.'
          }
        >
          <AutoSizeInput
            defaultValue={query.match ?? ''}
            minWidth={30}
            onCommitChange={(event) => change({ match: event.currentTarget.value })}
          />
        </InlineField>
      )}
    </Stack>
  );
}
