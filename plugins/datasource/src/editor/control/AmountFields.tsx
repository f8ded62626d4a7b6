/** A number for each name; an empty field is none. */
import React from 'react';
import { InlineField } from '@grafana/ui';
import type { TypedEditorProps } from '../PromqlEditor.tsx';
import { CheckedInput } from './CheckedInput.tsx';

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
            <CheckedInput
              id={id}
              type="number"
              min={0}
              text={String(limits[value] ?? '')}
              placeholder="None"
              minWidth={10}
              onCommit={(typed) => {
                const { [value]: _, ...others } = limits;
                const amount = Number(typed);
                if (!(amount >= 0)) return false;
                onRun({ limits: typed === '' ? others : { ...others, [value]: amount } });
                return true;
              }}
            />
          </InlineField>
        );
      })}
    </>
  );
}
