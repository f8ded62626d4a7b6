/** SQL over the event tables: runs on Shift+Enter, Ctrl/Cmd+Enter and when it is left. */
import React, { useRef } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { CodeEditor, useStyles2, type CodeEditorMonacoOptions } from '@grafana/ui';
import { addKeys } from '../keys.ts';
import { placeholderStyle } from '../placeholder.ts';
import type { TypedEditorProps } from '../PromqlEditor.tsx';

const HEIGHT = 140;
const PLACEHOLDER =
  'SELECT venue, count(*) AS fills FROM fills WHERE $__timeFilter(time) GROUP BY ALL; Shift+Enter runs it';
const OPTIONS: CodeEditorMonacoOptions = {
  ariaLabel: 'SQL statement',
  overviewRulerBorder: false,
  overviewRulerLanes: 0,
  padding: { top: 4 },
  renderLineHighlight: 'none',
  scrollBeyondLastLine: false,
};

export function SqlField({ query, onChange, onRun }: Pick<TypedEditorProps, 'query' | 'onChange' | 'onRun'>) {
  const styles = useStyles2(getStyles);
  const value = query.rawSql ?? '';
  const run = (rawSql: string): void => {
    latest.current.ran = rawSql;
    latest.current.onRun({ rawSql });
  };
  // The editor keeps the functions of its first render.
  const latest = useRef({ onRun, ran: value });
  latest.current.onRun = onRun;
  return (
    <div className={styles.field} data-testid="tapewatch-sql">
      {value === '' && (
        <div className={styles.placeholder} aria-hidden>
          {PLACEHOLDER}
        </div>
      )}
      <CodeEditor
        language="sql"
        value={value}
        height={HEIGHT}
        showLineNumbers={false}
        showMiniMap={false}
        monacoOptions={OPTIONS}
        onChange={(rawSql) => onChange({ rawSql })}
        // Leaving the field unchanged asks nothing.
        onBlur={(rawSql) => rawSql !== latest.current.ran && run(rawSql)}
        onSave={run}
        onEditorDidMount={(editor, monaco) => addKeys(editor, monaco, () => run(editor.getValue()))}
      />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  field: css({
    position: 'relative',
    width: '100%',
    '&:focus-within': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: 1 },
  }),
  placeholder: css(
    placeholderStyle(theme, {
      top: 5,
      left: 10,
      right: 10,
      fontSize: theme.typography.bodySmall.fontSize,
      lineHeight: '18px',
    }),
  ),
});
