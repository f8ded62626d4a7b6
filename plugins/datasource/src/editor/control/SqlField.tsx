/** SQL over the event tables: run by its key (Ctrl/Cmd+S) or when the field is left. */
import React, { useRef } from 'react';
import { CodeEditor } from '@grafana/ui';
import type { TypedEditorProps } from '../PromqlEditor.tsx';

const HEIGHT = 140;

export function SqlField({ query, onChange, onRun }: Pick<TypedEditorProps, 'query' | 'onChange' | 'onRun'>) {
  const value = query.rawSql ?? '';
  const ran = useRef(value);
  const run = (rawSql: string): void => {
    ran.current = rawSql;
    onRun({ rawSql });
  };
  return (
    <div style={{ width: '100%' }} data-testid="tapewatch-sql">
      <CodeEditor
        language="sql"
        value={value}
        height={HEIGHT}
        showLineNumbers={false}
        showMiniMap={false}
        onChange={(rawSql) => onChange({ rawSql })}
        // Leaving the field unchanged asks nothing.
        onBlur={(rawSql) => rawSql !== ran.current && run(rawSql)}
        onSave={run}
      />
    </div>
  );
}
