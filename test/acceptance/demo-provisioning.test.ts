/** The provisioned rules and routes load, and read only metrics that somebody publishes. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DERIVED_METRICS, formatProblem, parseAlertmanager, parseRuleFile } from '@tapewatch/contract';
import { inputNames, parse, parseTemplate } from '@tapewatch/core';
import { loadConfig } from '../../sidecar/src/config.ts';
import { compileRegex } from '../../sidecar/src/regex.ts';

const folder = join(__dirname, '../../provisioning/tapewatch');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** What simulator and telemetry publish themselves (docs/wire.md, "Telemetry"). */
const PUBLISHED = ['order_hop_seconds', 'host_cpu_usage_ratio', 'nats_slow_consumers_total', 'demo_probe'];
const known = new Set([...PUBLISHED, ...DERIVED_METRICS.map(({ name }) => name)]);

it.each(['rules/trading.yaml', 'rules/demo.yaml'])('%s loads and names known metrics only', (file) => {
  const result = parseRuleFile(read(file), { file, checkExpression: parse });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  const rules = result.value.groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(0);
  for (const { expr, annotations } of rules) {
    const inputs = inputNames(parse(expr));
    if (inputs === 'any') throw new Error(`${expr} reads every metric`);
    expect([...inputs].filter((name) => !known.has(name))).toEqual([]);
    for (const text of Object.values(annotations)) expect(() => parseTemplate(text)).not.toThrow();
  }
});

it('the example configuration loads unchanged (proves: CFG-13)', () => {
  const config = loadConfig({ file: join(folder, 'tapewatch.yaml'), environment: {} });
  expect(config).toMatchObject({ store: { kind: 'duckdb' }, nats: { servers: ['nats://127.0.0.1:4222'] } });
  for (const pattern of config.alerting.ruleFiles) {
    expect(existsSync(join(folder, '../..', dirname(pattern)))).toBe(true);
  }
});

it('the routes load; the probe does not wait for its group', () => {
  const compile = (pattern: string): ((text: string) => boolean) => compileRegex(pattern);
  const result = parseAlertmanager(read('alertmanager.yaml'), { file: 'alertmanager.yaml', compile });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  const probe = result.value.route.routes.find(({ matchers }) => matchers.includes('alertname="DemoProbe"'));
  expect(probe?.group_wait).toBe(0);
  expect(result.value.receivers[0]?.webhook_configs.length).toBe(1);
});
