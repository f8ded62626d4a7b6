/** What golden frames do not show: refusals, limits, resolving, and the joins of trading queries. */
import { Labels, nanos, type Fill, type OrderEvent, type QueryResult, type Quote } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { AlertingView, EventFilter, EventRowByTable, StoreReader } from '../ports.ts';
import { MAX_ROWS } from './limit.ts';
import { exemplarFinder } from './exemplar-query.ts';
import { createQueryService } from './query-service.ts';

const ENVELOPE = { startMs: 0, endMs: 60_000, intervalMs: 1_000, maxDataPoints: 1_000, fromAlert: false };
const at = (seconds: number) => nanos(BigInt(Math.round(seconds * 1e9)));

const FILL: Fill = {
  table: 'fills',
  id: 'f',
  timeNanos: at(10),
  orderId: 'o',
  venue: 'XNAS',
  symbol: 'AMD',
  strategy: 's',
  account: '',
  side: 'buy',
  quantity: 1,
  price: 101,
  currency: 'USD',
  fee: 0,
  feeCurrency: 'USD',
  liquidity: '',
  execution: 'new',
  refersTo: '',
};

const ORDER: OrderEvent = {
  ...{ table: 'orders', id: 'o-new', timeNanos: at(9), orderId: 'o', event: 'new', sentNanos: null },
  ...{ venue: 'XNAS', symbol: 'AMD', strategy: 's', account: '', side: 'buy', orderType: 'limit' },
  ...{ quantity: 1, price: null, filledQuantity: 0, arrivalMid: null, reason: '' },
  ...{ decisionNanos: null, decisionMid: null, correlationId: '' },
} as const;

function quote(second: number, mid: number): Quote {
  const rest = { exchangeNanos: null, bidSize: null, askSize: null, sequence: null };
  return { table: 'quotes', timeNanos: at(second), venue: 'XNAS', symbol: 'AMD', bid: mid - 1, ask: mid + 1, ...rest };
}

interface World {
  readonly fills?: readonly Fill[];
  readonly orders?: readonly OrderEvent[];
  readonly quotes?: readonly Quote[];
  readonly result?: QueryResult;
}

function serviceOver(world: World, initialEquity?: number) {
  const asked: { table: string; filter: EventFilter }[] = [];
  const reader: StoreReader = {
    select: () => Promise.resolve([]),
    series: () => Promise.resolve([]),
    events: <T extends keyof EventRowByTable>(table: T, filter: EventFilter) => {
      asked.push({ table, filter });
      const rows: Partial<Record<string, readonly unknown[]>> = { fills: world.fills, orders: world.orders };
      return Promise.resolve((rows[table] ?? []) as EventRowByTable[T][]);
    },
    quotesBefore: (asks) =>
      Promise.resolve(
        asks.map(({ timeNanos }) => (world.quotes ?? []).filter((q) => q.timeNanos < timeNanos).at(-1) ?? null),
      ),
    transitions: () => Promise.resolve([]),
  };
  const alerting: AlertingView = { groups: () => [], transitions: () => Promise.resolve([]) };
  const empty: QueryResult = { type: 'matrix', series: [], warnings: [], infos: [] };
  const engine = { query: () => Promise.resolve(world.result ?? empty) };
  const exemplars = exemplarFinder({ reader, kept: { select: () => [] } });
  const equity = initialEquity === undefined ? {} : { initialEquity };
  const deps = { engine, reader, alerting, exemplars, unitOf: () => undefined, ...equity };
  return { service: createQueryService(deps), asked };
}

async function slippageOf(world: World, query: object = {}): Promise<unknown> {
  const [table] = await serviceOver(world).service.run({ queryType: 'slippage', by: [], ...query }, ENVELOPE);
  return table?.fields.find(({ name }) => name === 'slippage')?.values[0];
}

