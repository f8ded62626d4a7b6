/**
 * docs/configuration.md may not drift from the schema, and the configuration files that are shipped load unchanged.
 * TAPEWATCH_UPDATE=1 rewrites the tables.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { configSchema, environmentLeaves, loadConfig } from '../../sidecar/src/config.ts';
import { ENV_NAMES } from '../../sidecar/src/env-names.ts';
import { referenceTables, withTables } from './reference.ts';

const root = join(__dirname, '..', '..');
const file = join(root, 'docs', 'configuration.md');
const example = join(root, 'provisioning', 'tapewatch', 'example.yaml');

if (process.env['TAPEWATCH_UPDATE'] === '1') writeFileSync(file, withTables(readFileSync(file, 'utf8')));
const page = readFileSync(file, 'utf8');

describe('docs/configuration.md', () => {
  it('has a table for each section of the schema and for the environment, as they are', () => {
    for (const name of referenceTables().keys()) expect(page).toContain(`<!-- table:${name} -->`);
    expect(withTables(page)).toBe(page);
  });

  it('names every variable of the environment, and every threshold and interval has a key (proves: CFG-12)', () => {
    for (const { variable } of [...environmentLeaves(), ...ENV_NAMES]) expect(page).toContain(`\`${variable}\``);
    const config = loadConfig({ file: undefined, environment: {} });
    const intervals = Object.values(config.health_checks).map(({ interval_seconds: seconds }) => seconds);
    expect(intervals).toEqual([30, 60, 10, 60, 300, 60, 30, 60]);
  });
});

describe('the example of a configuration', () => {
  it('loads unchanged, and says what the defaults are where it does not say otherwise (proves: CFG-13)', () => {
    const config = loadConfig({ file: example, environment: {} });
    const preset = loadConfig({ file: undefined, environment: {} });
    for (const section of [
      'monitoring',
      'alerts',
      'health_checks',
      'initial_equity',
      'rolling_window',
      'instruments',
      'query',
      'scrape',
    ] as const) {
      expect(config[section]).toEqual(preset[section]);
    }
  });

  it('shows every section', () => {
    const shown = Object.keys(parse(readFileSync(example, 'utf8')) as object);
    expect(shown.sort()).toEqual(
      Object.keys(configSchema.shape)
        .filter((name) => name !== 'streams')
        .sort(),
    );
  });
});

it('reports a file and names of the environment that disagree with our own, and lets the environment win over the file', () => {
  const environment = { MONITORING_QUERY_TIMEOUT: '20s', TAPEWATCH_QUERY_TIMEOUT_MS: '10000' };
  expect(() => loadConfig({ file: undefined, environment })).toThrow(
    /MONITORING_QUERY_TIMEOUT: disagrees with TAPEWATCH_QUERY_TIMEOUT_MS about query.timeoutMs; set one of the two/,
  );
  const agreed = { MONITORING_QUERY_TIMEOUT: '20s', TAPEWATCH_QUERY_TIMEOUT_MS: '20000' };
  expect(loadConfig({ file: undefined, environment: agreed }).query.timeoutMs).toBe(20_000);
  expect(
    loadConfig({ file: example, environment: { ALERT_DEDUPLICATION_WINDOW: '10' } }).alerts.deduplication_window,
  ).toBe(10);
  expect(() => loadConfig({ file: undefined, environment: { ALERT_MAX_RETRIES: 'many' } })).toThrow(
    /ALERT_MAX_RETRIES: "many" is not a number/,
  );
  expect(() => loadConfig({ file: undefined, environment: { SLACK_WEBHOOK: 'ftp://secret' } })).toThrow(
    /webhook_url: must be an https address$/m,
  );
});
