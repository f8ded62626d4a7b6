/**
 * A program beside the viewers that uses the HTTP API as a whole: queries, names, rules, the trading figures, what comes in
 * by HTTP, and the health of the process, in turn at a fixed rate. A request's time counts from the moment it was due.
 */
import { Pool } from 'undici';

const REQUESTS_PER_SECOND = 20;
const CONNECTIONS = 8;
const GIVE_UP_MS = 10_000;
const RANGE_SECONDS = 900;

interface ApiRequest {
  readonly path: string;
  /** A body of JSON is posted. */
  readonly body?: string;
}

export interface ApiReport {
  readonly requests: number;
  readonly errors: number;
  readonly firstError: string;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
  /** Of those, what was posted: answered when it is durable. */
  readonly posted: readonly number[];
}

/** One request to each route, with stamps as of now. */
function requestsAt(nowMs: number): ApiRequest[] {
  const end = Math.floor(nowMs / 1_000);
  const range = { start: String(end - RANGE_SECONDS), end: String(end) };
  const match = { ...range, 'match[]': 'desk_orders_in_flight' };
  const get = (path: string, query: Readonly<Record<string, string>> = {}): ApiRequest => {
    const text = new URLSearchParams(query).toString();
    return { path: text === '' ? path : `${path}?${text}` };
  };
  const metric = { name: 'api_client_depth', type: 'gauge', value: nowMs % 1_000, time: nowMs, labels: { host: 'a' } };
  const event = {
    event_type: 'trade_executed',
    timestamp: new Date(nowMs).toISOString(),
    service_name: 'api-client',
    context: { amount: 1 },
  };
  return [
    get('/api/v1/query', { query: 'sum by (venue) (rate(fills_total[1m]))' }),
    get('/api/v1/query_range', { query: 'sum(rate(quotes_total[1m]))', ...range, step: '5' }),
    get('/api/v1/format_query', { query: 'sum(rate(x[1m]))' }),
    get('/api/v1/query_exemplars', { query: 'order_ack_seconds', ...range }),
    get('/api/v1/labels', range),
    get('/api/v1/label/venue/values', range),
    get('/api/v1/series', match),
    get('/api/v1/metadata'),
    get('/api/v1/rules'),
    get('/api/v1/alerts'),
    get('/api/v1/targets'),
    get('/api/v1/status/buildinfo'),
    get('/api/v1/trading/pnl', range),
    get('/api/v1/dead-letters'),
    get('/healthz'),
    get('/readyz'),
    get('/metrics'),
    { path: '/api/v1/internal/monitoring/metrics', body: JSON.stringify(metric) },
    { path: '/api/v1/internal/monitoring/events', body: JSON.stringify(event) },
  ];
}

export async function useApi(http: string, seconds: number): Promise<ApiReport> {
  const pool = new Pool(http, { connections: CONNECTIONS, headersTimeout: GIVE_UP_MS, bodyTimeout: GIVE_UP_MS });
  const latencies: number[] = [];
  const posted: number[] = [];
  const problems: string[] = [];
  const ask = async ({ path, body }: ApiRequest, dueMs: number): Promise<void> => {
    try {
      const content = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
      const answer = await pool.request({ path, method: body === undefined ? 'GET' : 'POST', ...content });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw new Error(`${answer.statusCode}: ${text.slice(0, 200)}`);
      latencies.push(performance.now() - dueMs);
      if (body !== undefined) posted.push(performance.now() - dueMs);
    } catch (error) {
      problems.push(`${path}: ${String(error)}`);
    }
  };
  const started = performance.now();
  const underWay: Promise<void>[] = [];
  for (let sent = 0; sent < seconds * REQUESTS_PER_SECOND; sent++) {
    const dueMs = started + (sent * 1_000) / REQUESTS_PER_SECOND;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
    const all = requestsAt(Date.now());
    underWay.push(ask(all[sent % all.length] as ApiRequest, dueMs));
  }
  await Promise.all(underWay);
  await pool.close();
  for (const list of [latencies, posted]) list.sort((a, b) => a - b);
  return { requests: underWay.length, errors: problems.length, firstError: problems[0] ?? '', latencies, posted };
}
