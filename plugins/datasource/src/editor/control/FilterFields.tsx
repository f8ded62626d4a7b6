/** One list for each dimension that rows can be filtered by. */
import React from 'react';
import { getTemplateSrv } from '@grafana/runtime';
import { InlineField, MultiCombobox } from '@grafana/ui';
import type { FilterDimension } from '../../query.ts';
import type { TypedEditorProps } from '../PromqlEditor.tsx';

const LABELS: Record<FilterDimension, string> = {
  strategy: 'Strategy',
  venue: 'Venue',
  symbol: 'Symbol',
  account: 'Account',
};

interface FilterFieldsProps extends Pick<TypedEditorProps, 'query' | 'metadata' | 'onRun'> {
  readonly dimensions: readonly FilterDimension[];
}

export function FilterFields({ dimensions, query, metadata, onRun }: FilterFieldsProps) {
  return (
    <>
      {dimensions.map((dimension) => (
        <InlineField key={dimension} label={LABELS[dimension]}>
          <MultiCombobox
            options={async (typed) => {
              const found = await metadata.dimension(dimension);
              return choices(found, typed);
            }}
            value={query.filters?.[dimension] ?? []}
            onChange={(chosen) =>
              onRun({ filters: { ...query.filters, [dimension]: chosen.map(({ value }) => value) } })
            }
            createCustomValue
            isClearable
            placeholder="All"
            width={22}
            aria-label={`Only this ${dimension}`}
          />
        </InlineField>
      ))}
    </>
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
