/**
 * Events of trading from the sender to what is stored and drawn: spans by OTLP, signals and exchange status by NATS, then
 * panels, PromQL and SQL over one sidecar with its DuckDB file.
 */
import { resolve } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { jaegerEnvelope, jaegerTraces } from '@tapewatch/contract';
import { z } from 'zod';
import type { App } from '../../sidecar/src/app.ts';
import type { GrafanaConnection } from '../protocol/grafana-client.ts';
import { ensureBuiltSidecar } from './built-sidecar.ts';
import { panelFrames, until } from './panel.ts';
import { startRunningApp, storedEvents, type RunningApp } from './running-app.ts';

const START_TIMEOUT_MS = 120_000;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const NOW = BigInt(Date.now()) * 1_000_000n;
const ago = (ms: number): string => String(NOW - BigInt(ms) * 1_000_000n);

let running: RunningApp;
let publisher: NatsConnection;
let app: App;
let grafana: GrafanaConnection;

beforeAll(async () => {
  ensureBuiltSidecar(resolve(__dirname, '../..'));
  running = await startRunningApp(storedEvents);
  ({ publisher, app, grafana } = running);
}, START_TIMEOUT_MS);
afterAll(() => running.stop());

/** The rows of the first frame that a panel with this query gets, by column. */
async function panel(document: object): Promise<Record<string, unknown>[]> {
  const range = { fromEpochMS: Date.now() - 300_000, toEpochMS: Date.now() + 60_000 };
  const [table] = await panelFrames(grafana, document, range);
  if (table === undefined) return [];
  const names = table.schema.fields.map(({ name }) => name);
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(names.map((name, column): [string, unknown] => [name, table.getChildAt(column)?.get(row)])),
  );
}

async function last(expr: string): Promise<unknown> {
  return (await panel({ queryType: 'promql', expr, instant: true, format: 'table' }))[0]?.['Value'];
}

it('an OTLP span is stored, shown, and counted with its duration (proves: TRC-02, ING-37)', async () => {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = {
    ...{ traceId: TRACE, spanId: '00f067aa0ba902b7', name: 'GET /orders', kind: 2, status: { code: 2 } },
    ...{ startTimeUnixNano: ago(5_000), endTimeUnixNano: ago(4_750), attributes: [attribute('order.id', 'o-1')] },
  };
  const resource = { attributes: [attribute('service.name', 'api-gateway'), attribute('host.name', 'edge-1')] };
  const body = { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${app.httpAddress}/v1/traces`, request);
  expect([answer.status, await answer.json()]).toEqual([200, {}]);
  publisher.publish('tw.spans.api-gateway', JSON.stringify(body));
  expect(await panel({ queryType: 'events', table: 'spans' })).toEqual([
    expect.objectContaining({
      ...{ traceId: TRACE, spanId: '00f067aa0ba902b7', name: 'GET /orders', kind: 'server', status: 'error' },
      ...{ service: 'api-gateway', host: 'edge-1', correlationId: 'o-1' },
    }),
  ]);
  const labels = '{service="api-gateway", span_name="GET /orders", status_code="STATUS_CODE_ERROR"}';
  expect(await last(`traces_spanmetrics_calls_total${labels}`)).toBe(1);
  expect(await last(`histogram_sum(sum(traces_spanmetrics_latency${labels}))`)).toBeCloseTo(0.25, 12);
});

it('a stored trace opens in what reads Jaeger: found by its service, asked by its id (proves: TRC-03)', async () => {
  const jaeger = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${app.httpAddress}${path}`);
    const { data, errors } = jaegerEnvelope(z.unknown())
      .strict()
      .parse(await answer.json());
    expect([answer.status, errors]).toEqual([200, null]);
    return data;
  };
  await until(async () => (await panel({ queryType: 'events', table: 'spans' })).length > 0);
  // What Grafana's Jaeger data source asks when its form is filled in, then when a row is clicked.
  expect(await jaeger('/api/services')).toEqual(['api-gateway']);
  expect(await jaeger('/api/services/api-gateway/operations')).toEqual(['GET /orders']);
  const [start, end] = [(Date.now() - 300_000) * 1_000, (Date.now() + 1_000) * 1_000];
  const search = new URLSearchParams({
    ...{ service: 'api-gateway', operation: 'GET /orders', tags: '{"order.id":"o-1","error":"true"}' },
    ...{ minDuration: '200ms', maxDuration: '1s', limit: '20', start: String(start), end: String(end) },
  });
  const found = jaegerTraces.parse(await jaeger(`/api/traces?${search.toString()}`));
  expect(found.map(({ traceID }) => traceID)).toEqual([TRACE]);
  const [trace] = jaegerTraces.parse(await jaeger(`/api/traces/${TRACE}`));
  expect(trace?.spans).toEqual([
    expect.objectContaining({
      ...{ traceID: TRACE, spanID: '00f067aa0ba902b7', operationName: 'GET /orders', references: [] },
      ...{ startTime: Number(BigInt(ago(5_000)) / 1_000n), duration: 250_000 },
      tags: expect.arrayContaining([
        { key: 'span.kind', type: 'string', value: 'server' },
        { key: 'error', type: 'bool', value: true },
        { key: 'order.id', type: 'string', value: 'o-1' },
      ]) as unknown,
    }),
  ]);
  const process = trace?.processes[trace.spans[0]?.processID ?? ''];
  expect(process).toEqual({
    serviceName: 'api-gateway',
    tags: [{ key: 'host.name', type: 'string', value: 'edge-1' }],
  });
});

