/** The code editor: grows with its text, completes, and runs on Shift+Enter, Ctrl/Cmd+Enter and when it loses focus. */
import React, { useEffect, useRef } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { ReactMonacoEditor, useStyles2, type monacoTypes } from '@grafana/ui';
import { LANGUAGE, registerLanguage } from '../completion/language.ts';
import { registerCompletion } from '../completion/provider.ts';
import { watchProblems } from '../completion/watch-problems.ts';
import type { Metadata } from '../metadata.ts';
import { addKeys } from './keys.ts';
import { placeholderStyle } from './placeholder.ts';

export interface PromqlFieldProps {
  readonly value: string;
  readonly metadata: Metadata;
  readonly onChange: (text: string) => void;
  readonly onRun: (text: string) => void;
}

const OPTIONS: monacoTypes.editor.IStandaloneEditorConstructionOptions = {
  ariaLabel: 'PromQL expression',
  automaticLayout: true,
  contextmenu: false,
  // Without it a panel's edge would cut the list.
  fixedOverflowWidgets: true,
  folding: false,
  fontSize: 14,
  lineDecorationsWidth: 8,
  lineNumbers: 'off',
  minimap: { enabled: false },
  occurrencesHighlight: false,
  overviewRulerBorder: false,
  overviewRulerLanes: 0,
  padding: { top: 4, bottom: 5 },
  renderLineHighlight: 'none',
  scrollbar: { vertical: 'hidden', horizontal: 'hidden', alwaysConsumeMouseWheel: false },
  scrollBeyondLastLine: false,
  suggest: { showWords: false, showStatusBar: false, filterGraceful: true },
  suggestFontSize: 12,
  wordWrap: 'on',
};

const PLACEHOLDER = 'PromQL, such as rate(fills_total[$__rate_interval]); Shift+Enter runs it';

/** Beyond this the text scrolls. */
const MAX_HEIGHT = 300;

export function PromqlField({ value, metadata, onChange, onRun }: PromqlFieldProps) {
  const styles = useStyles2(getStyles);
  const container = useRef<HTMLDivElement>(null);
  const dispose = useRef<() => void>(() => undefined);
  // Monaco keeps the functions of its first render.
  const latest = useRef({ onChange, onRun, ran: value });
  latest.current.onChange = onChange;
  latest.current.onRun = onRun;
  useEffect(() => () => dispose.current(), []);

  return (
    <div ref={container} className={styles.field} data-testid="tapewatch-promql">
      {value === '' && (
        <div className={styles.placeholder} aria-hidden>
          {PLACEHOLDER}
        </div>
      )}
      <ReactMonacoEditor
        language={LANGUAGE}
        value={value}
        options={OPTIONS}
        beforeMount={registerLanguage}
        onMount={(editor, monaco) => {
          const stops = [
            registerCompletion({ monaco, editor, metadata, variables: variableNames }),
            watchProblems({ monaco, editor, metadata }),
          ];
          dispose.current = () => stops.forEach((stop) => stop());
          const run = (): void => {
            latest.current.ran = editor.getValue();
            latest.current.onRun(latest.current.ran);
          };
          addKeys(editor, monaco, run);
          editor.onDidChangeModelContent(() => latest.current.onChange(editor.getValue()));
          editor.onDidBlurEditorWidget(() => {
            if (editor.getValue() !== latest.current.ran) run();
          });
          const fit = (): void => {
            const height = Math.min(editor.getContentHeight(), MAX_HEIGHT);
            if (container.current !== null) container.current.style.height = `${height + BORDERS}px`;
          };
          editor.onDidContentSizeChange(fit);
          fit();
        }}
      />
    </div>
  );
}

const BORDERS = 2;

function variableNames(): string[] {
  return getTemplateSrv()
    .getVariables()
    .map(({ name }) => name);
}

const getStyles = (theme: GrafanaTheme2) => ({
  placeholder: css(placeholderStyle(theme, { top: 4, left: 8, right: 8, fontSize: 14, lineHeight: '19px' })),
  field: css({
    position: 'relative',
    width: '100%',
    minHeight: theme.spacing(4),
    border: `1px solid ${theme.components.input.borderColor}`,
    borderRadius: theme.shape.radius.default,
    overflow: 'hidden',
    // Monaco makes the box of the first documentation too low for it: two lines of signature, two of text.
    '.suggest-details': { minHeight: 100 },
    // "View problem" and "no quick fixes" below each message: there is one problem, and it is in sight.
    '.monaco-hover .status-bar': { display: 'none' },
    '&:focus-within': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: 1 },
  }),
});
