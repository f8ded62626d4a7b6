/** All percentiles of one step with their error bounds, and what each rests on. */
import React from 'react';
import { css, cx } from '@emotion/css';
import { dateTimeFormat, type GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import type { Facet } from './panel-model.ts';
import { formatCount, stepPercentiles } from './summary.ts';

export interface PercentileTooltipProps {
  readonly facet: Facet;
  readonly step: number;
  /** Line nearest to the pointer. */
  readonly focused: number | undefined;
  readonly visible: readonly boolean[];
  readonly colors: readonly string[];
  readonly minTailSamples: number;
  readonly timeZone: string;
  readonly formatValue: (value: number) => string;
}

export function PercentileTooltip(props: PercentileTooltipProps) {
  const { facet, step } = props;
  const styles = useStyles2(getStyles);
  const rows = stepPercentiles(facet.table, step, props.minTailSamples)
    .filter(({ line }) => props.visible[line] === true)
    .reverse();
  return (
    <div className={styles.wrapper}>
      <div className={styles.header}>
        <span>{dateTimeFormat(facet.table.times[step] as number, { timeZone: props.timeZone })}</span>
        {facet.name !== '' && <span className={styles.name}>{facet.name}</span>}
      </div>
      <table className={styles.table}>
        <tbody>
          {rows.map((row) => (
            <React.Fragment key={row.name}>
              <tr className={cx(row.line === props.focused && styles.focused)}>
                <td>
                  <span
                    className={cx(styles.swatch, row.warning !== '' && styles.hollow)}
                    style={{ borderColor: props.colors[row.line], backgroundColor: props.colors[row.line] }}
                  />
                  {row.name}
                </td>
                <td className={styles.number}>{props.formatValue(row.value)}</td>
                <td className={cx(styles.number, styles.dim)}>{row.error}</td>
              </tr>
              {row.warning !== '' && (
                <tr>
                  <td colSpan={3} className={styles.warning}>
                    <Icon name="exclamation-triangle" size="xs" /> {row.warning}
                  </td>
                </tr>
              )}
            </React.Fragment>
          ))}
        </tbody>
      </table>
      <div className={styles.footer}>
        <span>Samples</span>
        <span className={styles.number}>{formatCount(facet.table.totals[step] as number)}</span>
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  wrapper: css({ fontSize: theme.typography.bodySmall.fontSize, minWidth: theme.spacing(22) }),
  header: css({
    display: 'flex',
    justifyContent: 'space-between',
    gap: theme.spacing(2),
    padding: theme.spacing(1),
    paddingRight: theme.spacing(3),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  table: css({
    width: `calc(100% - ${theme.spacing(2)})`,
    margin: theme.spacing(1),
    td: { padding: theme.spacing(0.25, 0.5), whiteSpace: 'nowrap' },
  }),
  number: css({ textAlign: 'right', fontVariantNumeric: 'tabular-nums' }),
  name: css({
    maxWidth: theme.spacing(30),
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    color: theme.colors.text.secondary,
  }),
  dim: css({ color: theme.colors.text.secondary }),
  focused: css({ fontWeight: theme.typography.fontWeightBold, color: theme.colors.text.maxContrast }),
  swatch: css({
    display: 'inline-block',
    width: theme.spacing(1.5),
    height: theme.spacing(0.5),
    border: '1px solid',
    borderRadius: theme.shape.radius.default,
    marginRight: theme.spacing(0.75),
    verticalAlign: 'middle',
  }),
  hollow: css({ backgroundColor: 'transparent !important', borderStyle: 'dashed' }),
  warning: css({ color: theme.colors.warning.text, textAlign: 'right' }),
  footer: css({
    display: 'flex',
    justifyContent: 'space-between',
    padding: theme.spacing(1),
    borderTop: `1px solid ${theme.colors.border.weak}`,
    color: theme.colors.text.secondary,
  }),
});
