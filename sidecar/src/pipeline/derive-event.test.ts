/** Figures of agents, accounts, exchanges and spans, event by event. */
import { AGENT_WINDOW } from '@tapewatch/contract';
import { nanos, type Signal, type TradingEvent } from '@tapewatch/core';
import { exchangeStatusOf, marketTradeOf, positionOf, signalOf, spanOf } from '../store/event.fixture.ts';
import { fillOf, orderOf, quoteOf, T0 } from '../store/store.fixture.ts';
import { ListingDeriver } from './testing/listing-deriver.ts';

/** `name{labels} value` of what each event yields. */
function derived(deriver: ListingDeriver, ...events: readonly TradingEvent[]): string[] {
  return events.flatMap((event) =>
    deriver.derive(event, event.timeNanos + 10_000_000_000n).map(({ labels, value }) => {
      const rest = labels.pairs.filter(([name]) => name !== '__name__').map(([, text]) => text);
      return `${labels.metricName}{${rest.join()}} ${value}`;
    }),
  );
}

describe('signals of agents', () => {
  const steps = (id: string, prediction: number, outcome: number, rest: Partial<Signal> = {}): Signal[] => [
    signalOf(`${id}-1`, T0, { signalId: id, prediction, confidence: null, consensus: null, ...rest }),
    signalOf(`${id}-2`, T0, { signalId: id, event: 'outcome', prediction: null, outcome, ...rest }),
  ];

  it('yield accuracy against the outcome, mean confidence and mean consensus, per agent (proves: ING-25)', () => {
    const deriver = new ListingDeriver();
    const seen = derived(
      deriver,
      signalOf('a', T0, { confidence: 0.5, consensus: 1 }),
      signalOf('b', T0, { confidence: 0.75, consensus: 0.5 }),
      signalOf('c', T0, { agent: 'other', confidence: 0.25, consensus: null }),
    );
    expect(seen.filter((line) => line.includes('_ratio'))).toEqual([
      'agent_confidence_ratio{trend} 0.5',
      'agent_consensus_ratio{trend} 1',
      'agent_confidence_ratio{trend} 0.625',
      'agent_consensus_ratio{trend} 0.75',
      'agent_confidence_ratio{other} 0.25',
    ]);
    expect(
      derived(deriver, ...steps('s1', 0.02, 0.01), ...steps('s2', -0.02, 0.01)).filter((line) => /out|acc/.test(line)),
    ).toEqual([
      'agent_outcomes_total{trend,right} 1',
      'agent_accuracy_ratio{trend} 1',
      'agent_outcomes_total{trend,wrong} 1',
      'agent_accuracy_ratio{trend} 0.5',
    ]);
  });

  it('compare with the prediction that the outcome states, and count what cannot be judged', () => {
    const deriver = new ListingDeriver();
    const outcome = (id: string, prediction: number | null, value: number): Signal =>
      signalOf(id, T0, { signalId: id, event: 'outcome', prediction, outcome: value });
    expect(
      derived(deriver, outcome('a', 0.1, 0.2), outcome('b', null, 0.2), outcome('c', 0, 0.2), outcome('d', 1, 0)),
    ).toEqual([
      'agent_outcomes_total{trend,right} 1',
      'agent_accuracy_ratio{trend} 1',
      'agent_outcomes_total{trend,unknown} 1',
      'agent_outcomes_total{trend,flat} 1',
      'agent_outcomes_total{trend,flat} 2',
    ]);
  });

  it('look back on the last outcomes only', () => {
    const deriver = new ListingDeriver();
    for (let i = 0; i < AGENT_WINDOW; i++) derived(deriver, ...steps(`right-${i}`, 1, 1));
    for (let i = 0; i < AGENT_WINDOW / 4; i++) derived(deriver, ...steps(`wrong-${i}`, 1, -1));
    expect(derived(deriver, ...steps('last', 1, 1)).at(-1)).toBe('agent_accuracy_ratio{trend} 0.75');
  });

  it('count failures, by reason (proves: MET-68)', () => {
    const failure = (id: string, reason: string): Signal => signalOf(id, T0, { event: 'failure', reason });
    expect(derived(new ListingDeriver(), failure('a', 'no_data'), failure('b', 'no_data'), failure('c', ''))).toEqual([
      'agent_failures_total{trend,no_data} 1',
      'agent_failures_total{trend,no_data} 2',
      'agent_failures_total{trend,unknown} 1',
    ]);
  });
});

