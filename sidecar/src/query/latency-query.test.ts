/** Queries on latency over spans and orders of a seeded desk: the slow hop and its price, one order's trace, market or us. */
import {
  seededUniform,
  type Fill,
  type MarketTrade,
  type Quote,
  type Span,
  type EventRow,
  type Table,
} from '@tapewatch/core';
import {
  BPS_PER_MS,
  desk,
  ENVELOPE,
  ns,
  ORDERS,
  QUIET_DESK,
  serviceOver,
  SLOW,
  SLOW_DESK,
  SPAN,
} from './testing/latency-desk.ts';
import { MAX_LATENCY_ROWS, MAX_ROWS, MAX_TRACE_ROWS } from './limit.ts';

function column(table: Table | undefined, name: string): readonly unknown[] {
  return [...(table?.fields.find((field) => field.name === name)?.values ?? [])];
}

const sum = (values: readonly unknown[]): number => values.reduce<number>((total, value) => total + Number(value), 0);

describe('latency_attribution', () => {
  const ask = async (rows: readonly EventRow[], query: object = {}, envelope = ENVELOPE): Promise<Table | undefined> =>
    (await serviceOver(rows).run({ queryType: 'latency_attribution', quantile: 0.9, ...query }, envelope))[0];

  it('names the slow hop of spans, although clocks differ by seconds, and says what it costs', async () => {
    const table = await ask(desk({ slowMs: SLOW, offsetMs: 1_275, withSpans: true }));
    expect(column(table, 'hop')[0]).toBe('gateway: route');
    expect(column(table, 'verdict')).toEqual(['slow', '', '']);
    expect([...column(table, 'hop')].sort()).toEqual(['gateway: route', 'h1 → h2', 'h2 → h1']);
    expect(Number(column(table, 'change')[0])).toBeGreaterThan(3);
    // 100 orders were slow; one of 1,000 normal ones would be, and is taken off.
    expect(column(table, 'orders')[0]).toBe(99);
    // 100 of 1,000 orders were 4 ms slower: 0.4 ms of the average order.
    expect(Number(column(table, 'cost_bps')[0]) / (0.4 * BPS_PER_MS)).toBeCloseTo(1, 0);
    expect(Number(column(table, 'cost')[0]) / (0.4 * BPS_PER_MS * 1e-4 * 100 * 1_000)).toBeCloseTo(1, 0);
    const texts = (table?.notices ?? []).map(({ text }) => text);
    expect(texts[0]).toMatch(/^gateway: route slow: \d+ % of \d\.\d\d ms more in the tail, 99 of 1000 orders touched/);
    expect(texts).toContainEqual(expect.stringMatching(/^clock of h2 minus h1: 1275\.\d\d ms, within 0\.5\d ms$/));
  });

  it('takes no cost from an execution that was busted', async () => {
    const fill = SLOW_DESK.findLast((row): row is Fill => row.table === 'fills') as Fill;
    const wrong: Fill = { ...fill, id: 'wrong', price: 10 * fill.price };
    const bust: Fill = { ...wrong, id: 'bust', execution: 'bust', refersTo: 'wrong' };
    const table = await ask([...SLOW_DESK, wrong, bust]);
    expect(column(table, 'cost_bps')).toEqual(column(await ask(SLOW_DESK), 'cost_bps'));
  });

  it('contributions sum to what the tail has more than the median (proves: TRC-04)', async () => {
    const rows = SLOW_DESK;
    const table = await ask(rows);
    const totals = rows
      .filter((row) => row.table === 'fills' && row.timeNanos >= ns(600_000))
      .map((row) => Number(row.timeNanos - ns((Number((row as Fill).orderId.slice(1)) * 1_200_000) / ORDERS)) / 1e6)
      .sort((a, b) => a - b);
    const mean = (values: readonly number[]): number => sum(values) / values.length;
    expect(sum(column(table, 'tail'))).toBeCloseTo(mean(totals.slice(-100)), 4);
    expect(sum(column(table, 'median'))).toBeCloseTo(mean(totals.slice(400, 600)), 1);
    expect(sum(column(table, 'excess'))).toBeCloseTo(sum(column(table, 'tail')) - sum(column(table, 'median')), 9);
    expect(sum(column(table, 'share'))).toBeCloseTo(1, 9);
  });

  it('ranks hops by what they add, of spans and of orders without them (proves: TRC-06)', async () => {
    const table = await ask(SLOW_DESK);
    const changes = column(table, 'change').map(Number);
    expect(changes).toHaveLength(3);
    expect(changes).toEqual([...changes].sort((a, b) => b - a));
    expect(column(table, 'hop')[0]).toBe('gateway: route');
    const rows = SLOW_DESK.filter(({ table: of }) => of !== 'spans');
    expect(column(await ask(rows), 'hop')).toEqual(['sent → ack', 'ack → fill']);
  });

  it('finds nothing slow where nothing is', async () => {
    const quiet = await ask(QUIET_DESK);
    expect(quiet?.notices[0]?.text).toMatch(/^no hop is slow: 1000 orders/);
    expect(column(quiet, 'verdict')).toEqual(['', '', '']);
  });

  it('gives a rule one number for each slow hop and nothing otherwise', async () => {
    const fromAlert = { ...ENVELOPE, fromAlert: true };
    const rows = SLOW_DESK;
    const slow = await ask(rows, {}, fromAlert);
    expect(slow?.fields.map(({ name, type }) => [name, type])).toEqual([
      ['hop', 'string'],
      ['effect', 'number'],
    ]);
    expect(column(slow, 'hop')).toEqual(['gateway: route']);
    expect(column(await ask(rows, { figure: 'orders' }, fromAlert), 'orders')).toEqual([99]);
    expect(Number(column(await ask(rows, { figure: 'cost' }, fromAlert), 'cost')[0])).toBeGreaterThan(1);
    expect((await ask(QUIET_DESK, {}, fromAlert))?.fields).toEqual([]);
  });

  it('looks at the newest of a range that has more rows than a query reads, and says since when', async () => {
    // One trace more than fits, of one span each, each millisecond one.
    const rows = Array.from({ length: MAX_LATENCY_ROWS + 1 }, (_, i): Span => ({
      ...{
        ...SPAN,
        traceId: `${i}`,
        spanId: 'a',
        parentSpanId: '',
        name: 'send',
        kind: 'internal',
        service: 's',
        host: 'h',
      },
      ...{ timeNanos: ns(600_000 + i), endNanos: ns(600_001 + i) },
    }));
    const cut =
      'the range has more than 15000 rows of a kind: only what came since 1970-01-01T00:10:00.001Z is judged; shorten the range or add filters';
    const table = await ask(rows);
    expect(column(table, 'hop')).toEqual(['s: send']);
    expect(table?.notices[0]?.text).toMatch(/^no hop is slow: 15000 orders/);
    expect(table?.notices.map(({ text }) => text)).toContainEqual(cut);
    const ofRule = await ask(rows, {}, { ...ENVELOPE, fromAlert: true });
    expect(ofRule?.notices.map(({ text }) => text)).toEqual([cut]);
  });

  it('shows the stages of agents that decide together, the slowest agent on the path (proves: TRC-09, MET-82)', async () => {
    const rows = Array.from({ length: 400 }, (_, i) => {
      const at = 600_000 + i * 1_000;
      const stage = (spanId: string, service: string, name: string, [from, to]: readonly [number, number]): Span => ({
        ...{
          ...SPAN,
          traceId: `${i}`,
          spanId,
          parentSpanId: spanId === 'root' ? '' : 'root',
          service,
          name,
          kind: 'internal',
        },
        ...{ host: 'h', timeNanos: ns(at + from), endNanos: ns(at + to) },
      });
      const slowest = 5 + (i % 4);
      return [
        stage('root', 'coordinator', 'decide', [0, slowest + 4]),
        stage('tasks', 'coordinator', 'distribute tasks', [0, 2]),
        ...['trend', 'news', 'risk'].map((agent, k) => stage(agent, agent, 'process event', [2, slowest - k])),
        stage('vote', 'consensus', 'reach consensus', [slowest, slowest + 3]),
      ];
    }).flat();
    const table = await ask(rows, { quantile: 0.75, reference: 'none', operation: 'decide' });
    const stages = new Map(column(table, 'hop').map((hop, i) => [hop, column(table, 'tail')[i]]));
    expect([...stages.keys()][0]).toBe('trend: process event');
    expect(stages.get('trend: process event')).toBeCloseTo(6, 6);
    expect(stages.get('coordinator: distribute tasks')).toBeCloseTo(2, 6);
    expect(stages.get('consensus: reach consensus')).toBeCloseTo(3, 6);
    expect(stages.get('coordinator: decide')).toBeCloseTo(1, 6);
    const [trace] = await serviceOver(rows).run({ queryType: 'trace', traceId: '7' }, ENVELOPE);
    expect(column(trace, 'serviceName')).toEqual(
      expect.arrayContaining(['coordinator', 'trend', 'news', 'risk', 'consensus']),
    );
  });

  it('keeps to the filters, and says that too few orders tell nothing', async () => {
    const table = await ask(SLOW_DESK, { filters: { strategy: ['other'] } });
    expect(table?.fields).toEqual([]);
    expect(table?.notices[0]?.text).toMatch(/^cannot tell: the tail needs 50 orders/);
  });
});

