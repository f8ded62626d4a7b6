/** Query help: what there is, with examples that are used by a click. */
import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { HelpProps } from '../lazy-editors.tsx';
import { displayText } from '../query.ts';
import { EXAMPLES } from './examples.ts';

export function QueryHelp({ onClickExample }: HelpProps) {
  const styles = useStyles2(getStyles);
  return (
    <div>
      <h2>Tapewatch queries</h2>
      <p>
        PromQL asks for metrics; latencies are histograms, so percentiles are exact to a stated bound. Slippage and
        P&amp;L are computed from orders, fills and quotes. Click an example to use it.
      </p>
      {EXAMPLES.map((example) => (
        <div key={example.title} className={styles.example}>
          <div className={styles.title}>{example.title}</div>
          <button
            type="button"
            className={styles.button}
            onClick={() => onClickExample({ refId: 'A', ...example.query })}
          >
            <code>{displayText({ refId: 'A', ...example.query })}</code>
          </button>
          <div className={styles.text}>{example.text}</div>
        </div>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  example: css({ marginBottom: theme.spacing(2) }),
  title: css({ fontWeight: theme.typography.fontWeightMedium }),
  text: css({ color: theme.colors.text.secondary }),
  button: css({
    display: 'block',
    margin: theme.spacing(0.5, 0),
    padding: 0,
    border: 0,
    background: 'none',
    textAlign: 'left',
  }),
});
