/** The committed boards are what the sources build, and they keep the rules that make them useful. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DERIVED_METRICS, tapewatchQuery } from '@tapewatch/contract';
import { BOARDS } from './board.ts';
import { expressionsOf, filled, metricNamesIn, panelsOf, targetsOf } from './board-reading.ts';
import { canonicalJson } from './canonical-json.ts';
import { DATASOURCE_TYPE, GRID_COLUMNS, TAPEWATCH } from './model.ts';

const ROOT = join(__dirname, '..', '..');
const JSON_FOLDER = join(ROOT, 'dashboards', 'json');
/** The tables of docs/wire.md name what is published as it is; the derived metrics are the contract's. */
const WIRE_TABLE = readFileSync(join(ROOT, 'docs', 'wire.md'), 'utf8');
const KNOWN_METRICS = new Set([
  ...DERIVED_METRICS.map(({ name }) => name),
  ...[...WIRE_TABLE.matchAll(/^\| `([a-z][a-z0-9_]*)` \| (?:gauge|counter|observation) \|/gm)].map((row) => row[1]),
]);

it('commits exactly the boards that the sources build', () => {
  const committed = readdirSync(JSON_FOLDER).filter((file) => file.endsWith('.json'));
  expect(committed.sort()).toEqual(Object.keys(BOARDS).map((name) => `${name}.json`));
  for (const [name, board] of Object.entries(BOARDS)) {
    // To repair: node tools/run.mjs dashboards/src/main.ts
    expect(readFileSync(join(JSON_FOLDER, `${name}.json`), 'utf8')).toBe(canonicalJson(board));
  }
});

describe.each(Object.entries(BOARDS))('board %s', (name, board) => {
  const panels = panelsOf(board);

  it('is a classic dashboard that a file can provision', () => {
    expect(board.id).toBeNull();
    expect(board.uid).toBe(`tapewatch-${name}`);
    expect(board['schemaVersion']).toBe(41);
    expect(board).not.toHaveProperty('version');
    expect(board).not.toHaveProperty('__inputs');
    expect(board).not.toHaveProperty('spec');
  });

  it('gives every panel a title, a description and an id of its own', () => {
    const ids = [...board.panels, ...panels.filter((panel) => !board.panels.includes(panel))].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const panel of panels) {
      expect(panel.title).not.toBe('');
      expect(String(panel['description'] ?? '').length).toBeGreaterThan(30);
    }
  });

  it('states a unit wherever numbers are drawn', () => {
    const withoutUnit = panels.filter((panel) => {
      const config = panel['fieldConfig'] as { defaults: Record<string, unknown> };
      return (panel.targets ?? []).length > 0 && typeof config.defaults['unit'] !== 'string';
    });
    expect(withoutUnit.map(({ title }) => title)).toEqual([]);
  });

  it('asks only through the data source variable, with documents of the contract', () => {
    const variables = (board['templating'] as { list: { name: string; type: string; query: unknown }[] }).list;
    expect(variables[0]).toMatchObject({ name: 'ds', type: 'datasource', query: DATASOURCE_TYPE });
    for (const target of targetsOf(board)) {
      expect(target.datasource).toEqual(TAPEWATCH);
      expect(tapewatchQuery.safeParse(target).error).toBeUndefined();
    }
  });

  it('fills the grid without overlaps', () => {
    const cells = new Set<string>();
    for (const { gridPos, title } of board.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(GRID_COLUMNS);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.has(`${x},${y}`) ? `${title} overlaps at ${x},${y}` : '').toBe('');
          cells.add(`${x},${y}`);
        }
      }
    }
  });

  it('asks PromQL that parses, of metrics that are known', () => {
    for (const expr of expressionsOf(board)) {
      const names = metricNamesIn(filled(expr));
      expect({ expr, metrics: names.length > 0 }).toEqual({ expr, metrics: true });
      expect({ expr, unknown: names.filter((metric) => !KNOWN_METRICS.has(metric)) }).toEqual({ expr, unknown: [] });
    }
  });
});
