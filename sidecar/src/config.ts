/**
 * The configuration: one YAML file and the environment, through one schema that the parts' own schemas make up. Every
 * problem is reported at once, each with its path, the value seen and what is expected.
 */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { alertingOptions } from './alerting/alerting-options.ts';
import { suppressionOptions } from './alerting/suppression-options.ts';
import { backupOptions } from './backup/backup-options.ts';
import { channelOptions } from './channel/channel-options.ts';
import { notificationOptions } from './channel/notification-options.ts';
import { healthCheckOptions } from './check/health-check-options.ts';
import { ENV_NAMES } from './env-names.ts';
import { applyEnvironment, applyNames, leavesOf, type Leaf } from './env-overrides.ts';
import { TapewatchError } from './errors.ts';
import { grafanaOptions } from './grafana/grafana-options.ts';
import { httpOptions } from './http/http-options.ts';
import { natsOptions, streamsOptions } from './ingest/options.ts';
import { publishOptions } from './ingest/publish-options.ts';
import { instrumentOptions } from './instrument-options.ts';
import { initialEquity, monitoringOptions, rollingWindow } from './monitoring-options.ts';
import { pipelineOptions } from './pipeline/pipeline-options.ts';
import { queryOptions } from './query/query-options.ts';
import { scrapeOptions } from './scrape/scrape-options.ts';
import { storeOptions } from './store/open-store.ts';
import { forwardOptions } from './telemetry/forward/forward-options.ts';
import { logOptions } from './telemetry/log-options.ts';

export const configSchema = z.strictObject({
  nats: natsOptions.prefault({}),
  streams: streamsOptions,
  pipeline: pipelineOptions,
  store: storeOptions.prefault({ kind: 'duckdb' }),
  backup: backupOptions,
  scrape: scrapeOptions,
  query: queryOptions,
  alerting: alertingOptions,
  alerts: suppressionOptions,
  channels: channelOptions,
  notifications: notificationOptions,
  publish: publishOptions,
  forward: forwardOptions,
  monitoring: monitoringOptions,
  health_checks: healthCheckOptions,
  initial_equity: initialEquity,
  rolling_window: rollingWindow,
  instruments: instrumentOptions,
  http: httpOptions,
  grafana: grafanaOptions,
  log: logOptions,
});

export type Config = z.output<typeof configSchema>;

/** Names of the environment variables that override a setting. */
export function environmentLeaves(): Leaf[] {
  return leavesOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
}

export interface ConfigSource {
  /** Path of the YAML file; default: `TAPEWATCH_CONFIG`, else none. */
  readonly file: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Throws `config.invalid` with every problem in one message. */
export function loadConfig({ file, environment }: ConfigSource): Config {
  const path = file ?? environment['TAPEWATCH_CONFIG'];
  const read = path === undefined || path === '' ? {} : readDocument(path);
  const named = applyNames(read, ENV_NAMES, environment);
  const { document, problems } = applyEnvironment(named.document, environmentLeaves(), environment);
  nameStore(document);
  const parsed = configSchema.safeParse(document);
  const found = [
    ...named.problems,
    ...problems,
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, document))),
  ];
  if (parsed.success && found.length === 0) return parsed.data;
  const where = path === undefined || path === '' ? 'the environment' : path;
  const lines = found.map((problem) => `\n  ${problem.path}: ${problem.message}`);
  const count = found.length === 1 ? 'one problem' : `${found.length} problems`;
  throw new TapewatchError('config.invalid', `the configuration (${where}) has ${count}:${lines.join('')}`, {
    details: { problems: found },
  });
}

/** Settings of the store without its kind mean the kind that is there without any settings. */
function nameStore({ store }: Record<string, unknown>): void {
  if (typeof store === 'object' && store !== null && !('kind' in store)) Object.assign(store, { kind: 'duckdb' });
}

function readDocument(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TapewatchError(
      'config.invalid',
      `the configuration file ${path} cannot be read; name one with --config`,
      {
        cause,
      },
    );
  }
  const document = parseDocument(text, { uniqueKeys: true });
  const [first] = document.errors;
  if (first !== undefined) throw new TapewatchError('config.invalid', `${path} is not YAML: ${first.message}`);
  const value: unknown = document.toJS() ?? {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TapewatchError('config.invalid', `${path}: expected settings by name, such as "nats:" or "store:"`);
}

function describe(issue: z.core.$ZodIssue, document: unknown): { path: string; message: string } {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return { path: path || '(top)', message: `unknown setting ${issue.keys.join(', ')}` };
  }
  const seen = issue.path.reduce<unknown>(
    (node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key],
    document,
  );
  const isSecret = /password|token|seed|secret|webhook/i.test(path);
  const shown = seen === undefined || isSecret || typeof seen === 'object' ? '' : ` (is ${JSON.stringify(seen)})`;
  return { path: path || '(top)', message: `${issue.message}${shown}` };
}