it('an exchange tells its connection, and remaining requests fall as they are made (proves: MET-67)', () => {
  const deriver = new ListingDeriver();
  const status = (left: number | null) =>
    exchangeStatusOf(T0, { requestsRemaining: left, requestsLimit: 100, latencySeconds: null });
  expect(derived(deriver, status(40), status(39), status(null))).toEqual([
    'exchange_connected{orders,XNAS} 1',
    'exchange_requests_remaining{orders,XNAS} 40',
    'exchange_requests_used_ratio{orders,XNAS} 0.6',
    'exchange_connected{orders,XNAS} 1',
    'exchange_requests_remaining{orders,XNAS} 39',
    'exchange_requests_used_ratio{orders,XNAS} 0.61',
    'exchange_connected{orders,XNAS} 1',
  ]);
  expect(derived(deriver, exchangeStatusOf(T0, { connection: 'connecting', requestsLimit: null }))).toEqual([
    'exchange_connected{orders,XNAS} 0',
    'exchange_api_latency_seconds{orders,XNAS} 0.042',
    'exchange_requests_remaining{orders,XNAS} 40',
  ]);
});

it('an account tells its positions, and how much of its limits they use', () => {
  const deriver = new ListingDeriver();
  const position = (symbol: string, quantity: number) => positionOf(T0, { symbol, quantity, maxPositions: 10 });
  for (let i = 0; i < 9; i++) derived(deriver, position(`S${i}`, 1));
  expect(derived(deriver, position('S3', 0))).toEqual([
    'position_quantity{main,momentum,S3,XNAS} 0',
    'position_limit_used_ratio{main,momentum,S3,XNAS} 0',
    'positions_open{main} 8',
    'positions_used_percent{main} 80',
  ]);
  expect(derived(deriver, position('S4', -8))[1]).toBe('position_limit_used_ratio{main,momentum,S4,XNAS} 0.8');
  expect(derived(deriver, positionOf(T0, { kind: 'balance', symbol: 'USD', quantity: 5 }))).toEqual([
    'account_balance{main,USD,XNAS} 5',
  ]);
});

it('spans yield rate, errors and duration of requests (proves: TRC-08)', () => {
  const failed = spanOf('00f067aa0ba902b8', T0, { status: 'error' });
  const labels = (status: string): string => `{gateway,SPAN_KIND_SERVER,route order,STATUS_CODE_${status}}`;
  expect(derived(new ListingDeriver(), spanOf('00f067aa0ba902b7', T0), failed, failed)).toEqual([
    `traces_spanmetrics_calls_total${labels('OK')} 1`,
    `traces_spanmetrics_latency${labels('OK')} 0.002`,
    `traces_spanmetrics_calls_total${labels('ERROR')} 1`,
    `traces_spanmetrics_latency${labels('ERROR')} 0.002`,
    `traces_spanmetrics_calls_total${labels('ERROR')} 2`,
    `traces_spanmetrics_latency${labels('ERROR')} 0.002`,
  ]);
  const [calls] = new ListingDeriver().derive(failed, T0 + 1_000_000_000n);
  expect(calls?.timeNanos).toBe(failed.endNanos);
});

it('a trade is recorded with the time from its order being sent to its fill (proves: MET-66)', () => {
  const filled = (id: string, tookMs: number) =>
    orderOf(id, T0 + BigInt(tookMs) * 1_000_000n, { event: 'fill', sentNanos: nanos(T0), quantity: 5 });
  const seen = [filled('a', 20), filled('b', 35)].flatMap((order) =>
    new ListingDeriver()
      .derive(order, order.timeNanos)
      .filter(({ labels }) => labels.metricName === 'order_fill_seconds'),
  );
  expect(seen.map(({ kind, value }) => [kind, value])).toEqual([
    ['observation', 0.02],
    ['observation', 0.035],
  ]);
});

it('prints add up, and corrections of fills are counted apart', () => {
  const deriver = new ListingDeriver();
  expect(derived(deriver, marketTradeOf('1', T0), marketTradeOf('2', T0, { price: 11 })).slice(3)).toEqual([
    'market_trades_total{ACME,XNAS} 2',
    'market_volume_total{ACME,XNAS} 6',
    'market_trade_price{ACME,XNAS} 11',
  ]);
  expect(derived(deriver, fillOf('1', T0, { execution: 'amend', refersTo: '0' }))).toEqual([
    'fill_corrections_total{amend,XNAS} 1',
  ]);
});

it('gaps of a feed are told when they come, and that there were none once in each second', () => {
  const deriver = new ListingDeriver();
  const told = (sequence: bigint, afterMs: number): string[] => {
    const time = T0 + BigInt(afterMs) * 1_000_000n;
    return derived(deriver, quoteOf(time, 100, { sequence })).filter((line) => line.startsWith('feed_gaps_total'));
  };
  expect(told(1n, 0)).toEqual(['feed_gaps_total{ACME,XNAS} 0']);
  expect(told(2n, 1)).toEqual([]);
  expect(told(5n, 2)).toEqual(['feed_gaps_total{ACME,XNAS} 2']);
  expect(told(6n, 3)).toEqual([]);
  expect(told(7n, 1_003)).toEqual(['feed_gaps_total{ACME,XNAS} 2']);
});
