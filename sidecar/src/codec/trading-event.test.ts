/** Messages of markets, accounts, agents and exchanges: what the schemas refuse, and what they make of the rest. */
import { contextOf, decodeText, reasonsOf, testJsonCodec } from './testing/decode.ts';
import type { DecodeContext } from '../ports.ts';

const codec = testJsonCodec();
const TIME = '1753612199000000001';

type Case = readonly [kind: DecodeContext['payloadKind'], message: object];

function decoded(kind: DecodeContext['payloadKind'], message: object, labels: Record<string, string> = {}) {
  return decodeText(codec, JSON.stringify(message), contextOf(kind, labels));
}

const fill = { id: 'x', time: TIME, order_id: 'o', venue: 'v', symbol: 's', side: 'buy', quantity: 1, price: 2 };
const order = { id: 'x', time: TIME, order_id: 'o', event: 'ack', venue: 'v', symbol: 's', side: 'buy', quantity: 1 };

describe('corrections of fills', () => {
  it('name their execution; a bust needs no quantity', () => {
    const bust = { ...fill, execution: 'bust', refers_to: 'w', quantity: 0 };
    expect(decoded('fill', bust).events[0]).toMatchObject({ execution: 'bust', refersTo: 'w', quantity: 0 });
    expect(decoded('fill', fill).events[0]).toMatchObject({ execution: 'new', refersTo: '' });
  });

  it.each([
    ['an amendment of nothing', { ...fill, execution: 'amend' }],
    ['a new execution that refers', { ...fill, refers_to: 'w' }],
    ['a new execution of nothing', { ...fill, quantity: 0 }],
    ['an amendment to nothing', { ...fill, execution: 'amend', refers_to: 'w', quantity: 0 }],
  ])('are refused: %s', (_, message) => expect(reasonsOf(decoded('fill', message))).toEqual(['schema']));
});

it('an order carries its decision and what joins it to its trace', () => {
  const message = { ...order, decision_time: '1753612198000000001', decision_mid: 10.5, correlation_id: 7 };
  expect(decoded('order', message).events[0]).toMatchObject({
    ...{ decisionNanos: 1_753_612_198_000_000_001n, decisionMid: 10.5, correlationId: '7', sentNanos: null },
  });
  expect(reasonsOf(decoded('order', { ...order, decision_time: 'soon' }))).toEqual(['time']);
});

describe('messages of markets and accounts', () => {
  it.each<readonly [...Case, Record<string, string>, object]>([
    [
      'trade',
      { id: 't', time: TIME, price: 1, quantity: 2 },
      { venue: 'v', symbol: 's' },
      { venue: 'v', symbol: 's', aggressor: '' },
    ],
    [
      'book',
      {
        time: TIME,
        venue: 'v',
        symbol: 's',
        bids: [
          [2, 3],
          [1, 0],
        ],
        sequence: '9007199254740993',
      },
      {},
      { kind: 'snapshot', bidPrices: [2, 1], bidSizes: [3, 0], askPrices: [], sequence: 9_007_199_254_740_993n },
    ],
    [
      'position',
      { time: TIME, symbol: 's', quantity: -1, limit: 5 },
      { account: 'a' },
      { account: 'a', kind: 'position', quantityLimit: 5 },
    ],
    [
      'cash',
      { id: 'c', time: TIME, kind: 'fee', currency: 'EUR', amount: -1 },
      { account: 'a' },
      { account: 'a', amount: -1 },
    ],
    [
      'fx',
      { time: TIME, rate: 1.25 },
      { base: 'EUR', quote: 'USD' },
      { base: 'EUR', quote: 'USD', rate: 1.25, source: '' },
    ],
    [
      'signal',
      { id: 's', time: TIME, signal_id: 'p', prediction: 0.5, horizon_ms: 1.5 },
      { agent: 'a' },
      { agent: 'a', horizonNanos: 1_500_000n },
    ],
    [
      'exchange',
      {},
      { venue: 'v', api: 'orders' },
      { venue: 'v', api: 'orders', connection: 'connected', requestsLimit: null },
    ],
  ])('%s: %j with labels %j', (kind, message, labels, expected) => {
    const { events, problems } = decoded(kind, message, labels);
    expect(problems).toEqual([]);
    expect(events[0]).toMatchObject(expected);
  });

  it.each<readonly [...Case, RegExp]>([
    ['trade', { time: TIME, venue: 'v', symbol: 's', price: 1, quantity: 2 }, /^id: /],
    ['book', { time: TIME, venue: 'v', symbol: 's', bids: [[1]] }, /^bids\.0/],
    ['book', { time: TIME, venue: 'v', symbol: 's', asks: Array.from({ length: 1_001 }, () => [1, 1]) }, /^asks: /],
    ['position', { time: TIME, symbol: 's', quantity: 1 }, /^account: /],
    ['cash', { id: 'c', time: TIME, kind: 'deposit', account: 'a', currency: 'EUR', amount: -1 }, /^amount: .*deposit/],
    ['fx', { time: TIME, base: 'EUR', quote: 'USD', rate: 0 }, /^rate: /],
    ['signal', { id: 's', time: TIME, signal_id: 'p', agent: 'a' }, /^prediction: is required/],
    ['signal', { id: 's', time: TIME, signal_id: 'p', agent: 'a', event: 'outcome' }, /^outcome: is required/],
    ['signal', { id: 's', time: TIME, signal_id: 'p', agent: 'a', prediction: 1, confidence: 1.01 }, /^confidence: /],
    ['exchange', { venue: 'v', connection: 'down' }, /^connection: /],
  ])('%s: %j is refused', (kind, message, detail) => {
    const { events, problems } = decoded(kind, message);
    expect(events).toEqual([]);
    expect(problems).toMatchObject([{ reason: 'schema', detail: expect.stringMatching(detail) }]);
  });
});
