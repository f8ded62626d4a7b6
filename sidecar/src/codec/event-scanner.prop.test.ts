/** The fast way of events says what `JSON.parse` and the schema say, or that a message is not its own. */
import fc from 'fast-check';
import { EVENT_READERS } from './event.ts';
import { decodeEvent } from './event.ts';
import { planOf } from './event-plan.ts';
import { JsonEventWay } from './json-event.ts';
import { certainFault, certainRow } from './planned-events.ts';
import { Fault } from './problem.ts';
import { StampReader } from './stamp.ts';
import { CollectingSink } from './testing/collecting-sink.ts';
import { PROBLEMS_MAX } from './limit.ts';
import { contextOf, decodeText, RECEIVED, testJsonCodec } from './testing/decode.ts';

const KINDS = ['order', 'fill', 'quote', 'trade'] as const;
type Kind = (typeof KINDS)[number];

const stamp = new StampReader();
const way = new JsonEventWay(stamp);

/** The events that the fast way makes of a message; undefined when it leaves it to the careful way. */
function taken(text: string, kind: Kind, labels: Record<string, string> = {}) {
  const [context, sink] = [contextOf(kind, labels), new CollectingSink()];
  stamp.begin(context.receivedNanos);
  return way.take(Buffer.from(text), context, sink) ? sink.take().events : undefined;
}

function careful(item: unknown, kind: Kind, labels: Record<string, string> = {}) {
  const event = decodeEvent(item, kind, contextOf(kind, labels));
  return event instanceof Fault ? undefined : event;
}

const GOOD = { time: Number(RECEIVED / 1_000_000n), venue: 'V', symbol: 'S', bid: 1, ask: 2 };
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, -0, 1e308, 0.5, 'NaN', '', 'ä', '\\', '__proto__', [], {}, '99999999999'),
  fc.jsonValue({ maxDepth: 2 }),
);
const mostly = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 39, arbitrary: valid }, { weight: 1, arbitrary: odd });
const word = mostly(fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/), fc.string({ maxLength: 70 })));
const number = mostly(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), fc.integer({ min: 0 })));
const time = mostly(
  fc.oneof(
    fc.integer({ min: 0, max: Number(RECEIVED / 1_000_000n) }),
    fc.double({ min: 0, max: Number(RECEIVED) / 1e6, noNaN: true }),
    fc.bigInt({ min: 0n, max: RECEIVED + 7_200_000_000_000n }).map(String),
    fc
      .date({ min: new Date(0), max: new Date(Number(RECEIVED / 1_000_000n)), noInvalidDate: true })
      .map((date) => date.toISOString()),
  ),
);
const sequence = mostly(fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String)));
const choice = (...values: string[]) => mostly(fc.constantFrom(...values));
const feed = { time, exchange_time: time, venue: word, symbol: word };
const trader = {
  id: word,
  time,
  order_id: word,
  venue: word,
  symbol: word,
  strategy: word,
  account: word,
  side: choice('buy', 'sell'),
};
const FIELDS: Readonly<Record<Kind, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  order: {
    ...trader,
    event: choice('new', 'ack', 'partial_fill', 'fill', 'reject'),
    ...{ sent_time: time, decision_time: time, order_type: word, reason: word },
    ...{ quantity: number, price: number, filled_quantity: number, arrival_mid: number, decision_mid: number },
    correlation_id: fc.oneof(word, number),
  },
  fill: {
    ...trader,
    ...{ quantity: number, price: number, currency: word, fee: number, fee_currency: word },
    ...{
      liquidity: choice('maker', 'taker', ''),
      execution: choice('new', 'new', 'bust'),
      refers_to: choice('', '', 'x'),
    },
  },
  quote: { ...feed, bid: number, bid_size: number, ask: number, ask_size: number, sequence },
  trade: { ...feed, id: word, price: number, quantity: number, aggressor: choice('buy', 'sell', '') },
};
const OPTIONAL = new Set([
  ...['exchange_time', 'strategy', 'account', 'sent_time', 'decision_time', 'order_type', 'reason', 'price', 'fee'],
  ...['filled_quantity', 'arrival_mid', 'decision_mid', 'correlation_id', 'currency', 'fee_currency', 'liquidity'],
  ...['execution', 'refers_to', 'bid', 'bid_size', 'ask', 'ask_size', 'sequence', 'aggressor', 'venue', 'symbol'],
]);
const kind = fc.constantFrom(...KINDS);
const event = kind.chain((of) => {
  const fields = { ...FIELDS[of], other: odd };
  const requiredKeys = Object.keys(FIELDS[of]).filter((name) => !OPTIONAL.has(name)) as 'other'[];
  return fc.tuple(fc.constant(of), fc.record(fields, { requiredKeys }));
});
const labels = fc.record({ venue: fc.string({ maxLength: 5 }), symbol: fc.constant('S') }, { requiredKeys: [] });

