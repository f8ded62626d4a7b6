import fc from 'fast-check';
import { wireSchemas } from '@tapewatch/contract';
import { Desk } from './desk.ts';
import { IncidentClock, parseSchedule } from './incident.ts';
import { encodeMessage, Stamper, type DeskMessage, type FillItem, type OrderItem } from './message.ts';
import { SyntheticMarket } from './synthetic-market.ts';
import { EQUITIES, EQUITY_VENUES, STRATEGIES } from './universe.ts';

interface Setting {
  readonly seed: number;
  readonly startNanos?: bigint;
  readonly incidents?: string;
  readonly rate?: number;
  readonly probeAt?: number;
}

function deskOf({ seed, startNanos = 0n, incidents = 'none', rate = 40, probeAt }: Setting): Desk {
  const clock = new IncidentClock(parseSchedule(incidents));
  const shared = { seed, venues: EQUITY_VENUES, instruments: EQUITIES };
  return new Desk({
    seed,
    runId: 'r',
    universe: { venues: EQUITY_VENUES, strategies: STRATEGIES },
    market: new SyntheticMarket({ ...shared, incidents: clock, updatesPerSecond: 4 }),
    incidents: clock,
    ordersPerSecond: rate,
    stamper: new Stamper(startNanos, 1),
    ...(probeAt === undefined ? {} : { probe: { atSeconds: probeAt, holdSeconds: 2 } }),
  });
}

/** In steps of uneven length, as a clock would do it. */
function runFor(desk: Desk, seconds: number, steps: readonly number[] = [1]): DeskMessage[] {
  const all: DeskMessage[] = [];
  let at = 0;
  for (let i = 0; at < seconds * 1e9; i++) {
    at = Math.min(seconds * 1e9, at + (steps[i % steps.length] as number) * 1e8);
    all.push(...desk.advance(at));
  }
  return all;
}

const bytes = (messages: readonly DeskMessage[]): string =>
  messages.map((message) => `${message.subject} ${message.id} ${encodeMessage(message)}`).join('\n');

const ordersOf = (messages: readonly DeskMessage[]): OrderItem[] =>
  messages.flatMap((message) => (message.kind === 'order' ? message.items : []));
const fillsOf = (messages: readonly DeskMessage[]): FillItem[] =>
  messages.flatMap((message) => (message.kind === 'fill' ? message.items : []));

const SCHEDULE = 'slow-hop@1+1,venue-outage@2+2,volatility@3+1';

describe('Desk', () => {
  it('says the same bytes for the same seed, however the clock steps', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (seed, steps) => {
        const [a, b] = [deskOf({ seed, incidents: SCHEDULE }), deskOf({ seed, incidents: SCHEDULE })];
        expect(bytes(runFor(a, 3, steps))).toBe(bytes(runFor(b, 3)));
      }),
      { numRuns: 15 },
    );
  });

  it('another start moves the stamps and nothing else', () => {
    const [early, late] = [deskOf({ seed: 3 }), deskOf({ seed: 3, startNanos: 1_000_000_000_000_000_000n })];
    const moved = bytes(runFor(late, 3)).replace(/"1(\d{18})"/g, (_, rest: string) => `"${BigInt(rest)}"`);
    expect(moved).toBe(bytes(runFor(early, 3)));
  });

  it('another seed says something else', () => {
    expect(bytes(runFor(deskOf({ seed: 1 }), 2))).not.toBe(bytes(runFor(deskOf({ seed: 2 }), 2)));
  });

  it('keeps to the wire schemas and to the order of time', () => {
    const messages = runFor(deskOf({ seed: 5, incidents: SCHEDULE }), 6);
    expect(new Set(messages.map(({ kind }) => kind))).toEqual(
      new Set(['metric', 'order', 'fill', 'quote', 'health', 'trade', 'signal', 'fx', 'exchange', 'span']),
    );
    for (const { kind, items } of messages) for (const item of items) wireSchemas[kind].parse(item);
    messages.slice(1).forEach(({ atNanos }, i) => expect(atNanos).toBeGreaterThanOrEqual(messages[i]?.atNanos ?? 0));
    const durable = messages.filter(({ id }) => id !== '');
    expect(new Set(durable.map(({ id }) => id)).size).toBe(durable.length);
    for (const { kind, id } of messages) expect(id !== '').toBe(kind === 'order' || kind === 'fill');
  });
});