it('decisions of an agent yield accuracy against their outcome, confidence and consensus (proves: MET-63, TRD-28)', async () => {
  const signal = (id: string, rest: object): void =>
    publisher.publish(
      'tw.signals.momentum',
      JSON.stringify({ id, time: ago(2_000), signal_id: id.slice(0, 2), ...rest }),
    );
  signal('s1-p', { prediction: 0.01, confidence: 0.5, consensus: 0.75 });
  signal('s2-p', { prediction: -0.01, confidence: 1, consensus: 0.25 });
  signal('s1-o', { event: 'outcome', outcome: 0.02 });
  signal('s2-o', { event: 'outcome', outcome: 0.02 });
  await until(async () => (await panel({ queryType: 'events', table: 'signals' })).length === 4);
  const of = '{agent="momentum"}';
  expect(await last(`agent_accuracy_ratio${of}`)).toBe(0.5);
  expect(await last(`agent_confidence_ratio${of}`)).toBe(0.75);
  expect(await last(`agent_consensus_ratio${of}`)).toBe(0.5);
});

it('an exchange that goes away shows it, and SQL tells when', async () => {
  const status = (ms: number, connection: string): void =>
    publisher.publish('tw.exchange.XNAS.orders', JSON.stringify({ time: ago(ms), connection, requests_remaining: 7 }));
  status(3_000, 'connected');
  status(1_000, 'disconnected');
  await until(async () => (await panel({ queryType: 'events', table: 'exchange_status' })).length === 2);
  expect(await last('exchange_connected{venue="XNAS", api="orders"}')).toBe(0);
  const rawSql = `SELECT max(time) AS time, count(*) AS changes FROM exchange_status
    WHERE $__timeFilter(time) AND connection = 'disconnected'`;
  const [row] = await panel({ queryType: 'sql', rawSql });
  expect(row).toMatchObject({ changes: 1 });
  await expect(panel({ queryType: 'sql', rawSql: 'DROP TABLE exchange_status' })).rejects.toThrow(/single SELECT/);
});

it('what users do can be analysed, by user and by tier (proves: TRD-32)', async () => {
  const act = (ms: number, type: string, user: string, tier: string): void =>
    publisher.publish(`tw.events.api.${type}`, JSON.stringify({ time: ago(ms), user_id: user, labels: { tier } }));
  for (const [i, user] of ['ann', 'bob', 'ann', 'cy'].entries()) {
    act(4_000 - i, 'api_called', user, user === 'cy' ? 'free' : 'premium');
  }
  act(3_000, 'logged_in', 'ann', 'premium');
  await until(async () => (await panel({ queryType: 'events', table: 'events' })).length === 5);
  const rawSql = `SELECT labels['tier'] AS tier, count(DISTINCT user_id) AS users, count(*) AS calls
    FROM events WHERE $__timeFilter(time) AND event_type = 'api_called' GROUP BY ALL ORDER BY 1`;
  expect(await panel({ queryType: 'sql', rawSql })).toEqual([
    { tier: 'free', users: 1, calls: 1 },
    { tier: 'premium', users: 2, calls: 3 },
  ]);
});
