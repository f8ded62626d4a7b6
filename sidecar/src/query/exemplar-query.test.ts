import { Labels, nanos, type OrderEvent } from '@tapewatch/core';
import fc from 'fast-check';
import type { EventFilter, ExemplarSeries, KeptExemplars, StoreReader } from '../ports.ts';
import { exemplarFinder } from './exemplar-query.ts';

const T0 = 1_800_000_000_000;
const span = { startMs: T0, endMs: T0 + 60_000 };

function order(id: string, atMs: number, latencyMs: number, over: Partial<OrderEvent> = {}): OrderEvent {
  const time = BigInt(T0 + atMs) * 1_000_000n;
  return {
    table: 'orders',
    id: `${id}-ack`,
    orderId: id,
    timeNanos: nanos(time),
    sentNanos: nanos(time - BigInt(latencyMs) * 1_000_000n),
    event: 'ack',
    venue: 'XNAS',
    symbol: 'AAPL',
    strategy: 'maker',
    account: '',
    side: 'buy',
    orderType: 'limit',
    quantity: 1,
    price: 1,
    filledQuantity: 0,
    arrivalMid: null,
    decisionNanos: null,
    decisionMid: null,
    correlationId: '',
    reason: '',
    ...over,
  };
}

function finderOver(rows: readonly OrderEvent[], asked: EventFilter[] = [], sent: readonly ExemplarSeries[] = []) {
  const events = async (_: string, filter: EventFilter): Promise<readonly OrderEvent[]> => {
    asked.push(filter);
    const inRange = ({ timeNanos }: OrderEvent): boolean =>
      timeNanos >= filter.startNanos && timeNanos < filter.endNanos;
    return rows.filter(inRange);
  };
  const select: KeptExemplars['select'] = (matches) => sent.filter(({ labels }) => matches(labels));
  return exemplarFinder({ reader: { events } as unknown as StoreReader, kept: { select } });
}

describe('exemplars of order latencies', () => {
  it('name the order at the quantile, per label set and slice of time', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => order(`o${i + 1}`, i, i + 1));
    rows.push(order('later', 30_000, 7), order('other', 10, 500, { venue: 'BATS' }));
    const find = finderOver(rows);
    const found = await find('histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[1m])))', span);
    expect(found.map(({ labels, exemplars }) => [labels.toString(), exemplars])).toEqual([
      [
        'order_ack_seconds{strategy="maker", venue="XNAS"}',
        [
          { timeMs: T0 + 98, value: 0.099, labels: { order_id: 'o99', symbol: 'AAPL', event: 'ack' } },
          { timeMs: T0 + 30_000, value: 0.007, labels: expect.objectContaining({ order_id: 'later' }) },
        ],
      ],
      ['order_ack_seconds{strategy="maker", venue="BATS"}', [expect.objectContaining({ value: 0.5 })]],
    ]);
    const [slowest] = await find('rate(order_ack_seconds{venue="XNAS"}[1m])', span);
    expect(slowest?.exemplars[0]?.labels['order_id']).toBe('o100');
  });

  it('are as few as the lines of the chart: one for each group of the aggregation', async () => {
    const rows = ['a', 'b', 'c'].flatMap((strategy, s) =>
      ['XNAS', 'BATS'].map((venue, v) => order(`${strategy}-${venue}`, 5, 10 * s + v + 1, { strategy, venue })),
    );
    const find = finderOver(rows);
    const idsOf = async (expr: string) =>
      (await find(expr, span)).flatMap(({ labels, exemplars }) =>
        exemplars.map((one) => [labels.get('strategy'), one.labels['order_id']]),
      );
    const slowest = [
      ['c', 'c-XNAS'],
      ['c', 'c-BATS'],
    ];
    expect(await idsOf('histogram_quantile(0.99, sum by (venue) (rate(order_ack_seconds[1m])))')).toEqual(slowest);
    expect(await idsOf('topk(1, max without (strategy) (order_ack_seconds))')).toEqual(slowest);
    expect(await idsOf('histogram_quantile(0.5, sum(order_ack_seconds))')).toEqual([['b', 'b-XNAS']]);
    expect(await idsOf('topk(1, order_ack_seconds)')).toHaveLength(6);
  });

  it('take the steps that the metric is made of, and obey the matchers', async () => {
    const asked: EventFilter[] = [];
    const rows = [
      order('new', 1, 9, { event: 'new' }),
      order('unsent', 2, 9, { sentNanos: null }),
      order('rejected', 3, 2, { event: 'reject' }),
      order('filled', 4, 40, { event: 'fill' }),
      order('elsewhere', 5, 80, { strategy: 'taker' }),
    ];
    const find = finderOver(rows, asked);
    const idsOf = async (expr: string) =>
      (await find(expr, span)).flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels['order_id']));
    expect(await idsOf('order_ack_seconds{strategy="maker"}')).toEqual(['rejected']);
    expect(asked[0]).toMatchObject({ strategy: ['maker'], venue: [] });
    expect(await idsOf('order_fill_seconds{venue=~"X.*"} + order_fill_seconds{venue=~"X.*"}')).toEqual(['filled']);
    expect(await idsOf('fills_total')).toEqual([]);
    await expect(find('sum(', span)).rejects.toMatchObject({ code: 'query.parse' });
  });

  it('a share of at least q of the orders is not slower, and fewer than q are faster', async () => {
    const latencies = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(latencies, fc.double({ min: 0, max: 1, noNaN: true }), async (latenciesMs, q) => {
        const rows = latenciesMs.map((latency, i) => order(`o${i}`, 5, latency));
        const [series] = await finderOver(rows)(`histogram_quantile(${q}, order_ack_seconds)`, span);
        const valueMs = Math.round((series?.exemplars[0]?.value ?? NaN) * 1_000);
        const notSlower = latenciesMs.filter((latency) => latency <= valueMs).length;
        const faster = latenciesMs.filter((latency) => latency < valueMs).length;
        expect(notSlower).toBeGreaterThanOrEqual(q * latenciesMs.length);
        expect(faster === 0 || faster < q * latenciesMs.length).toBe(true);
      }),
    );
  });
});

