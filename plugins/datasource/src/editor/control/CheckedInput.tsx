/**
 * A text that counts when the field is left or Enter is pressed. One that cannot be read changes nothing: it stays, marked,
 * until it is mended, so that nobody takes it for what was asked.
 */
import React, { useState } from 'react';
import { AutoSizeInput } from '@grafana/ui';

interface CheckedInputProps extends Pick<
  React.ComponentProps<typeof AutoSizeInput>,
  'id' | 'type' | 'min' | 'max' | 'minWidth' | 'placeholder' | 'aria-label'
> {
  readonly text: string;
  /** False for a text that cannot be read. */
  readonly onCommit: (text: string) => boolean;
}

export function CheckedInput({ text, onCommit, ...input }: CheckedInputProps) {
  const [isRefused, setRefused] = useState(false);
  return (
    <AutoSizeInput
      {...input}
      defaultValue={text}
      invalid={isRefused}
      aria-invalid={isRefused}
      onCommitChange={(event) => setRefused(!onCommit(event.currentTarget.value.trim()))}
    />
  );
}
