/** provisioning/grafana as Grafana 12.2 would read it, with a reader that refuses what Grafana would silently drop. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { contactPointsFile, dashboardsFile, datasourcesFile, rulesFile } from './grafana-schema.ts';

const ROOT = join(__dirname, '..', '..');
const FOLDER = join(ROOT, 'provisioning', 'grafana');

const FILES = {
  'datasources/tapewatch.yaml': datasourcesFile,
  'dashboards/tapewatch.yaml': dashboardsFile,
  'alerting/rules.yaml': rulesFile,
  'alerting/contact-points.yaml': contactPointsFile,
} as const satisfies Record<string, z.ZodType>;

function read<T extends keyof typeof FILES>(file: T): z.infer<(typeof FILES)[T]> {
  const result = FILES[file].safeParse(parse(readFileSync(join(FOLDER, file), 'utf8')));
  if (!result.success) throw new Error(`${file}: ${result.error.message}`);
  return result.data as z.infer<(typeof FILES)[T]>;
}

it('holds the files that are checked here and no others', () => {
  const found = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ya?ml$/.test(file));
  expect(found.sort()).toEqual(Object.keys(FILES).sort());
});

it.each(Object.keys(FILES) as (keyof typeof FILES)[])(
  '%s has only keys that Grafana reads, and valid values',
  (file) => {
    expect(() => read(file)).not.toThrow();
  },
);

it('refuses a misspelt key and a value that would end the server', () => {
  const rules = parse(readFileSync(join(FOLDER, 'alerting/rules.yaml'), 'utf8'));
  const [first] = rules.groups[0].rules;
  const misspelt = { ...first, executionErrorState: 'Error' };
  expect(rulesFile.safeParse({ ...rules, groups: [{ ...rules.groups[0], rules: [misspelt] }] }).success).toBe(false);
  expect(rulesFile.safeParse({ ...rules, groups: [{ ...rules.groups[0], interval: '15s' }] }).success).toBe(false);
  const points = parse(readFileSync(join(FOLDER, 'alerting/contact-points.yaml'), 'utf8'));
  points.contactPoints[0].receivers[0].settings.url = '${TAPEWATCH_WEBHOOK_URL}';
  expect(contactPointsFile.safeParse(points).success).toBe(false);
});

describe('the files fit together', () => {
  const { datasources } = read('datasources/tapewatch.yaml');
  const { groups } = read('alerting/rules.yaml');
  const { contactPoints } = read('alerting/contact-points.yaml');
  const rules = groups.flatMap((group) => group.rules);

  it('rules ask provisioned data sources and send to provisioned contact points', () => {
    const uids = new Set<string>([...datasources.map(({ uid }) => uid), '__expr__']);
    const receivers = contactPoints.map(({ name }) => name);
    for (const { data, notification_settings } of rules) {
      for (const { datasourceUid } of data) expect([...uids]).toContain(datasourceUid);
      expect(receivers).toContain(notification_settings.receiver);
    }
  });

  it('traces of exemplars open in a provisioned data source', () => {
    const traces = datasources.filter(({ type }) => type === 'jaeger').map(({ uid }) => uid);
    const asked = datasources.flatMap((source) =>
      source.type === 'tapewatch-trading-datasource' ? (source.jsonData.exemplarTraceIdDestinations ?? []) : [],
    );
    expect(asked.map(({ datasourceUid }) => datasourceUid)).toEqual(traces);
  });

  it('rules point at a panel that exists', () => {
    for (const { dashboardUid, panelId } of rules) {
      const file = join(ROOT, 'dashboards', 'json', `${dashboardUid?.replace(/^tapewatch-/, '')}.json`);
      const board = JSON.parse(readFileSync(file, 'utf8')) as { uid: string; panels: { id: number }[] };
      expect(board.uid).toBe(dashboardUid);
      expect(board.panels.map(({ id }) => id)).toContain(panelId);
    }
  });

  it('gives each rule, receiver and data source a uid of its own', () => {
    const uids = [
      ...rules.map(({ uid }) => uid),
      ...contactPoints.flatMap(({ receivers }) => receivers.map(({ uid }) => uid)),
      ...datasources.map(({ uid }) => uid),
    ];
    expect(new Set(uids).size).toBe(uids.length);
  });

  it('keeps alert folders apart from board folders: Grafana would make two of the same name', () => {
    const boards = read('dashboards/tapewatch.yaml').providers.map(({ folder }) => folder);
    for (const { folder } of groups) expect(boards).not.toContain(folder);
  });

  it('finds the boards from the provisioning folder', () => {
    for (const { options } of read('dashboards/tapewatch.yaml').providers) {
      const path = normalize(options.path.replace('${GF_PATHS_PROVISIONING}', FOLDER));
      expect(existsSync(path) && readdirSync(path).some((file) => file.endsWith('.json'))).toBe(true);
    }
  });
});
