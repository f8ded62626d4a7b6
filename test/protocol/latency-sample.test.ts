/**
 * The slow hop of a range with more orders than a query reads: what a chosen part of the traces says is what all of them say,
 * exactly in the tail, which is read whole, and nearly so elsewhere.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latencyAttributionQuery } from '@tapewatch/contract';
import { attributeLatency, seededUniform, spanHops, type EventRow, type Span, type Table } from '@tapewatch/core';
import { runLatencyAttribution } from '../../sidecar/src/query/latency-attribution-query.ts';
import { MAX_LATENCY_ROWS } from '../../sidecar/src/query/limit.ts';
import { spanOf } from '../../sidecar/src/store/event.fixture.ts';
import { DuckDbStore } from '../../sidecar/src/store/duckdb/duckdb-store.ts';
import { batchOf, fillOf, orderOf, quoteOf, seconds, T0, T0_MS } from '../../sidecar/src/store/store.fixture.ts';

/** In the range, and as many before it. */
const ORDERS = 6_000;
const PERIOD_SECONDS = 600;
const MS = 1e6;
const BPS_PER_MS = 0.5;

interface Timed {
  readonly spans: Span[];
  readonly rows: EventRow[];
}

/** Strategy → gateway → back on two hosts; of the second half, one order in fifty waits 4 ms in the gateway. */
function order(i: number, uniform: () => number): Timed {
  const isLate = i >= ORDERS && i % 50 === 0;
  const [out, work, back] = [0.5 + 0.3 * uniform(), 1 + uniform() + (isLate ? 4 : 0), 0.5 + 0.3 * uniform()];
  const start = T0 + BigInt(i) * BigInt((PERIOD_SECONDS * 1e9) / ORDERS);
  const after = (ms: number): bigint => start + BigInt(Math.round(ms * MS));
  const traceId = i.toString(16).padStart(32, '0');
  const span = (spanId: string, [from, to]: readonly [number, number], rest: Partial<Span>): Span =>
    spanOf(spanId, after(from), {
      ...{ traceId, endNanos: after(to) as Span['endNanos'], kind: 'internal', host: 'h1', correlationId: '' },
      ...rest,
    });
  const total = out + work + back;
  const spans = [
    span('a', [0, total], { name: 'send', kind: 'client', service: 'strategy', correlationId: `o${i}` }),
    span('b', [out, out + work], {
      parentSpanId: 'a',
      name: 'route',
      kind: 'server',
      service: 'gateway',
      host: 'h2',
    }),
    span('c', [out, out + 0.25], { parentSpanId: 'b', name: 'decode', service: 'gateway', host: 'h2' }),
    span('d', [out + work - 0.25, out + work], { parentSpanId: 'b', name: 'encode', service: 'gateway', host: 'h2' }),
  ];
  const strategy = i % 2 === 0 ? 'even' : 'odd';
  const of = { orderId: `o${i}`, strategy, venue: 'XNAS', symbol: 'ACME' };
  const price = 100 * (1 + (BPS_PER_MS * total + uniform() - 0.5) / 1e4);
  return {
    spans,
    rows: [
      ...spans,
      orderOf(`n${i}`, start, { ...of, event: 'new', sentNanos: start as Span['timeNanos'], correlationId: '' }),
      fillOf(`f${i}`, after(total), { ...of, side: 'buy', quantity: 10, price, currency: 'USD' }),
    ],
  };
}

const uniform = seededUniform(5);
const DESK = Array.from({ length: 2 * ORDERS }, (_, i) => order(i, uniform));

let folder = '';
let store: DuckDbStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewatch-latency-'));
  store = new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 512, threads: 1 });
  await store.open();
  const quotes = Array.from({ length: (2 * PERIOD_SECONDS) / 4 }, (_, i) =>
    quoteOf(seconds(4 * i) - 1n, 99.99, { ask: 100.01 }),
  );
  await store.append(batchOf({ events: quotes }));
  for (let from = 0; from < DESK.length; from += 2_000)
    await store.append(batchOf({ events: DESK.slice(from, from + 2_000).flatMap(({ rows }) => rows) }));
}, 240_000);

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const ENVELOPE = {
  startMs: T0_MS + PERIOD_SECONDS * 1_000,
  endMs: T0_MS + 2 * PERIOD_SECONDS * 1_000 - 1,
  ...{ intervalMs: 1_000, maxDataPoints: 1_000, fromAlert: false },
};

