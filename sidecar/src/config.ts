/**
 * The configuration: one YAML file and the environment, through one schema that the parts' own schemas make up. Every
 * problem is reported at once, each with its path, the value seen and what is expected.
 */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { alertingOptions } from './alerting/alerting-options.ts';
import { channelOptions } from './channel/channel-options.ts';
import { applyEnvironment, leavesOf, type Leaf } from './env-overrides.ts';
import { TapewatchError } from './errors.ts';
import { grafanaOptions } from './grafana/grafana-options.ts';
import { httpOptions } from './http/http-options.ts';
import { natsOptions, streamsOptions } from './ingest/options.ts';
import { pipelineOptions } from './pipeline/pipeline-options.ts';
import { storeOptions } from './store/open-store.ts';
import { logOptions } from './telemetry/log-options.ts';

export const configSchema = z.strictObject({
  nats: natsOptions.prefault({}),
  streams: streamsOptions,
  pipeline: pipelineOptions,
  store: storeOptions.prefault({ kind: 'duckdb' }),
  alerting: alertingOptions,
  channels: channelOptions,
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
  const { document, problems } = applyEnvironment(read, environmentLeaves(), environment);
  const parsed = configSchema.safeParse(document);
  const found = [...problems, ...(parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, document)))];
  if (parsed.success && found.length === 0) return parsed.data;
  const where = path === undefined || path === '' ? 'the environment' : path;
  const lines = found.map((problem) => `\n  ${problem.path}: ${problem.message}`);
  const count = found.length === 1 ? 'one problem' : `${found.length} problems`;
  throw new TapewatchError('config.invalid', `the configuration (${where}) has ${count}:${lines.join('')}`, {
    details: { problems: found },
  });
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
  const isSecret = /password|token|seed|secret/i.test(path);
  const shown = seen === undefined || isSecret || typeof seen === 'object' ? '' : ` (is ${JSON.stringify(seen)})`;
  return { path: path || '(top)', message: `${issue.message}${shown}` };
}
