/**
 * Places sections on Grafana's 24 columns: panels flow from left to right and wrap, each line as high as its highest
 * panel. A collapsed section carries its panels inside its row, as Grafana saves it.
 */
import { GRAFANA_VERSION, GRID_COLUMNS, type Panel, type PlacedPanel, type Section } from './model.ts';

export function place(head: readonly Panel[], sections: readonly Section[]): readonly PlacedPanel[] {
  const placed: PlacedPanel[] = [];
  let y = flow(head, 0, placed);
  for (const section of sections) {
    const inside: PlacedPanel[] = [];
    const end = flow(section.panels, y + 1, inside);
    const collapsed = section.collapsed === true;
    placed.push({
      collapsed,
      gridPos: { x: 0, y, w: GRID_COLUMNS, h: 1 },
      id: section.id,
      panels: collapsed ? inside : [],
      ...(section.repeat === undefined ? {} : { repeat: section.repeat, repeatDirection: 'h' }),
      title: section.title,
      type: 'row',
    });
    if (!collapsed) placed.push(...inside);
    y = collapsed ? y + 1 : end;
  }
  return placed;
}

/** Returns the first free line. */
function flow(panels: readonly Panel[], top: number, into: PlacedPanel[]): number {
  let x = 0;
  let y = top;
  let height = 0;
  for (const panel of panels) {
    if (x + panel.w > GRID_COLUMNS) {
      x = 0;
      y += height;
      height = 0;
    }
    into.push(placedPanel(panel, x, y));
    x += panel.w;
    height = Math.max(height, panel.h);
  }
  return y + height;
}

function placedPanel(panel: Panel, x: number, y: number): PlacedPanel {
  const { w, h, ...rest } = panel;
  const datasource = panel.targets[0]?.datasource;
  return {
    ...rest,
    // Panels without a query (the alert list) have no data source.
    ...(datasource === undefined ? {} : { datasource }),
    gridPos: { x, y, w, h },
    ...(panel.repeat === undefined ? {} : { repeatDirection: 'h', maxPerRow: 3 }),
    pluginVersion: GRAFANA_VERSION,
  };
}
