/** CheckHealth and CollectMetrics: one sentence that says what was reached, or which setting is wrong. */
import { datasourceSettings } from '@tapewatch/contract';
import { parseDurationMs } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { SourceStatus } from '../ports.ts';
import type { Authenticate } from './authentication.ts';
import type { CheckHealthRequest, CheckHealthResponse, PluginContext } from './message.ts';

/** Grafana gives up after 10 s. */
const HEALTH_TIMEOUT_MS = 8_000;

export interface HealthReport {
  readonly version: string;
  readonly source: SourceStatus;
  readonly store: { readonly ok: boolean; readonly detail: string };
}

export interface HealthDeps {
  readonly health: () => Promise<HealthReport>;
  readonly authenticate: Authenticate;
  readonly onInternalError: (error: unknown) => void;
}

export async function checkHealth(request: CheckHealthRequest, deps: HealthDeps): Promise<CheckHealthResponse> {
  try {
    deps.authenticate(request.pluginContext);
    checkSettings(request.pluginContext);
    return answer(await withTimeout(deps.health()));
  } catch (error) {
    if (error instanceof TapewatchError) return respond('ERROR', error.message, error.code);
    deps.onInternalError(error);
    return respond('ERROR', 'the sidecar failed to check itself; its log has the details', '');
  }
}

function answer({ version, source, store }: HealthReport): CheckHealthResponse {
  const verbose = [`NATS: ${source.detail}`, `store: ${store.detail}`].join('\n');
  if (!store.ok)
    return respond('ERROR', `Tapewatch ${version} is reached, but its store is not usable: ${store.detail}`, verbose);
  if (!source.connected) {
    const text = `Tapewatch ${version} is reached, but it is not connected to NATS at ${source.server}: ${source.detail}`;
    return respond('ERROR', text, verbose);
  }
  const text = `Tapewatch ${version} is reached, NATS at ${source.server} is connected and the store answers.`;
  return respond('OK', text, verbose);
}

/** Each bad setting has its own message, because the form shows one at a time. */
function checkSettings(context: PluginContext | null): void {
  const text = Buffer.from(context?.dataSourceInstanceSettings?.jsonData ?? []).toString('utf8');
  const parsed = datasourceSettings.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TapewatchError(
      'config.invalid',
      `jsonData.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`,
    );
  }
  const { minInterval } = parsed.data;
  if (minInterval === '' || (parseDurationMs(minInterval) ?? 0) > 0) return;
  const message = `jsonData.minInterval: "${minInterval}" is not a duration; write one such as 1s or 15s`;
  throw new TapewatchError('config.invalid', message);
}

function parseJson(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TapewatchError('config.invalid', 'jsonData: is not JSON; save the data source again', { cause });
  }
}

function respond(status: CheckHealthResponse['status'], message: string, verboseMessage: string): CheckHealthResponse {
  return { status, message, jsonDetails: Buffer.from(JSON.stringify({ message, verboseMessage })) };
}

async function withTimeout(report: Promise<HealthReport>): Promise<HealthReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the sidecar did not finish checking its NATS connection and store within ${HEALTH_TIMEOUT_MS / 1_000} s`;
    timer = setTimeout(() => reject(new TapewatchError('query.timeout', message)), HEALTH_TIMEOUT_MS);
  });
  try {
    return await Promise.race([report, late]);
  } finally {
    clearTimeout(timer);
  }
}
