import { type Labels, METRIC_NAME, nanos, type OrderEvent } from '@tapewatch/core';
import { DERIVED_METRICS } from '@tapewatch/contract';
import {
  bookOf,
  cashFlowOf,
  exchangeStatusOf,
  fxRateOf,
  marketTradeOf,
  positionOf,
  signalOf,
  spanOf,
} from '../store/event.fixture.ts';
import { businessEventOf, fillOf } from '../store/store.fixture.ts';
import { ListingDeriver } from './testing/listing-deriver.ts';

const T0 = 1_700_000_000_000_000_000n;

describe('Deriver', () => {
  const order: OrderEvent = {
    table: 'orders',
    id: '1',
    timeNanos: nanos(T0 + 2_000_000n),
    orderId: 'o1',
    event: 'reject',
    sentNanos: nanos(T0),
    venue: 'XNAS',
    symbol: 'AAPL',
    strategy: 'mm',
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
    reason: 'price band',
  };

  it('yields exactly the metrics and labels that the contract lists', () => {
    const deriver = new ListingDeriver();
    const health = { component: 'gw', instance: '1', status: 'DEGRADED', message: '' } as const;
    const fill = { venue: 'V', symbol: 'S', strategy: 'x', side: 'sell', currency: 'USD', feeCurrency: 'USD' } as const;
    const quote = { venue: 'V', symbol: 'S', bid: 99, ask: 101, bidSize: 1, askSize: 1, sequence: 7n } as const;
    const timeNanos = nanos(T0);
    const samples = [
      ...deriver.derive(order, T0),
      ...deriver.derive({ ...order, event: 'fill' }, T0),
      ...deriver.derive({ ...order, event: 'cancel_ack' }, T0),
      ...deriver.derive(
        {
          table: 'fills',
          id: '1',
          orderId: 'o',
          account: '',
          quantity: 2,
          price: 50,
          fee: 1,
          liquidity: '',
          execution: 'new',
          refersTo: '',
          timeNanos,
          ...fill,
        },
        T0,
      ),
      ...deriver.derive({ table: 'quotes', timeNanos, exchangeNanos: nanos(T0 - 5_000_000n), ...quote }, T0),
      // A minute of windows, after which a feed has a score.
      ...Array.from({ length: 300 }, (_, i) => nanos(T0 + BigInt(i) * 250_000_000n)).flatMap((at) =>
        deriver.derive({ table: 'quotes', timeNanos: at, exchangeNanos: nanos(at - 5_000_000n), ...quote }, at),
      ),
      ...deriver.derive({ table: 'health_results', timeNanos, ...health }, T0),
      ...deriver.derive(businessEventOf(timeNanos), T0),
      ...[
        fillOf('2', T0, { execution: 'bust', refersTo: '1' }),
        ...[marketTradeOf('1', T0), bookOf(T0), positionOf(T0), positionOf(T0, { kind: 'balance' })],
        ...[signalOf('1', T0), signalOf('2', T0, { signalId: 'signal-1', event: 'outcome', outcome: 0.5 })],
        ...[signalOf('3', T0, { event: 'failure' }), cashFlowOf('1', T0), fxRateOf(T0)],
        ...[exchangeStatusOf(T0), spanOf('00f067aa0ba902b7', T0)],
      ].flatMap((event) => deriver.derive(event, T0)),
    ];
    const shapes = new Map(samples.map(({ labels, kind, unit }) => [labels.metricName, { labels, kind, unit }]));
    for (const { name, kind, unit, labels } of DERIVED_METRICS) {
      const shape = shapes.get(name);
      expect({ name, kind: shape?.kind, unit: shape?.unit }).toEqual({ name, kind, unit });
      expect([METRIC_NAME, ...labels]).toEqual(
        expect.arrayContaining(shape?.labels.pairs.map(([label]) => label) ?? []),
      );
    }
    const value = (name: string): number => samples.find(({ labels }) => labels.metricName === name)?.value ?? NaN;
    expect(value('order_ack_seconds')).toBeCloseTo(0.002, 12);
    expect(value('traded_notional_total')).toBe(100);
    expect(value('quote_spread_bps')).toBe(200);
    expect(value('component_health')).toBe(1);
  });

  it('continues counters after a restart', () => {
    const deriver = new ListingDeriver();
    const [first] = deriver.derive(order, T0);
    const next = new ListingDeriver();
    next.seed(first?.labels as Labels, { total: 41, timeNanos: T0 });
    expect(next.derive(order, T0)[0]?.value).toBe(42);
  });

  it('lets neither a counter nor its stamps go back, nor its stamps run ahead of receipt', () => {
    const deriver = new ListingDeriver();
    const second = 1_000_000_000n;
    const received = T0 + 10n * second;
    const at = (offset: bigint) =>
      deriver.derive({ ...order, timeNanos: nanos(T0 + offset * second) }, received)[0] as { timeNanos: bigint };
    expect([3n, 1n, 5n, 600n, 4n].map((offset) => at(offset))).toMatchObject(
      [3n, 3n, 5n, 10n, 10n].map((offset, i) => ({ timeNanos: T0 + offset * second, value: i + 1 })),
    );
  });
});
