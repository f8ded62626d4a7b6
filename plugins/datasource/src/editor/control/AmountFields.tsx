/** A number for each name; an empty field is none. */
import React from 'react';
import { AutoSizeInput, InlineField } from '@grafana/ui';
import type { TypedEditorProps } from '../PromqlEditor.tsx';

interface AmountFieldsProps extends Pick<TypedEditorProps, 'query' | 'onRun'> {
  readonly names: readonly { readonly value: string; readonly label: string }[];
}

export function AmountFields({ names, query, onRun }: AmountFieldsProps) {
  const limits: Record<string, number | undefined> = query.limits ?? {};
  return (
    <>
      {names.map(({ value, label }) => {
        const id = `tapewatch-${query.refId}-limit-${value}`;
        return (
          <InlineField key={value} label={`${label} limit`} htmlFor={id}>
            <AutoSizeInput
              id={id}
              type="number"
              min={0}
              defaultValue={limits[value] ?? ''}
              placeholder="None"
              minWidth={10}
              onCommitChange={(event) => {
                const typed = event.currentTarget.value.trim();
                const { [value]: _, ...others } = limits;
                if (typed === '') onRun({ limits: others });
                else if (Number(typed) >= 0) onRun({ limits: { ...others, [value]: Number(typed) } });
              }}
            />
          </InlineField>
        );
      })}
    </>
  );
}