describe('the life of an order', () => {
  const lives = (seed: number): Map<string, OrderItem[]> => {
    const byOrder = new Map<string, OrderItem[]>();
    for (const step of ordersOf(runFor(deskOf({ seed, incidents: SCHEDULE }), 8))) {
      byOrder.set(step.order_id, [...(byOrder.get(step.order_id) ?? []), step]);
    }
    return byOrder;
  };

  it('starts with new, is answered once, ends once', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        for (const steps of lives(seed).values()) {
          const events = steps.map(({ event }) => event).join(' ');
          expect(events).toMatch(/^new( reject| ack( partial_fill)*( fill| cancel( cancel_ack)?)?)?$/);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('never fills more than ordered, and its fills add up to what it says', () => {
    const messages = runFor(deskOf({ seed: 11, incidents: SCHEDULE }), 8);
    const filled = new Map<string, number>();
    for (const { order_id: id, quantity } of fillsOf(messages)) filled.set(id, (filled.get(id) ?? 0) + quantity);
    expect(filled.size).toBeGreaterThan(50);
    const last = new Map(ordersOf(messages).map((step) => [step.order_id, step]));
    for (const [id, quantity] of filled) {
      const step = last.get(id) as OrderItem;
      expect(step.filled_quantity).toBeCloseTo(quantity, 9);
      expect(quantity).toBeLessThanOrEqual(step.quantity);
      if (step.event === 'fill') expect(quantity).toBe(step.quantity);
    }
  });

  it('charges the fee of the venue and the side of the book it took', () => {
    const bps = new Map(EQUITY_VENUES.map((venue) => [venue.name, venue]));
    const fills = fillsOf(runFor(deskOf({ seed: 2 }), 6));
    expect(new Set(fills.map(({ liquidity }) => liquidity))).toEqual(new Set(['maker', 'taker']));
    for (const { venue, liquidity, quantity, price, fee } of fills) {
      const profile = bps.get(venue);
      const rate = (liquidity === 'maker' ? profile?.makerBps : profile?.takerBps) ?? NaN;
      expect(fee).toBeCloseTo((quantity * price * rate) / 1e4, 7);
    }
  });

  it('takes as long as its four hops together', () => {
    const messages = runFor(deskOf({ seed: 4 }), 3);
    const hops = messages.flatMap((m) =>
      m.subject === 'tw.metrics.desk.hops' && m.kind === 'metric' ? [m.items] : [],
    );
    const answers = ordersOf(messages).filter(({ event }) => event === 'ack' || event === 'reject');
    expect(hops.length).toBe(answers.length);
    const sums = hops.map((items) => Math.round(items.reduce((sum, { value }) => sum + Number(value) * 1e9, 0)));
    const latencies = answers.map(({ time, sent_time: sent }) => Number(BigInt(time) - BigInt(sent ?? 0)));
    expect(sums).toEqual(latencies);
  });
});

describe('incidents', () => {
  const ackSeconds = (messages: readonly DeskMessage[]): number[] =>
    ordersOf(messages)
      .filter(({ event }) => event === 'ack')
      .map(({ time, sent_time: sent }) => Number(BigInt(time) - BigInt(sent ?? 0)) / 1e9)
      .sort((a, b) => a - b);
  const median = (sorted: readonly number[]): number => sorted[sorted.length >> 1] as number;

  it('a slow hop slows the acknowledgements', () => {
    const calm = median(ackSeconds(runFor(deskOf({ seed: 8 }), 4)));
    const slow = median(ackSeconds(runFor(deskOf({ seed: 8, incidents: 'slow-hop@0+10' }), 4)));
    expect(slow).toBeGreaterThan(calm * 1.4);
  });

  it('an outage silences the feed, rejects most orders, and shows a gap when it ends', () => {
    const messages = runFor(deskOf({ seed: 8, incidents: 'venue-outage@2+2:BATS' }), 6);
    const quotes = messages.flatMap((m) => (m.subject.startsWith('tw.quotes.BATS.AAPL') ? [m] : []));
    expect(quotes.filter(({ atNanos }) => atNanos >= 2e9 && atNanos < 4e9)).toEqual([]);
    const sequences = quotes.flatMap((m) =>
      m.kind === 'quote' ? m.items.map(({ sequence }) => Number(sequence)) : [],
    );
    expect(sequences.some((sequence, i) => i > 0 && sequence > (sequences[i - 1] as number) + 1)).toBe(true);
    const reasons = ordersOf(messages).filter(({ reason }) => reason === 'venue_unavailable');
    expect(reasons.length).toBeGreaterThan(5);
    expect(new Set(reasons.map(({ venue }) => venue))).toEqual(new Set(['BATS']));
    const critical = messages
      .flatMap((m) => (m.kind === 'health' ? m.items : []))
      .filter(({ status }) => status === 'CRITICAL');
    expect(critical.map(({ component }) => component)).toEqual(['venue-BATS', 'venue-BATS']);
  });

  it('a burst of volatility moves the prices more', () => {
    const spread = (incidents: string): number => {
      const prices = runFor(deskOf({ seed: 9, incidents }), 8).flatMap((m) =>
        m.kind === 'quote' && m.subject.endsWith('.TSLA') ? m.items.map(({ bid }) => bid ?? 0) : [],
      );
      return Math.max(...prices) - Math.min(...prices);
    };
    expect(spread('volatility@0+20')).toBeGreaterThan(2 * spread('none'));
  });
});

it('raises demo_probe once, for as long as planned', () => {
  const messages = runFor(deskOf({ seed: 1, probeAt: 2 }), 8);
  const probe = messages
    .flatMap((m) => (m.kind === 'metric' ? m.items : []))
    .filter(({ name }) => name === 'demo_probe');
  const raised = probe.filter(({ value }) => value === 1).map(({ time }) => Number(time) / 1e9);
  expect(raised).toEqual([2.65, 3.15, 4.15]);
  expect(new Set(probe.map(({ time }) => time)).size).toBe(probe.length);
});
