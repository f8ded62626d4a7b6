/**
 * CallResource: what the editor needs to complete and to check a query, as JSON. Paths: `metrics`, `labels`,
 * `label-values`, `functions`, `problems`, `dimensions`, `version`. Times are `start` and `end` in milliseconds; by default the last day.
 */
import { TRADING_DIMENSIONS } from '@tapewatch/contract';
import { METRIC_NAME, msFromNanos, type Matcher, type SeriesKind } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { Clock, StoreReader } from '../ports.ts';
import type { Authenticate } from './authentication.ts';
import type { CallResourceRequest, CallResourceResponse } from './message.ts';

const DAY_MS = 86_400_000;
/** Values in one answer; more than this cannot be picked from a list. */
const VALUES_MAX = 10_000;
const FILLS_MAX = 10_000;

export interface MetricInfo {
  readonly name: string;
  readonly kind: SeriesKind;
  readonly unit: string;
  readonly help: string;
}

export interface FunctionInfo {
  readonly name: string;
  readonly signature: string;
  readonly help: string;
}

/** `from` and `to` are offsets in the expression as it was sent, in UTF-16 units. */
export interface ProblemInfo {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly from: number;
  readonly to: number;
}

export interface ResourceDeps {
  readonly reader: StoreReader;
  readonly clock: Clock;
  readonly version: string;
  readonly metadata: {
    metrics(): readonly MetricInfo[];
    functions(): readonly FunctionInfo[];
    /** Parses a series selector; throws `query.parse`. */
    matchers(selector: string): readonly Matcher[];
    problems(expr: string): readonly ProblemInfo[];
  };
  readonly authenticate: Authenticate;
  readonly onInternalError: (error: unknown) => void;
}

type Answer = Readonly<Record<string, unknown>>;
type Handler = (parameters: URLSearchParams, deps: ResourceDeps, signal: AbortSignal) => Answer | Promise<Answer>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  metrics: (_, { metadata }) => ({ metrics: metadata.metrics() }),
  functions: (_, { metadata }) => ({ functions: metadata.functions() }),
  problems: (parameters, { metadata }) => ({ problems: metadata.problems(parameters.get('expr') ?? '') }),
  version: (_, { version }) => ({ version }),
  labels: answerLabels,
  'label-values': answerLabelValues,
  dimensions: answerDimension,
};

export async function callResource(
  request: CallResourceRequest,
  deps: ResourceDeps,
  signal: AbortSignal,
): Promise<CallResourceResponse> {
  try {
    deps.authenticate(request.pluginContext);
    const path = request.path.replace(/^\/+|\/+$/g, '');
    const handler = Object.hasOwn(HANDLERS, path) ? HANDLERS[path] : undefined;
    if (handler === undefined)
      return json(404, { error: `no resource "${path}"; there are ${Object.keys(HANDLERS).join(', ')}` });
    if (request.method !== '' && request.method !== 'GET')
      return json(405, { error: `resource "${path}" answers GET only` });
    return json(200, await handler(new URL(request.url, 'http://resource').searchParams, deps, signal));
  } catch (error) {
    if (error instanceof TapewatchError) return json(error.httpStatus, { error: error.message, code: error.code });
    deps.onInternalError(error);
    return json(500, { error: 'the sidecar failed to answer; its log has the details' });
  }
}

async function answerLabels(parameters: URLSearchParams, deps: ResourceDeps, signal: AbortSignal): Promise<Answer> {
  const names = new Set<string>();
  for (const { labels } of await seriesOf(parameters, deps, signal)) for (const [name] of labels.pairs) names.add(name);
  return listed('labels', names);
}

async function answerLabelValues(
  parameters: URLSearchParams,
  deps: ResourceDeps,
  signal: AbortSignal,
): Promise<Answer> {
  const name = required(parameters, 'name', 'a label, such as venue');
  const values = new Set<string>();
  for (const { labels } of await seriesOf(parameters, deps, signal)) values.add(labels.get(name));
  return listed('values', values);
}

/** Values of a trading filter. Accounts are no label of any metric, so they are read from recent fills. */
async function answerDimension(parameters: URLSearchParams, deps: ResourceDeps, signal: AbortSignal): Promise<Answer> {
  const name = required(parameters, 'name', `one of ${TRADING_DIMENSIONS.join(', ')}`);
  const dimension = TRADING_DIMENSIONS.find((known) => known === name);
  if (dimension === undefined) {
    throw new TapewatchError('query.invalid', `name: "${name}" is not one of ${TRADING_DIMENSIONS.join(', ')}`);
  }
  const { startMs, endMs } = rangeOf(parameters, deps.clock);
  if (dimension === 'account') {
    const range = { startNanos: BigInt(startMs) * 1_000_000n, endNanos: BigInt(endMs) * 1_000_000n };
    const fills = await deps.reader.events('fills', { ...range, newestFirst: true, limit: FILLS_MAX }, signal);
    return listed('values', new Set(fills.map(({ account }) => account)));
  }
  const selectors = ['fills_total', 'order_events_total'].map((value): Matcher[] => [
    { name: METRIC_NAME, operator: '=', value },
  ]);
  const series = await deps.reader.series(selectors, startMs, endMs, signal);
  return listed('values', new Set(series.map(({ labels }) => labels.get(dimension))));
}

function seriesOf(
  parameters: URLSearchParams,
  deps: ResourceDeps,
  signal: AbortSignal,
): ReturnType<StoreReader['series']> {
  const selectors = [...parameters.getAll('match[]'), ...parameters.getAll('match')].filter(
    (text) => text.trim() !== '',
  );
  const { startMs, endMs } = rangeOf(parameters, deps.clock);
  return deps.reader.series(
    selectors.map((text) => deps.metadata.matchers(text)),
    startMs,
    endMs,
    signal,
  );
}

function rangeOf(parameters: URLSearchParams, clock: Clock): { readonly startMs: number; readonly endMs: number } {
  const endMs = millisecondsOf(parameters, 'end') ?? msFromNanos(clock.now());
  return { startMs: millisecondsOf(parameters, 'start') ?? endMs - DAY_MS, endMs };
}

function millisecondsOf(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === null || text === '') return undefined;
  const ms = Number(text);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new TapewatchError('query.invalid', `${name}: "${text}" is not a time; write milliseconds since 1970`);
}

function required(parameters: URLSearchParams, name: string, what: string): string {
  const value = parameters.get(name);
  if (value !== null && value !== '') return value;
  throw new TapewatchError('query.invalid', `${name}: is missing; name ${what}`);
}

function listed(key: string, found: ReadonlySet<string>): Answer {
  const values = [...found].filter((value) => value !== '').sort();
  return { [key]: values.slice(0, VALUES_MAX), truncated: values.length > VALUES_MAX };
}

function json(code: number, body: unknown): CallResourceResponse {
  const headers = { 'Content-Type': { values: ['application/json'] } };
  return { code, headers, body: Buffer.from(JSON.stringify(body)) };
}