describe('slippage', () => {
  it('takes the last quote strictly before arrival, not the one of the same stamp', async () => {
    const quotes = [quote(8, 100), quote(9, 50), quote(9.5, 60)];
    expect(await slippageOf({ fills: [FILL], orders: [ORDER], quotes })).toBeCloseTo(100, 9);
  });

  it("prefers the order's own arrival mid", async () => {
    const orders = [{ ...ORDER, arrivalMid: 101 }];
    expect(await slippageOf({ fills: [FILL], orders, quotes: [quote(8, 100)] })).toBe(0);
  });

  it('uses the time of sending when the new step is not known', async () => {
    const orders = [{ ...ORDER, id: 'a', event: 'ack' as const, timeNanos: at(9.4), sentNanos: at(8.5) }];
    expect(await slippageOf({ fills: [FILL], orders, quotes: [quote(8, 100), quote(9, 50)] })).toBeCloseTo(100, 9);
  });

  it('does not mix up orders of two venues that carry the same id', async () => {
    const orders = [
      { ...ORDER, venue: 'BATS', arrivalMid: 7 },
      { ...ORDER, arrivalMid: 100 },
    ];
    expect(await slippageOf({ fills: [FILL], orders })).toBeCloseTo(100, 9);
  });

  it('is null, not zero, where no fill has a benchmark', async () => {
    expect(await slippageOf({ fills: [FILL] })).toBeNull();
  });

  it('counts fills as they stand: a bust takes one out, an amendment changes it', async () => {
    const quotes = [quote(8, 100)];
    const dear = { ...FILL, id: 'dear', price: 105 };
    const bust: Fill = { ...dear, id: 'b', timeNanos: at(12), execution: 'bust', refersTo: 'dear' };
    const amend: Fill = { ...dear, id: 'a', timeNanos: at(12), execution: 'amend', refersTo: 'dear', price: 103 };
    expect(await slippageOf({ fills: [FILL, dear], orders: [ORDER], quotes })).toBeCloseTo(300, 9);
    expect(await slippageOf({ fills: [FILL, dear, bust], orders: [ORDER], quotes })).toBeCloseTo(100, 9);
    expect(await slippageOf({ fills: [FILL, dear, amend], orders: [ORDER], quotes })).toBeCloseTo(200, 9);
  });

  it('splits by venue and by strategy (proves: TRD-04)', async () => {
    const fills = [FILL, { ...FILL, venue: 'BATS', price: 102 }, { ...FILL, id: 'f-3', strategy: 't', price: 103 }];
    const orders = [{ ...ORDER, arrivalMid: 100 }];
    for (const [by, groups] of [
      ['venue', { BATS: 200, XNAS: 200 }],
      ['strategy', { s: 150, t: 300 }],
    ] as const) {
      const [table] = await serviceOver({ fills, orders }).service.run({ queryType: 'slippage', by: [by] }, ENVELOPE);
      const names = [...(table?.fields[0]?.values ?? [])];
      const values = [...(table?.fields.find(({ name }) => name === 'slippage')?.values ?? [])];
      const seen = Object.fromEntries(names.map((name, i) => [name, Math.round(Number(values[i]))]));
      expect(seen).toEqual(groups);
    }
  });

  it('gives a rule one number per label set', async () => {
    const { service } = serviceOver({ fills: [FILL], orders: [ORDER] });
    const [table] = await service.run({ queryType: 'slippage' }, { ...ENVELOPE, fromAlert: true });
    expect(table?.fields.filter(({ type }) => type === 'number').map(({ name }) => name)).toEqual(['slippage']);
  });
});

describe('profit and loss', () => {
  it('marks each step with what was known then', async () => {
    const world = { fills: [FILL], quotes: [quote(5, 100), quote(20, 110)] };
    const envelope = { ...ENVELOPE, intervalMs: 10_000, endMs: 30_000 };
    const [table] = await serviceOver(world).service.run({ queryType: 'pnl', format: 'time_series' }, envelope);
    expect(table?.fields.map(({ values }) => [...values])).toEqual([
      [10_000_000_000n, 20_000_000_000n, 30_000_000_000n],
      [-1, 9, 9],
    ]);
  });

  it.each([
    [5_000, {}, 5_000],
    [5_000, { initialEquity: 700 }, 700],
    [0, {}, 10_000],
  ])('begins with the configured equity of %d unless the query %j names its own', async (configured, own, wanted) => {
    const { service } = serviceOver({}, configured);
    for (const queryType of ['pnl', 'performance', 'risk']) {
      expect(service.resolve({ queryType, ...own }, ENVELOPE).query).toMatchObject({ initialEquity: wanted });
    }
    const { query } = service.resolve({ queryType: 'slippage' }, ENVELOPE);
    expect(query).not.toHaveProperty('initialEquity');
    const world = { fills: [FILL, { ...FILL, id: 'g', side: 'sell' as const, price: 111, timeNanos: at(20) }] };
    const tracker = { queryType: 'performance', format: 'tracker', ...own };
    const [table] = await serviceOver(world, configured).service.run(tracker, ENVELOPE);
    expect(table?.fields.find(({ name }) => name === 'equity')?.values).toEqual([wanted + 10]);
  });

  it('cannot be split by side', async () => {
    const failing = serviceOver({}).service.run({ queryType: 'pnl', by: ['venue', 'side'] }, ENVELOPE);
    await expect(failing).rejects.toMatchObject({
      code: 'query.invalid',
      message: expect.stringContaining('by.1') as unknown,
    });
  });

  it('hands the filters to the store', async () => {
    const { service, asked } = serviceOver({});
    await service.run({ queryType: 'pnl', filters: { venue: ['XNAS'] } }, ENVELOPE);
    expect(asked[0]).toMatchObject({
      table: 'fills',
      filter: { venue: ['XNAS'], startNanos: 0n, endNanos: 60_001_000_000n, limit: MAX_ROWS + 1 },
    });
  });
});

describe('events', () => {
  it('asks the store for the rows of one order', async () => {
    const { service, asked } = serviceOver({ orders: [ORDER] });
    const [table] = await service.run({ queryType: 'events', orderId: ORDER.orderId }, ENVELOPE);
    expect(asked).toMatchObject([{ table: 'orders', filter: { orderIds: [ORDER.orderId], newestFirst: true } }]);
    expect(table?.fields.find(({ name }) => name === 'orderId')?.values).toEqual([ORDER.orderId]);
    await service.run({ queryType: 'events', table: 'quotes' }, ENVELOPE);
    expect(asked[1]?.filter.orderIds).toBeUndefined();
  });
});