it('agrees with the schema on valid and invalid messages, spelled with and without spaces', () => {
  const seen = { taken: 0, left: 0 };
  fc.assert(
    fc.property(event, labels, fc.constantFrom(undefined, 1), ([of, message], given, space) => {
      const text = JSON.stringify(message, undefined, space);
      const events = taken(text, of, given);
      seen[events === undefined ? 'left' : 'taken']++;
      if (events !== undefined) expect(events).toEqual([careful(JSON.parse(text), of, given)]);
    }),
    { numRuns: 2_000 },
  );
  // Else the two would agree on nothing.
  expect(Math.min(seen.taken, seen.left)).toBeGreaterThan(100);
});

it('is certain of a row only where the schema makes the same one', () => {
  const seen = { certain: 0, unsure: 0 };
  fc.assert(
    fc.property(event, labels, ([of, message], given) => {
      const row = certainRow(message, of, contextOf(of, given));
      seen[row === undefined ? 'unsure' : 'certain']++;
      if (row !== undefined) expect(row).toEqual(careful(message, of, given));
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(seen.certain, seen.unsure)).toBeGreaterThan(100);
  for (const item of [null, 7, 'text', [], [GOOD]])
    expect(certainRow(item, 'quote', contextOf('quote', {}))).toBeUndefined();
});

it('is certain of a fault only where the schema gives the same reason', () => {
  const seen = { certain: 0, unsure: 0 };
  fc.assert(
    fc.property(event, labels, ([of, message], given) => {
      const reason = certainFault(message, of, given);
      seen[reason === undefined ? 'unsure' : 'certain']++;
      if (reason === undefined) return;
      expect(decodeEvent(message, of, contextOf(of, given))).toMatchObject({ reason });
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(seen.certain, seen.unsure)).toBeGreaterThan(100);
});

it('counts every bad item of a message and explains the first ones', () => {
  const items = Array.from({ length: 5_000 }, (_, i) =>
    i % 2 === 0 ? {} : { ...GOOD, time: i % 3 === 0 ? -1 : GOOD.time },
  );
  const { events, problems } = decodeText(testJsonCodec(), JSON.stringify(items), contextOf('quote'));
  const counted = (reason: string): number =>
    problems.filter((problem) => problem.reason === reason).reduce((sum, { items: stands = 1 }) => sum + stands, 0);
  const late = items.filter((item) => 'time' in item && item.time === -1).length;
  expect([events.length, counted('schema'), counted('time')]).toEqual([2_500 - late, 2_500, late]);
  expect(problems).toHaveLength(PROBLEMS_MAX + 2);
});

it('takes all of a batch or nothing, and never what is not JSON', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat({ max: 255 }), (items, at, byte) => {
      const of = items[0]?.[0] ?? 'order';
      const batch = items.filter(([other]) => other === of).map(([, message]) => message);
      const bytes = Buffer.from(JSON.stringify(batch));
      bytes[at % bytes.length] = byte;
      const text = bytes.toString('latin1');
      const events = taken(text, of);
      if (events === undefined) return;
      const document: unknown = JSON.parse(text);
      const parsed = Array.isArray(document) ? (document as unknown[]) : [document];
      expect(events).toEqual(parsed.map((item) => careful(item, of)));
    }),
    { numRuns: 2_000 },
  );
});

it('is the way of plain orders, fills, quotes and trades, singly, in arrays and line by line', () => {
  const quote = '{"time":1753612199123.5,"venue":"X","symbol":"S","bid":1.5,"bid_size":1,"ask":null,"sequence":"18"}';
  const fill = '{"id":"f","time":"1753612199000000001","order_id":"o","side":"buy","quantity":1,"price":2,"more":[1]}';
  expect(taken(quote, 'quote')).toMatchObject([{ timeNanos: 1_753_612_199_123_500_000n, ask: null, sequence: 18n }]);
  expect(taken(`[${quote}, ${quote}]`, 'quote')).toHaveLength(2);
  expect(taken(`${quote}\n${quote}\n`, 'quote')).toHaveLength(2);
  expect(taken(`${quote} ${quote}`, 'quote')).toBeUndefined();
  expect(taken(fill.replace(',"more":[1]', ''), 'fill', { venue: 'V', symbol: 'S' })).toMatchObject([{ venue: 'V' }]);
  expect(taken(fill, 'fill', { venue: 'V', symbol: 'S' })).toBeUndefined();
  expect(taken(fill.replace(',"more":[1]', ''), 'fill')).toBeUndefined();
});

it('has a plan of every field of these kinds, and refuses a schema that it cannot plan', () => {
  for (const of of KINDS) {
    const { schema, labels: filled } = EVENT_READERS[of];
    expect(
      planOf(schema, filled)
        .fields.map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(FIELDS[of]).sort());
  }
  expect(() => planOf(EVENT_READERS.book.schema, [])).toThrow('bug: no plan for field bids');
});
