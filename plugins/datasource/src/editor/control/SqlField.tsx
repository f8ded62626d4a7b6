/** SQL over the event tables: the text, run by its key or when the field is left. */
import React from 'react';
import { CodeEditor } from '@grafana/ui';
import type { TypedEditorProps } from '../PromqlEditor.tsx';

const HEIGHT = 120;

interface SqlFieldProps extends Pick<TypedEditorProps, 'query' | 'onChange' | 'onRun'> {
  readonly placeholder: string;
}

export function SqlField({ query, placeholder, onChange, onRun }: SqlFieldProps) {
  const value = (query as { sql?: string }).sql ?? placeholder;
  return (
    <div style={{ width: '100%' }} data-testid="tapewatch-sql">
      <CodeEditor
        language="sql"
        value={value}
        height={HEIGHT}
        showLineNumbers={false}
        showMiniMap={false}
        onChange={(sql) => onChange({ sql } as typeof query)}
        onBlur={(sql) => onRun({ sql } as typeof query)}
        onSave={(sql) => onRun({ sql } as typeof query)}
      />
    </div>
  );
}
