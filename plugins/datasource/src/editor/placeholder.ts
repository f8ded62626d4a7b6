/** The text that stands in an empty code editor: Monaco has none of its own. */
import type { GrafanaTheme2 } from '@grafana/data';

/** `place`: where Monaco's first letter would stand, and how large it would be. */
export function placeholderStyle(
  theme: GrafanaTheme2,
  place: {
    readonly top: number;
    readonly left: number;
    readonly right: number;
    readonly fontSize: number | string;
    readonly lineHeight: string;
  },
) {
  return {
    ...place,
    position: 'absolute',
    zIndex: 1,
    pointerEvents: 'none',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    fontFamily: theme.typography.fontFamilyMonospace,
    color: theme.colors.text.disabled,
  } as const;
}