describe('trace', () => {
  const rows = QUIET_DESK;
  const ask = async (query: object): Promise<Table | undefined> =>
    (await serviceOver(rows).run({ queryType: 'trace', ...query }, { ...ENVELOPE, startMs: 0 }))[0];

  it('shows one order as one trace, whichever id it is asked by (proves: TRC-01)', async () => {
    const byOrder = await ask({ orderId: 'o7' });
    expect(byOrder?.visualisation).toBe('trace');
    expect(column(byOrder, 'operationName')).toEqual(['send', 'route', 'buy 1 S', 'sent → ack', 'ack → fill']);
    expect(column(byOrder, 'serviceName')).toEqual(['strategy', 'gateway', 'orders', 'orders', 'orders']);
    expect(column(byOrder, 'parentSpanID')).toEqual(['', 'a', 'a', 'order-o7', 'order-o7']);
    expect(new Set(column(byOrder, 'traceID')).size).toBe(1);
    expect(Number(column(byOrder, 'startTime')[0])).toBeCloseTo(7 * 600, 3);
    const [total] = column(byOrder, 'duration').map(Number);
    expect(sum(column(byOrder, 'duration').slice(3))).toBeCloseTo(total ?? 0, 6);
    expect(await ask({ correlationId: 'trace-7' })).toMatchObject({ fields: byOrder?.fields });
    expect(await ask({ traceId: (7).toString(16).padStart(32, '0') })).toMatchObject({ fields: byOrder?.fields });
  });

  it('tells what is known of each span: host, attributes, and steps and fills of the order', async () => {
    const table = await ask({ orderId: 'o7' });
    const documents = (name: string): unknown[] =>
      column(table, name).map((text) => JSON.parse(String(text)) as unknown);
    expect(documents('serviceTags').slice(0, 2)).toEqual([
      [{ key: 'host.name', value: 'h1' }],
      [{ key: 'host.name', value: 'h2' }],
    ]);
    expect(documents('tags')[0]).toEqual([{ key: 'correlation_id', value: 'o7' }]);
    expect(documents('tags')[2]).toEqual(
      expect.arrayContaining([
        { key: 'order_id', value: 'o7' },
        { key: 'strategy', value: 'mm' },
      ]),
    );
    const logs = documents('logs')[2] as { timestamp: number; fields: { key: string; value: unknown }[] }[];
    expect(logs.map(({ fields }) => fields[0]?.value)).toEqual(['new', 'ack', 'new']);
    expect(logs[0]?.timestamp).toBeCloseTo(7 * 600, 3);
    expect(logs[2]?.fields).toContainEqual({ key: 'quantity', value: 1 });
  });

  it('makes a path of an order that has no spans', async () => {
    const plain = serviceOver(rows.filter(({ table }) => table !== 'spans'));
    const [table] = await plain.run({ queryType: 'trace', orderId: 'o7' }, { ...ENVELOPE, startMs: 0 });
    expect(column(table, 'operationName')).toEqual(['buy 1 S', 'sent → ack', 'ack → fill']);
    expect(new Set(column(table, 'traceID'))).toEqual(new Set(['trace-7']));
  });

  it('says when more rows name an id than a trace may have', async () => {
    const root = QUIET_DESK.find((row): row is Span => row.table === 'spans');
    if (root === undefined) throw new Error('the desk sends spans');
    const many = Array.from({ length: MAX_TRACE_ROWS + 1 }, (_, i): Span => ({ ...root, spanId: `s${i}` }));
    const [table] = await serviceOver(many).run(
      { queryType: 'trace', traceId: root.traceId },
      { ...ENVELOPE, startMs: 0 },
    );
    expect(column(table, 'spanID')).toHaveLength(MAX_TRACE_ROWS);
    expect(table?.notices[0]).toMatchObject({ severity: 'warning' });
    expect(table?.notices[0]?.text).toContain('rows of spans name these ids');
    expect((await ask({ orderId: 'o7' }))?.notices).toEqual([]);
  });

  it('refuses to look for nothing, and finds nothing of an unknown order', async () => {
    await expect(ask({})).rejects.toMatchObject({ code: 'query.invalid' });
    expect((await ask({ orderId: 'nobody' }))?.fields).toEqual([]);
  });
});

