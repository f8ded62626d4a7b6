/**
 * Names for editors: metrics, labels, values, functions, dimensions, and what is wrong with a text, from the sidecar's
 * resources. Answers are kept for
 * a minute; equal questions share one request; a failure is an empty answer that is not kept, because an editor without
 * completion is still an editor (and resource calls always fail on public dashboards).
 */

export interface MetricInfo {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly help: string;
}

export interface FunctionInfo {
  readonly name: string;
  readonly signature: string;
  readonly help: string;
}

/** Offsets in UTF-16 units, `to` exclusive. */
export interface Problem {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly from: number;
  readonly to: number;
}

/** Fetches a resource of the data source. */
export type GetResource = (path: string, parameters: Record<string, unknown>) => Promise<unknown>;

export interface Metadata {
  metrics(): Promise<readonly MetricInfo[]>;
  functions(): Promise<readonly FunctionInfo[]>;
  labels(match: string): Promise<readonly string[]>;
  labelValues(name: string, match: string): Promise<readonly string[]>;
  dimension(name: string): Promise<readonly string[]>;
  /** Of a PromQL text; not kept, since a text is hardly written twice. */
  problems(expr: string): Promise<readonly Problem[]>;
}

const KEEP_MS = 60_000;
/** Entries; the oldest goes first. Each is one list of names. */
const MAX_ENTRIES = 200;

export function createMetadata(getResource: GetResource, now: () => number = Date.now): Metadata {
  const cache = new Map<string, { readonly until: number; readonly answer: Promise<readonly unknown[]> }>();

  function ask<T>(path: string, parameters: Record<string, unknown>, field: string): Promise<readonly T[]> {
    const key = JSON.stringify([path, parameters]);
    const known = cache.get(key);
    if (known !== undefined && known.until > now()) return known.answer as Promise<readonly T[]>;
    const answer = getResource(path, parameters)
      .then((body) => listIn(body, field))
      .catch(() => {
        cache.delete(key);
        return [];
      });
    cache.delete(key);
    cache.set(key, { until: now() + KEEP_MS, answer });
    const [oldest] = cache.keys();
    if (cache.size > MAX_ENTRIES && oldest !== undefined) cache.delete(oldest);
    return answer as Promise<readonly T[]>;
  }

  const matching = (match: string): Record<string, unknown> => (match === '' ? {} : { 'match[]': match });
  return {
    metrics: () => ask<MetricInfo>('metrics', {}, 'metrics'),
    functions: () => ask<FunctionInfo>('functions', {}, 'functions'),
    labels: (match) => ask<string>('labels', matching(match), 'labels'),
    labelValues: (name, match) => ask<string>('label-values', { name, ...matching(match) }, 'values'),
    dimension: (name) => ask<string>('dimensions', { name }, 'values'),
    problems: (expr) =>
      getResource('problems', { expr })
        .then((body) => listIn(body, 'problems') as readonly Problem[])
        .catch(() => []),
  };
}

function listIn(body: unknown, field: string): readonly unknown[] {
  const list = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[field] : undefined;
  return Array.isArray(list) ? list : [];
}