async function ask(query: object): Promise<{ table: Table; texts: readonly string[] }> {
  const parsed = latencyAttributionQuery.parse({ queryType: 'latency_attribution', ...query });
  const [table] = await runLatencyAttribution(parsed, ENVELOPE, store);
  if (table === undefined) throw new Error('no answer');
  return { table, texts: table.notices.map(({ text }) => text) };
}

function byHop({ fields }: Table, name: string): Map<unknown, number> {
  const values = (of: string): readonly unknown[] => [...(fields.find((field) => field.name === of)?.values ?? [])];
  const column = values(name);
  return new Map(values('hop').map((hop, i) => [hop, Number(column[i])]));
}

const slowSpans = (from: number): Span[] => DESK.slice(from, from + ORDERS).flatMap(({ spans }) => spans);

it('says of p99 over thousands of orders what all their spans say', async () => {
  const { table, texts } = await ask({ quantile: 0.99 });
  const [now, before] = [spanHops(slowSpans(ORDERS)).traces, spanHops(slowSpans(0)).traces];
  expect(4 * now.length).toBeGreaterThan(1.5 * MAX_LATENCY_ROWS);
  const whole = attributeLatency(now, before, { quantile: 0.99 });
  expect(whole.verdict).toMatchObject({ kind: 'slow_hop', hops: ['gateway: route'] });
  const [tail, median, change] = ['tail', 'median', 'change'].map((name) => byHop(table, name));
  for (const row of whole.rows) {
    expect(tail?.get(row.hop)).toBeCloseTo(row.tailNanos / MS, 1);
    expect(change?.get(row.hop)).toBeCloseTo((row.changeNanos ?? NaN) / MS, 1);
    expect(median?.get(row.hop)).toBeCloseTo(row.medianNanos / MS, 1);
  }
  expect(texts[0]).toMatch(/^gateway: route slow: .* of 6000 orders touched/);
  expect(texts).toContainEqual(
    expect.stringMatching(/^of 6000 traces \d+ were read: 90 of the slowest, and \d+ of the others/),
  );
  const orders = byHop(table, 'orders').get('gateway: route') ?? 0;
  // 120 waited in the gateway; those below the tail are estimated from a part of them.
  expect(orders).toBeGreaterThan(95);
  expect(orders).toBeLessThan(145);
}, 240_000);

it('estimates the money of all orders from those that were read', async () => {
  const { table } = await ask({ quantile: 0.99 });
  // One order in fifty took 4 ms longer: 0.08 ms of the average one, on 6,000 orders of 1,000 dollars.
  const expected = 0.08 * BPS_PER_MS * 1e-4 * ORDERS * 1_000;
  expect((byHop(table, 'cost').get('gateway: route') ?? 0) / expected).toBeGreaterThan(0.7);
  expect((byHop(table, 'cost').get('gateway: route') ?? 0) / expected).toBeLessThan(1.3);
}, 240_000);

it('chooses among the traces of the asked orders only, the same ones each time', async () => {
  const request = {
    ...{ startNanos: seconds(PERIOD_SECONDS), endNanos: seconds(2 * PERIOD_SECONDS), operation: 'send', rows: 4_000 },
    ...{ orders: { strategy: ['even'], venue: [], symbol: [], account: [] }, quantile: 0.8 },
  };
  const sample = await store.traceSample(request);
  expect(sample).toEqual(await store.traceSample(request));
  expect(sample).toMatchObject({ traces: ORDERS / 2 });
  expect(sample?.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(ORDERS / 2, 6);
  expect(sample?.ids.length).toBe(1_000);
  expect(sample?.ids.every((id) => parseInt(id, 16) % 2 === 0)).toBe(true);
  // All slow ones are among the slowest 30 %, which are too many to be read whole: half of the places are theirs.
  expect(sample?.slow).toBe(500);
  expect(await store.traceSample({ ...request, operation: 'nothing' })).toMatchObject({ ids: [], traces: 0 });
  expect(await store.traceSample({ ...request, rows: 4 * ORDERS })).toBeUndefined();
  const named = { ...request.orders, strategy: ["it's ; DROP TABLE spans"] };
  expect(await store.traceSample({ ...request, orders: named })).toMatchObject({ traces: 0 });
}, 240_000);
