/** All at a glance, each a press away; the order of choice is the order of columns. */
import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { FilterPill, useStyles2 } from '@grafana/ui';

export interface PillsProps {
  readonly offered: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: string[]) => void;
}

export function Pills({ offered, chosen, onChange }: PillsProps) {
  const styles = useStyles2(getStyles);
  // What a file has chosen beyond them, such as a variable, is shown as well, or it could not be taken back.
  const all = [...new Set([...offered, ...chosen])];
  return (
    <div role="group" aria-label="Group by" className={styles.pills}>
      {all.map((name) => (
        <FilterPill
          key={name}
          label={name}
          selected={chosen.includes(name)}
          onClick={() => onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name])}
        />
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  pills: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5) }),
});