describe('exemplars that publishers sent', () => {
  const sent = (
    labels: Record<string, string>,
    ...values: readonly [atMs: number, value: number][]
  ): ExemplarSeries => ({
    labels: Labels.from(labels),
    exemplars: values.map(([atMs, value]) => ({ timeMs: T0 + atMs, value, labels: { trace_id: `t${value}` } })),
  });
  const kept = [
    sent({ __name__: 'hop_seconds', venue: 'X', hop: 'risk' }, [1, 0.1], [2, 0.4], [30_000, 0.2]),
    sent({ __name__: 'hop_seconds', venue: 'X', hop: 'gateway' }, [3, 0.9]),
    sent({ __name__: 'hop_seconds', venue: 'Y', hop: 'risk' }, [4, 0.3]),
    sent({ __name__: 'h_bucket', le: '0.5' }, [1, 0.3]),
    sent({ __name__: 'h_bucket', le: '1' }, [1, 0.7]),
    sent({ __name__: 'fills_total', venue: 'X' }, [5, 1], [6, 2]),
  ];
  const find = finderOver([], [], kept);
  const tracesOf = async (expr: string): Promise<string[]> =>
    (await find(expr, span)).flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels['trace_id'] ?? ''));

  it('are those of every series that a selector of the expression matches, each once', async () => {
    expect(await tracesOf('rate(fills_total{venue="X"}[1m]) / fills_total')).toEqual(['t1', 't2']);
    expect(await tracesOf('fills_total{venue="Y"}')).toEqual([]);
    expect(await tracesOf('sum(rate(hop_seconds{hop=~"g.*"}[1m])) + sum by (le) (h_bucket)')).toEqual([
      ...['t0.9', 't0.3', 't0.7'],
    ]);
    expect(await tracesOf('{__name__=~".+_total"}')).toEqual(['t1', 't2']);
  });

  it('are, of a quantile, the ones at it for each group and slice of time', async () => {
    const p99 = (inner: string): string => `histogram_quantile(0.99, ${inner})`;
    expect(await tracesOf(p99('sum by (venue) (rate(hop_seconds[1m]))'))).toEqual(['t0.9', 't0.2', 't0.3']);
    expect(await tracesOf('histogram_quantile(0.5, sum by (venue) (rate(hop_seconds[1m])))')).toEqual([
      ...['t0.4', 't0.2', 't0.3'],
    ]);
    expect(await tracesOf(p99('rate(hop_seconds[1m])'))).toEqual(['t0.4', 't0.2', 't0.9', 't0.3']);
    // The buckets of a classic histogram are one distribution, grouped or not.
    expect(await tracesOf(p99('sum by (le) (rate(h_bucket[1m]))'))).toEqual(['t0.7']);
    expect(await tracesOf(p99('rate(h_bucket[1m])'))).toEqual(['t0.7']);
  });

  it('stand beside the orders of one series, in the order of time', async () => {
    const ack = { __name__: 'order_ack_seconds', venue: 'XNAS', strategy: 'maker' };
    const both = finderOver([order('o1', 10, 5), order('o2', 20_000, 5)], [], [sent(ack, [11, 0.7])]);
    const [series, ...more] = await both('order_ack_seconds', span);
    expect(more).toEqual([]);
    expect(series?.exemplars.map(({ labels }) => labels['order_id'] ?? labels['trace_id'])).toEqual([
      ...['o1', 't0.7', 'o2'],
    ]);
  });
});
