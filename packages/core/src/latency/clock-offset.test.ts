/** Offsets against constructed clocks whose truth is known. */
import * as fc from 'fast-check';
import { trackClocks } from './clock-track.ts';
import { offsetFromOneWay, offsetFromRoundTrips, type OneWayMessage } from './clock-offset.ts';
import { hopsBetween, type HopTrace } from './hop-trace.ts';

it('the true offset is within the error bar of round trips, whatever the delays', () => {
  const delays = fc.array(fc.tuple(fc.nat(1e7), fc.nat(1e7), fc.nat(1e7)), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(delays, fc.integer({ min: -1e10, max: 1e10 }), (trips, offset) => {
      const estimate = offsetFromRoundTrips(
        trips.map(([out, stay, back], i) => {
          const t1 = BigInt(i) * 1_000_000_000n;
          const t2 = t1 + BigInt(out + offset);
          const t3 = t2 + BigInt(stay);
          return { t1, t2, t3, t4: t3 - BigInt(offset) + BigInt(back) };
        }),
      );
      if (estimate === null) throw new Error('no estimate');
      expect(estimate.moved).toBe(false);
      expect(Math.abs(estimate.offsetNanos - offset)).toBeLessThanOrEqual(estimate.errorNanos + 1);
      const shortest = Math.min(...trips.map(([out, , back]) => out + back));
      expect(estimate.errorNanos).toBeLessThanOrEqual(Math.ceil(shortest / 2));
    }),
  );
});

it('agrees with the formula of NTP on one round trip', () => {
  const estimate = offsetFromRoundTrips([{ t1: 0n, t2: 130n, t3: 150n, t4: 40n }]);
  expect(estimate).toMatchObject({ offsetNanos: (130 - 0 + (150 - 40)) / 2, errorNanos: (40 - 20) / 2 });
});

it('says that the clocks moved when no offset fits all round trips', () => {
  const trip = (at: bigint, offset: bigint) => ({ t1: at, t2: at + 10n + offset, t3: at + 20n + offset, t4: at + 30n });
  expect(offsetFromRoundTrips([trip(0n, 0n), trip(100n, 500n)])?.moved).toBe(true);
});

it('one way: variation and drift are exact where some messages are fast, the level is not claimed', () => {
  const messages = Array.from({ length: 200 }, (_, i): OneWayMessage => {
    const sentNanos = BigInt(i) * 1_000_000_000n;
    const drift = 50_000 * i;
    const extra = i % 10 === 0 ? 0 : 1_000_000 * (i % 7);
    return { sentNanos, receivedNanos: sentNanos - 1_275_000_000n + BigInt(drift + extra) };
  });
  const estimate = offsetFromOneWay(messages);
  expect(estimate?.absolute).toBeNull();
  expect(estimate?.floorNanos).toBe(-1_275_000_000);
  expect(estimate?.driftPpm).toBeCloseTo(50, 9);
  expect(estimate?.variationNanos(messages[5] as OneWayMessage)).toBeCloseTo(5_000_000, 3);
  expect(offsetFromOneWay([])).toBeNull();
  expect(offsetFromRoundTrips([])).toBeNull();
});

const MS = 1_000_000;

/** a → b → a, 1 ms each way plus a spread that is the same in every run of 40; `ahead`: b's clock at a trace. */
function loop(ahead: (i: number) => number, slow: (i: number) => number): HopTrace[] {
  return Array.from({ length: 4_000 }, (_, i) => {
    const at = BigInt(i) * 10_000_000n;
    const out = MS + ((i * 7919) % 40) * 10_000 + slow(i) * MS;
    const there = at + BigInt(Math.round(out + ahead(i) * MS));
    const back = at + BigInt(out + MS + ((i * 104_729) % 40) * 10_000);
    return hopsBetween(`${i}`, [
      { name: 'a', host: 'a', timeNanos: at },
      { name: 'b', host: 'b', timeNanos: there },
      { name: 'a', host: 'a', timeNanos: back },
    ]) as HopTrace;
  });
}

it('sees a step of a clock, and takes a slower network for one', () => {
  const stepped = loop(
    (i) => (i < 2_000 ? 0 : 3),
    () => 0,
  );
  const clocks = trackClocks(stepped);
  expect(clocks.correction(stepped[3_900] as HopTrace, 'a', 'b') / MS).toBeCloseTo(3, 1);
  expect(clocks.correction(stepped[100] as HopTrace, 'a', 'b') / MS).toBeCloseTo(0, 1);

  const slow = loop(
    () => -4,
    (i) => (i < 2_000 || i >= 3_000 ? 0 : 3),
  );
  expect(Math.abs(trackClocks(slow).correction(slow[2_500] as HopTrace, 'a', 'b'))).toBeLessThan(0.1 * MS);
  expect(trackClocks(slow).error(slow[2_500] as HopTrace, 'a', 'b')).toBeLessThan(0.2 * MS);
});

it('is in doubt where a clock stepped while the network was slow', () => {
  const both = loop(
    (i) => (i < 2_400 ? 0 : -4),
    (i) => (i < 2_000 || i >= 3_000 ? 0 : 5),
  );
  const clocks = trackClocks(both);
  expect(clocks.error(both[2_700] as HopTrace, 'a', 'b')).toBeGreaterThan(1.5 * MS);
  expect(clocks.error(both[2_100] as HopTrace, 'a', 'b')).toBeLessThan(0.2 * MS);
  expect(clocks.correction(both[3_900] as HopTrace, 'a', 'b') / MS).toBeCloseTo(-4, 1);
});

it('doubts the whole rise where nothing comes back from a host', () => {
  const oneWay = loop(
    () => 0,
    (i) => (i < 2_000 ? 0 : 3),
  ).map((trace) => ({ ...trace, hops: trace.hops.slice(0, 1) }));
  expect(trackClocks(oneWay).error(oneWay[3_000] as HopTrace, 'a', 'b')).toBeGreaterThan(2.5 * MS);
});