describe('market_or_us', () => {
  /** A quote each 25 ms from 500 s to 700 s, 4 trades a window; `delayMs` on top of a clock that is off by 1.2 s. */
  function feed(venue: string, delayMs: (timeMs: number) => number): (Quote | MarketTrade)[] {
    const uniform = seededUniform(venue.length);
    return Array.from({ length: 8_000 }, (_, i): Quote => {
      const timeMs = 500_000 + i * 25;
      const mid = 100 + uniform();
      return {
        ...{
          table: 'quotes',
          timeNanos: ns(timeMs),
          venue,
          symbol: 'S',
          bid: mid - 0.1,
          ask: mid + 0.1,
          bidSize: 1,
          askSize: 1,
        },
        ...{ exchangeNanos: ns(timeMs + 1_200 - 2 - uniform() - delayMs(timeMs)), sequence: null },
      };
    });
  }

  it('calls a delay without load a fault of this feed, with a figure for each point', async () => {
    const slow = feed('A', (timeMs) => (timeMs >= 650_000 && timeMs < 652_000 ? 20 : 0));
    const rows = [...slow, ...feed('BB', () => 0)];
    const tables = await serviceOver(rows).run(
      { queryType: 'market_or_us' },
      { ...ENVELOPE, startMs: 600_000, endMs: 699_000 },
    );
    expect(tables.map(({ name }) => name)).toEqual([
      ...['A S observed', 'A S expected', 'A S residual_z', 'A S verdict'],
      ...['BB S observed', 'BB S expected', 'BB S residual_z', 'BB S verdict'],
    ]);
    const times = column(tables[3], 'Time').map((time) => Number(time) / 1e6);
    const faults = column(tables[3], 'verdict').flatMap((verdict, i) => (verdict === 2 ? [times[i] ?? 0] : []));
    expect(faults.length).toBeGreaterThan(5);
    expect(Math.min(...faults)).toBeGreaterThan(650_000);
    expect(Math.max(...faults)).toBeLessThan(653_000);
    expect(column(tables[7], 'verdict').filter((verdict) => verdict === 2)).toEqual([]);
    expect(tables[0]?.notices[0]?.text).toMatch(/^windows with a fault: \d+, slow by the market: 0/);
    // The exchange's clock is 1.2 s ahead; the fastest message took 2 ms.
    expect(tables[0]?.notices[1]?.text).toMatch(/^A S: receipt is at least -119[78]\.\d\d ms, drifting by -?\d/);
  });

  it('widens its windows where there are more feeds than a chart of each can have points', async () => {
    const [quote] = feed('A', () => 0);
    const feeds = Array.from({ length: 300 }, (_, i) =>
      [600, 750, 900, 1_050, 1_199].map((second): Quote | MarketTrade => {
        const timeNanos = ns(second * 1_000);
        return { ...(quote as Quote), venue: `V${i}`, timeNanos, exchangeNanos: timeNanos };
      }),
    ).flat();
    const tables = await serviceOver(feeds).run({ queryType: 'market_or_us' }, ENVELOPE);
    expect(tables).toHaveLength(1_200);
    const points = tables.reduce((sum, { fields }) => sum + (fields[1]?.values.length ?? 0), 0);
    expect(points).toBeGreaterThan(0);
    expect(points).toBeLessThanOrEqual(MAX_ROWS);
  });
});