describe('documents', () => {
  it.each([
    [{ queryType: 'graphql' }, 'queryType'],
    [{ queryType: 'promql', expr: '' }, 'expr: is empty'],
    [{ queryType: 'promql', expr: 'x', minStep: 'soon' }, 'minStep: "soon"'],
    [{ queryType: 'events', limit: 0 }, 'limit'],
    [{ queryType: 'events', table: 'quotes', orderId: 'o-1' }, 'rows of quotes name no order'],
    ['text', 'query'],
    [null, 'query'],
  ])('%j is refused by naming the path', async (document, text) => {
    const error: unknown = await serviceOver({})
      .service.run(document, ENVELOPE)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TapewatchError);
    expect(error).toMatchObject({ code: 'query.invalid', message: expect.stringContaining(text) as unknown });
  });

  it('a range that ends before it starts is refused', async () => {
    const failing = serviceOver({}).service.run({ queryType: 'pnl' }, { ...ENVELOPE, endMs: -1 });
    await expect(failing).rejects.toMatchObject({ code: 'query.invalid' });
  });

  it('a result past the row limit is an error that says so', async () => {
    const points = Array.from({ length: 11_000 }, (_, i) => ({ timeMs: i, value: i }));
    const series = Array.from({ length: 91 }, (_, i) => ({ labels: Labels.from({ i: String(i) }), points }));
    const { service } = serviceOver({ result: { type: 'matrix', series, warnings: [], infos: [] } });
    const failing = service.run({ queryType: 'promql', expr: 'x' }, ENVELOPE);
    await expect(failing).rejects.toMatchObject({
      code: 'query.limit',
      message: expect.stringContaining(String(MAX_ROWS)) as unknown,
    });
  });

  it('resolving yields a document that runs to the same result', async () => {
    const { service } = serviceOver({});
    const document = { queryType: 'promql', expr: 'increase(x[$__range])', minStep: '7s' };
    const once = service.resolve(document, ENVELOPE);
    expect(once).toMatchObject({
      query: { expr: 'increase(x[1m])' },
      envelope: { startMs: 0, endMs: 56_000, intervalMs: 7_000 },
    });
    expect(service.resolve(once.query, once.envelope)).toEqual(once);
  });
});

describe('PromQL for a chart', () => {
  const series = { labels: Labels.from({ venue: 'XNAS' }), points: [{ timeMs: 1_000, value: 0.25 }] };
  const matrix: QueryResult = { type: 'matrix', series: [series], warnings: ['careful'], infos: [] };
  const acks = [{ ...ORDER, id: 'o-ack', event: 'ack' as const, timeNanos: at(10), sentNanos: at(9.5) }];
  const query = { queryType: 'promql', expr: 'histogram_quantile(0.99, order_ack_seconds)' };

  it('brings the orders behind a latency when exemplars are asked for, and only then', async () => {
    const { service } = serviceOver({ result: matrix, orders: acks });
    const tables = await service.run({ ...query, exemplar: true }, ENVELOPE);
    expect(tables.map(({ name, kind, topic }) => [name, kind, topic])).toEqual([
      ['{venue="XNAS"}', 'timeseries-multi', undefined],
      ['exemplar', 'table', 'annotations'],
    ]);
    expect(tables[1]?.fields.map(({ name, values }) => [name, values[0]])).toEqual([
      ['Time', 10_000_000_000n],
      ['Value', 0.5],
      ['strategy', 's'],
      ['venue', 'XNAS'],
      ['order_id', 'o'],
      ['symbol', 'AMD'],
      ['event', 'ack'],
    ]);
    const plain = serviceOver({ result: matrix, orders: acks });
    expect(await plain.service.run(query, ENVELOPE)).toHaveLength(1);
    expect(await plain.service.run({ ...query, exemplar: true, instant: true }, ENVELOPE)).toHaveLength(1);
    expect(plain.asked).toEqual([]);
  });

  it('says how exact a percentile is, what was read, and what the engine warns of', async () => {
    const stats = {
      series: 3,
      samples: 40,
      levelsMs: [10_000],
      errorBound: 0.0054,
      cache: 'hit',
      seconds: 0.1,
    } as const;
    const [table] = await serviceOver({ result: { ...matrix, stats } as QueryResult }).service.run(query, ENVELOPE);
    expect(table?.fields[1]?.description).toBe('p99, exact within 0.54 %');
    expect(table?.notices).toEqual([{ severity: 'warning', text: 'careful' }]);
    expect(table?.stats?.map(({ name, value }) => [name, value])).toEqual([
      ['Series read', 3],
      ['Samples read', 40],
      ['Evaluation', 0.1],
      ['Answered from the cache', 1],
      ['Largest error', 0.0054],
    ]);
  });
});
