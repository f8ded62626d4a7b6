/** The committed boards are what the sources build, and they keep the rules that make them useful. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DERIVED_METRICS, tapewatchQuery } from '@tapewatch/contract';
import { BOARDS } from './board.ts';
import {
  colourAt,
  columnsOf,
  expressionsOf,
  fieldConfigOf,
  filled,
  metricNamesIn,
  panelsOf,
  targetsOf,
} from './board-reading.ts';
import { canonicalJson } from './canonical-json.ts';
import { FAILURE } from './field.ts';
import { DASHBOARD, DATASOURCE_TYPE, GRID_COLUMNS, TAPEWATCH, type ThresholdStep } from './model.ts';
import { SHARPE_BANDS } from './section/performance.ts';
import { MIN_COLUMN_WIDTH } from './table.ts';

const ROOT = join(__dirname, '..', '..');
const JSON_FOLDER = join(ROOT, 'dashboards', 'json');
/** Tables of the docs name what services and exporters publish as it is; the derived metrics are the contract's. */
const TABLES = ['wire.md', 'services.md'].map((page) => readFileSync(join(ROOT, 'docs', page), 'utf8')).join('\n');
const KNOWN_METRICS = new Set([
  ...DERIVED_METRICS.map(({ name }) => name),
  ...[...TABLES.matchAll(/^\|.* `([a-z][a-zA-Z0-9_]*)` \| (?:gauge|counter|observation) \|/gm)].map((row) => row[1]),
]);

/** Width of the grid there, without Grafana's margins. */
const SCREEN_PIXELS = 1_570;
const PADDING_PIXELS = 16;

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

  it('shows a second time only what a panel of the board has asked', () => {
    for (const panel of panels) {
      for (const target of panel.targets ?? []) {
        if (target.datasource.uid !== DASHBOARD.uid) continue;
        const source = panels.find(({ id }) => id === target['panelId']);
        expect(source?.targets?.[0]?.datasource).toEqual(TAPEWATCH);
      }
    }
  });

  it('lets each table fit into its panel on a screen of 1,600 pixels', () => {
    const tables = panels.filter(({ type }) => type === 'table');
    for (const panel of tables) {
      const columns = columnsOf(panel);
      const needed = columns.reduce((sum, { width }) => sum + (width ?? MIN_COLUMN_WIDTH), 0);
      const available = (panel.gridPos.w / GRID_COLUMNS) * SCREEN_PIXELS - PADDING_PIXELS;
      expect({ title: panel.title, columns: columns.length > 1, fits: needed <= available }).toEqual({
        title: panel.title,
        columns: true,
        fits: true,
      });
    }
  });

  it('lets each table tell why its query failed, in words that are not cut', () => {
    for (const panel of panels.filter(({ type }) => type === 'table')) {
      const [chosen] = panel['transformations'] as { options: { includeByName: Record<string, boolean> } }[];
      expect(chosen?.options.includeByName).toHaveProperty(FAILURE, true);
      const wrapped = {
        matcher: { id: 'byName', options: FAILURE },
        properties: [expect.objectContaining({ value: { type: 'auto', wrapText: true } })],
      };
      expect(fieldConfigOf(panel).overrides).toContainEqual(wrapped);
    }
  });

  it('gives no colour to what is withheld, wherever the lowest step has one', () => {
    const colourless = { match: 'null', result: { text: '-', color: 'text', index: 0 } };
    for (const panel of panels.filter(({ type }) => type === 'table' || type === 'stat')) {
      const { defaults, overrides } = fieldConfigOf(panel);
      const settings = [
        defaults,
        ...overrides.map(({ properties }) => Object.fromEntries(properties.map(({ id, value }) => [id, value]))),
      ];
      for (const { thresholds, mappings = defaults['mappings'] } of settings) {
        const base = (thresholds as { steps: readonly ThresholdStep[] } | undefined)?.steps[0]?.color ?? 'text';
        if (base !== 'text') {
          expect(mappings).toContainEqual({ type: 'special', options: colourless });
        }
      }
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

describe('the bands of the Sharpe ratio', () => {
  it('change their colour at the two limits (proves: TRD-15)', () => {
    const colours = [-1, 0, 0.49, 0.5, 0.75, 1, 1.01, 3].map((value) => colourAt(SHARPE_BANDS, value));
    expect(colours).toEqual(['red', 'red', 'red', 'text', 'text', 'text', 'green', 'green']);
    expect(colourAt(SHARPE_BANDS, 0.5 - Number.EPSILON)).toBe('red');
    expect(colourAt(SHARPE_BANDS, 1 + Number.EPSILON)).toBe('green');
  });

  it('are those of each panel that shows one', () => {
    const panels = Object.values(BOARDS).flatMap(panelsOf);
    const ofTiles = panels
      .filter(({ type, title }) => type === 'stat' && /^(Sharpe|Sortino)$/.test(title))
      .map((panel) => fieldConfigOf(panel).defaults['thresholds']);
    const ofColumns = panels
      .filter(({ type }) => type === 'table')
      .flatMap((panel) => fieldConfigOf(panel).overrides)
      .filter(({ matcher }) => matcher.options === 'sharpe' || matcher.options === 'sortino')
      .map(({ properties }) => properties.find(({ id }) => id === 'thresholds')?.value);
    const shown = [...ofTiles, ...ofColumns];
    expect(shown).toHaveLength(4);
    for (const thresholds of shown) expect(thresholds).toEqual({ mode: 'absolute', steps: SHARPE_BANDS });
  });
});
